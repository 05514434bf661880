# Shared by the scripts of this folder: the cache, messages, and a Debian archive of its own. Sourced, not run.
# shellcheck shell=bash

cache=${IPSEC_XDP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ipsec-xdp}
debian_mirror=$(apt-get indextargets --format '$(SITE)' 'Identifier: Packages' 'Label: Debian' 'Component: main' 2>/dev/null | head -n 1 || true)
debian_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

say() { echo "${0##*/}: $*" >&2; }
die() { say "$*"; exit 1; }

# step TEXT COMMAND...: says TEXT, runs COMMAND, says every half minute what it wrote last, and at the end how long it took; dies with
# the end of its output if it fails. COMMAND runs under -e, so step must not be called within a condition (bash would ignore -e).
step() {
  local text=$1 begun=$SECONDS log failed
  shift
  log=$(mktemp)
  say "$text ..."
  set +e
  (set -e; "$@") 2>&1 | progress "$text" "$log"
  failed=${PIPESTATUS[0]}
  set -e
  if ((failed)); then
    tail -n 30 "$log" >&2
    rm -f "$log"
    die "$text: failed after $((SECONDS - begun)) s"
  fi
  rm -f "$log"
  say "$text: $((SECONDS - begun)) s"
}

progress() { # TEXT LOG: copies its input to LOG
  local begun=$SECONDS told=$SECONDS line='' last=''
  while :; do
    if read -r -t 10 line; then
      printf '%s\n' "$line"
      last=$line
    elif (($? <= 128)); then # the end of the input; a timeout is above 128
      return
    fi
    if ((SECONDS - told >= 30)); then
      told=$SECONDS
      say "$1: $((SECONDS - begun)) s so far: ${last:0:100}"
    fi
  done >"$2"
}

# once FOLDER COMMAND...: makes FOLDER by running COMMAND with a fresh folder as its last argument, unless FOLDER is there.
# One process at a time; FOLDER appears complete or not at all. As step, not to be called within a condition.
once() {
  local folder=$1
  shift
  [[ ! -d $folder ]] || return 0
  mkdir -p "$(dirname "$folder")"
  (
    flock -n 9 || { say "waiting for another process that makes $folder"; flock 9; }
    [[ ! -d $folder ]] || exit 0
    trap 'rm -rf "$folder.new"' EXIT
    rm -rf "$folder.new"
    mkdir "$folder.new"
    "$@" "$folder.new"
    mv "$folder.new" "$folder"
  ) 9>"$folder.lock"
}

first_of() { # SUITES COMMAND...: runs COMMAND SUITE for one suite after the other until one succeeds
  local suites=$1 suite failed
  shift
  for suite in $suites; do
    set +e
    (set -e; "$@" "$suite")
    failed=$?
    set -e
    ((failed)) || return 0
    echo "$*: not from $suite"
  done
  return 1
}

needs() {
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null || die "$tool is missing; run: lab/packages lab"
  done
}

# debian_archive SUITE: points apt at SUITE (of backports: with the release it belongs to) in folders of its own, so that the host's
# apt and its installed packages neither matter nor change. Signatures are checked; expiry is not, since mirrors freeze indexes.
debian_archive() {
  local suite=$1 apt=$cache/apt/$1 source
  [[ -n $debian_mirror ]] || die "apt of this machine knows no mirror of Debian's archive; add one to its sources and run apt-get update"
  [[ -r $debian_keyring ]] || die "$debian_keyring is missing; install debian-archive-keyring"
  mkdir -p "$apt"/{etc/apt.conf.d,etc/preferences.d,etc/sources.list.d,state/lists/partial,cache/archives/partial}
  export APT_CONFIG=$apt/apt.conf
  (
    flock 8
    : >"$apt/status"
    {
      cat <<CONF
Dir "$apt";
Dir::Etc "$apt/etc";
Dir::State "$apt/state";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
APT::Default-Release "$suite";
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::GzipIndexes "true";
Acquire::Check-Valid-Until "false";
Acquire::Retries "3";
APT::Update::Error-Mode "any";
CONF
      APT_CONFIG='' apt-config dump | grep -E '^Acquire::https?::.*Proxy' || true
    } >"$apt/apt.conf"
    for source in "$suite" "${suite%-backports}"; do
      echo "deb [arch=amd64 signed-by=$debian_keyring] $debian_mirror $source main"
      echo "deb-src [signed-by=$debian_keyring] $debian_mirror $source main"
    done | sort -u >"$apt/etc/sources.list"
    if [[ -z $(find "$apt/updated" -mmin -1440 2>/dev/null) ]]; then
      apt-get update -q && touch "$apt/updated"
    fi
  ) 8>"$apt/lock"
}

# debian_unpack SUITE FOLDER PATTERN PACKAGE...: downloads what installing the PACKAGEs on an empty system takes, as far as the package
# names match PATTERN, and unpacks it into FOLDER; no maintainer script runs.
debian_unpack() {
  local suite=$1 folder=$2 pattern=$3 debs names
  shift 3
  debian_archive "$suite"
  names=$(apt-get install -y --print-uris "$@" | awk -v q="'" 'substr($1, 1, 1) == q { sub(/_.*/, "", $2); print $2 }' | grep -E "$pattern")
  debs=$(mktemp -d "$folder/debs.XXXXXX")
  # shellcheck disable=SC2086 # one word per package
  (cd "$debs" && apt-get download -q $names)
  for deb in "$debs"/*.deb; do
    dpkg-deb -x "$deb" "$folder"
  done
  rm -rf "$debs"
}
