// The operator's page. It asks for data.json now and then, and shows what it says. Everything goes into the document as text, never
// as HTML: names and messages come from the cluster.

const POLL = 10_000; // ms
const ROW = 28; // px, as in page.css
const SPARE = 6; // rows above and below those that are seen
const MOST_PIXELS = 720; // of the matrix, where its nodes fit with more than one each

const $ = (id) => document.getElementById(id);
let token = takeToken();
let tag = "";
let data = null;
let timer = 0;
let asking = false;

/** From the fragment, which no browser sends to a server; and out of the address again, so that no history has it. */
function takeToken() {
  const found = /^#token=([\w.~+/=-]+)$/.exec(location.hash);
  if (found) history.replaceState(null, "", location.pathname);
  return found ? found[1] : "";
}

/** An element with attributes; null children are left out. */
function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "onclick") made.addEventListener("click", value);
    else if (value !== null) made.setAttribute(key, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

const number = new Intl.NumberFormat("en");
const shown = (value) => (value === null || value === undefined || value === "" ? "-" : String(value));
const counted = (count, one, many) => (count === 1 ? `1 ${one}` : `${number.format(count)} ${many}`);

// ---- asking

async function get(path, headers = {}) {
  return fetch(path, { cache: "no-store", credentials: "omit", headers: { ...headers, Authorization: `Bearer ${token}` } });
}

async function poll() {
  clearTimeout(timer);
  if (document.hidden || asking) return;
  if (!token) return askForToken("");
  asking = true;
  try {
    const answer = await get("data.json", tag ? { "If-None-Match": tag } : {});
    if (answer.status === 200) {
      data = await answer.json();
      tag = answer.headers.get("ETag") ?? "";
      show();
    } else if (answer.status === 401) {
      token = "";
      return askForToken("The token is not good, or not any more.");
    } else if (answer.status !== 304) {
      throw new Error((await answer.text()).trim());
    }
    live(`as of ${new Date().toLocaleTimeString()}`, "faint");
  } catch (failure) {
    live(`Not live: ${failure.message}. It is tried again.`, "bad");
  } finally {
    asking = false;
  }
  timer = setTimeout(poll, POLL);
}

function live(words, look) {
  $("live").textContent = words;
  $("live").className = look;
  if (!data && look === "bad") $("headline").textContent = "The operator has not answered.";
}

function askForToken(why) {
  $("headline").textContent = why || "Run kubectl ipsec page, and open what it prints.";
  $("live").textContent = "";
  $("ask").hidden = false;
  document.body.classList.toggle("empty", !data);
}

$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  token = $("token").value.trim();
  $("token").value = "";
  $("ask").hidden = true;
  poll();
});
document.addEventListener("visibilitychange", poll);

// ---- problems, kinds, tunnels

function show() {
  const focused = document.activeElement?.dataset?.key;
  document.body.classList.remove("empty");
  $("ask").hidden = true;
  $("headline").textContent = data.headline;
  $("headline").className = data.ready ? "good" : "bad";
  document.title = data.ready ? "IPsec" : `(!) IPsec: ${data.headline}`;
  showProblems();
  showTunnels();
  filterNodes();
  showMatrix();
  if (focused) document.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

const spelled = { NotReady: "Not Ready" };

function problem(one) {
  const state = spelled[one.state] ?? one.state;
  const others = (one.nodes ?? []).filter((node) => node.message !== one.message);
  const more = one.failedNodes - (one.nodes ?? []).length;
  return el("li", { class: one.state },
    el("p", {}, el("strong", {}, `${one.kind} ${one.kind === "IPsecNode" ? "" : one.name}`,
      one.kind === "IPsecNode" ? nodeLink(one.name, "problem") : null, ` is ${state}${one.reason ? ` (${one.reason})` : ""}`)),
    el("p", {}, one.message),
    others.length ? el("ul", {}, others.map((node) => el("li", {}, nodeLink(node.node, `of ${one.kind} ${one.name}`), ` (${node.reason}): ${node.message}`))) : null,
    more > 0 && one.nodes ? el("p", { class: "faint" }, `${one.failedNodes} nodes failed in all`) : null);
}

function showProblems() {
  const list = (data.problems ?? []).map(problem);
  if (!list.length) list.push(el("li", { class: "well" }, el("p", {}, data.headline)));
  if (data.moreProblems) list.push(el("li", {}, el("p", {}, `${data.moreProblems} more: kubectl ipsec status -o json has all.`)));
  $("problem-list").replaceChildren(...list);
  table($("kinds"), ["Kind", "Ready", "Degraded"], (data.kinds ?? []).map((kind) => [kind.kind, `${kind.total - kind.notReady}/${kind.total}`, kind.degraded]));
}

function showTunnels() {
  const tunnels = data.tunnels ?? [];
  table($("tunnel-table"), ["Tunnel", "Generation", "Phase", "Pairs", "Nodes", "MTU", "Oldest key"],
    tunnels.map((one) => [one.name, one.generation, one.phase, one.pairs, one.size, one.mtu, one.oldestKey]));
  $("more-tunnels").textContent = !tunnels.length ? "No Tunnel is declared." : data.moreTunnels ? `${data.moreTunnels} more: kubectl get tunnels` : "";
}

function table(into, head, rows) {
  into.hidden = !rows.length;
  into.replaceChildren(el("thead", {}, el("tr", {}, head.map((cell) => el("th", { scope: "col" }, cell)))),
    el("tbody", {}, rows.map((row) => el("tr", {}, row.map((cell) => el("td", {}, cell instanceof Node ? cell : shown(cell)))))));
}

function nodeLink(name, where) {
  return el("button", { class: "link", type: "button", "data-key": `${where} ${name}`, "data-node": name, onclick: () => openNode(name) }, name);
}

// ---- nodes: only the rows that are seen are there

const heats = [["heat0", "nothing"], ["heat1", "under half"], ["heat2", "under 0.9"], ["heat3", "even"], ["heat4", "over 1.1"], ["heat5", "over 1.5"], ["heat6", "over 2 times"]];
let rows = [];
let current = 0;
const drawn = new Map(); // place: row

$("legend").append(...heats.map(([look, words]) => el("span", {}, el("i", { class: look }), words)), el("span", {}, el("i", { class: "lost" }), "packets were lost"));

function heat(packets, mean) {
  if (!packets) return 0;
  const share = packets / mean;
  return share < 0.5 ? 1 : share < 0.9 ? 2 : share <= 1.1 ? 3 : share <= 1.5 ? 4 : share <= 2 ? 5 : 6;
}

function strip(load) {
  if (!load?.length) return el("span", { role: "cell", class: "faint" }, "no packet was steered");
  const sum = load.reduce((all, [, packets]) => all + packets, 0);
  const mean = sum / load.length;
  const lost = load.reduce((all, [, , dropped]) => all + dropped, 0);
  const busiest = load.reduce((one, other) => (other[1] > one[1] ? other : one));
  const words = `${counted(load.length, "CPU", "CPUs")}; the busiest is CPU ${busiest[0]} with ${sum ? (busiest[1] / mean).toFixed(2) : 0} times the mean; ${counted(lost, "packet", "packets")} lost`;
  return el("span", { role: "cell" }, el("span", { class: "strip", role: "img", "aria-label": words },
    load.map(([cpu, packets, dropped]) => el("i", { class: `heat${heat(packets, mean)}${dropped ? " lost" : ""}`,
      title: `CPU ${cpu}: ${counted(packets, "packet", "packets")}${dropped ? `, ${number.format(dropped)} lost` : ""}` }))));
}

function readiness(node) {
  if (node.silent) return ["bad", "agent is silent"];
  return node.ready === true ? ["good", "Ready"] : node.ready === false ? ["bad", "Not Ready"] : ["wait", "not reported"];
}

function row(place) {
  const node = rows[place];
  const [look, words] = readiness(node);
  const made = el("div", { class: "row", role: "row", "aria-rowindex": place + 2 },
    el("span", { role: "rowheader" }, nodeLink(node.name, "row")),
    el("span", { role: "cell", class: look }, words),
    el("span", { role: "cell" }, shown(node.sas)),
    el("span", { role: "cell" }, shown(node.ownerPercent)),
    el("span", { role: "cell" }, node.dropped ? number.format(node.dropped) : shown(node.dropped)),
    strip(node.load));
  made.style.top = `${place * ROW}px`;
  return made;
}

function filterNodes() {
  const words = $("filter").value.trim().toLowerCase();
  rows = (data?.nodes ?? []).filter((node) => node.name.toLowerCase().includes(words));
  current = Math.min(current, Math.max(0, rows.length - 1));
  $("shown").textContent = `${counted(rows.length, "node", "nodes")}${data?.moreNodes ? `, and ${data.moreNodes} that are not shown: kubectl get ipnode` : ""}`;
  $("canvas").style.height = `${rows.length * ROW}px`;
  $("rows").setAttribute("aria-rowcount", rows.length + 1);
  drawRows(true);
}

/** Rows that stay in sight stay as they are, unless what they show is other than before. */
function drawRows(fresh = false) {
  const view = $("rows");
  const focused = fresh && document.activeElement?.closest?.("#canvas") ? document.activeElement.dataset.node : null;
  if (fresh) {
    drawn.clear();
    $("canvas").replaceChildren();
  }
  const first = Math.max(0, Math.floor(view.scrollTop / ROW) - SPARE);
  const last = Math.min(rows.length, Math.ceil((view.scrollTop + view.clientHeight) / ROW) + SPARE);
  const places = new Set(rows.length ? [current] : []); // whoever has the focus stays
  for (let place = first; place < last; place++) places.add(place);
  for (const [place, made] of drawn) {
    if (!places.has(place)) {
      made.remove();
      drawn.delete(place);
    }
  }
  let next = null;
  for (const place of [...places].sort((one, other) => other - one)) {
    if (!drawn.has(place)) {
      drawn.set(place, row(place));
      $("canvas").insertBefore(drawn.get(place), next);
    }
    next = drawn.get(place);
    next.querySelector("button").tabIndex = place === current ? 0 : -1;
  }
  if (focused) $("canvas").querySelector(`[data-node="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

let drawing = 0;
const later = () => {
  cancelAnimationFrame(drawing);
  drawing = requestAnimationFrame(() => drawRows());
};
$("rows").addEventListener("scroll", later, { passive: true });
addEventListener("resize", later);
$("filter").addEventListener("input", filterNodes);
$("rows").addEventListener("keydown", (event) => {
  const page = Math.max(1, Math.floor($("rows").clientHeight / ROW) - 2);
  const to = { ArrowDown: current + 1, ArrowUp: current - 1, PageDown: current + page, PageUp: current - page, Home: 0, End: rows.length - 1 }[event.key];
  if (to === undefined || !rows.length) return;
  event.preventDefault();
  current = Math.min(rows.length - 1, Math.max(0, to));
  const view = $("rows");
  const top = current * ROW;
  const seen = view.clientHeight - 2 * ROW; // below the head
  if (top < view.scrollTop) view.scrollTop = top;
  else if (top > view.scrollTop + seen) view.scrollTop = top - seen;
  drawRows();
  $("canvas").querySelector(`[data-node="${CSS.escape(rows[current].name)}"]`)?.focus({ preventScroll: true });
});

// ---- one node

async function openNode(name) {
  $("node-name").textContent = `Node ${name}`;
  $("node-body").replaceChildren(el("p", {}, "Asking the operator …"));
  if (!$("node").open) $("node").showModal();
  try {
    const answer = await get(`nodes/${encodeURIComponent(name)}`);
    if (!answer.ok) throw new Error((await answer.text()).trim());
    const node = await answer.json();
    $("node-body").replaceChildren(...nodeParts(node));
  } catch (failure) {
    $("node-body").replaceChildren(el("p", { class: "bad" }, failure.message));
  }
}

function part(title, head, cells) {
  if (!cells?.length) return [];
  const made = el("table");
  table(made, head, cells);
  return [el("h3", {}, title), el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": title }, made)];
}

function nodeParts(node) {
  const steered = (node.interfaces ?? []).filter((one) => one.steering);
  return [
    el("p", {}, `kernel ${shown(node.kernel)}, CPUs ${shown(node.cpus)}, agent ${shown(node.agent)}`),
    ...(node.conditions ?? []).map((one) => el("p", {}, `${one.type} is ${one.status} (${one.reason}): ${one.message}`)),
    ...(node.lacks ?? []).map((one) => el("p", {}, `It lacks ${one.what}: ${one.means}. Remedy: ${one.remedy}.`)),
    ...part("Not in force on this node (an object lists up to 10 nodes)", ["Kind", "Name", "Reason", "Message"],
      node.notInForce?.map((one) => [one.kind, one.name, one.reason, one.message])),
    ...part("Tunnels", ["Tunnel", "State", "Pairs", "MTU", "Oldest key", "Message"],
      node.tunnels?.map((one) => [one.name, one.state, `${one.pairs}/${one.wantedPairs}`, one.mtu, one.oldestKey, one.message])),
    ...part("SAs that are declared", ["SA", "Direction", "SPI", "CPU", "Source", "Destination", "State", "Message"],
      node.sas?.map((one) => [one.child ? `${one.name} ${one.child}` : one.name, one.direction, `0x${one.spi.toString(16)}`, one.cpu ?? "any", one.source, one.destination,
        one.reason === one.state ? one.state : `${one.state} (${one.reason})`, one.reason === "Installed" ? "" : one.message])),
    node.moreSas ? el("p", {}, `${node.moreSas} more: kubectl get ipplan -l ipsec-xdp.io/node=${node.name} -o yaml`) : "",
    node.tunnels?.length ? el("p", { class: "faint" }, "The nodes of a Tunnel agree their SPIs between themselves: ip xfrm state shows them on the node.") : "",
    steered.length ? "" : el("p", {}, "No interface is steered: what is received is decrypted on the CPU that the NIC chose. Declare a SteeringPolicy that selects the node."),
    ...part("Interfaces", ["Interface", "Steering", "Policy", "Packets", "Owner-%", "Dropped", "Imbalance", "Addresses"],
      node.interfaces?.map((one) => [one.name, one.steering, one.traffic?.policy, one.traffic?.packets, one.traffic?.ownerPercent, one.traffic?.dropped,
        one.traffic?.imbalance, one.addresses?.join(", ")])),
    ...part("Refused by the kernel", ["Counter", "Packets"], node.refused?.map((one) => [one.counter, one.packets])),
    ...part("Packets that belong to no SA", ["SPI", "Source", "Destination", "Interface", "Packets"],
      node.unknownSpis?.map((one) => [`0x${one.spi.toString(16)}`, one.source, one.destination, one.interfaceName, one.packets])),
    ...part("Packets for which there is no SA", ["SecurityPolicy", "Protocol", "Source", "Destination", "Times", "Since"],
      node.acquires?.map((one) => [one.policy, one.protocol, one.source, one.destination, one.times, one.since])),
  ].filter((one) => one !== "");
}

// ---- matrix

// In the order in which they hide one another, where a pair is in several tunnels
const states = [["none", "no Tunnel"], ["sends", "sends protected"], ["paused", "paused: in the clear"], ["next", "the receiver is ready, the sender does not send yet"],
  ["waits", "waits for the receiver"], ["unknown", "not known: an agent is silent"]];
let members = []; // places of the nodes that are in a tunnel
let pairs = new Uint8Array(0);
let at = { x: 0, y: 0 };

$("states").append(...states.map(([look, words]) => el("span", {}, el("i", { class: look }), words)));

function showMatrix() {
  const tunnels = data.tunnels ?? [];
  const chosen = $("which").value;
  $("which").replaceChildren(el("option", { value: "" }, "all"), ...tunnels.map((one) => el("option", { value: one.name }, one.name)));
  $("which").value = tunnels.some((one) => one.name === chosen) ? chosen : "";
  countPairs();
  drawMatrix();
}

function countPairs() {
  const tunnels = (data.tunnels ?? []).filter((one) => one.members && (!$("which").value || one.name === $("which").value));
  members = [...new Set(tunnels.flatMap((one) => one.members.map((member) => member.node)))].sort((one, other) => one - other);
  const place = new Map(members.map((node, index) => [node, index]));
  pairs = new Uint8Array(members.length ** 2);
  for (const tunnel of tunnels) {
    const staying = tunnel.members.filter((member) => !member.leaving);
    const paused = tunnel.phase === "paused";
    for (const sender of staying) {
      const line = place.get(sender.node) * members.length;
      const silent = data.nodes[sender.node].silent;
      for (const receiver of staying) {
        if (sender === receiver || (sender.end === receiver.end && sender.end !== 0)) continue;
        const state = paused ? 2
          : silent || data.nodes[receiver.node].silent ? 5
          : sender.sends >= receiver.revision && !sender.sendsNot?.includes(receiver.node) ? 1
          : receiver.accepts >= sender.revision && !receiver.acceptsNot?.includes(sender.node) ? 3 : 4;
        const cell = line + place.get(receiver.node);
        if (state > pairs[cell]) pairs[cell] = state;
      }
    }
  }
  at = { x: Math.min(at.x, Math.max(0, members.length - 1)), y: Math.min(at.y, Math.max(0, members.length - 1)) };
}

function scale() {
  return Math.max(1, Math.min(18, Math.floor(MOST_PIXELS / Math.max(1, members.length))));
}

function drawMatrix() {
  const size = members.length;
  $("sheet").hidden = !size;
  if (!size) {
    $("cell").textContent = "No two nodes are in a Tunnel.";
    return;
  }
  const look = getComputedStyle(document.documentElement);
  const colours = states.map(([name]) => {
    const hex = look.getPropertyValue(`--${name}`).trim();
    return new Uint32Array(Uint8Array.of(...[1, 3, 5].map((from) => parseInt(hex.slice(from, from + 2), 16)), 255).buffer)[0];
  });
  const image = new ImageData(size, size);
  const pixels = new Uint32Array(image.data.buffer);
  for (let cell = 0; cell < pairs.length; cell++) pixels[cell] = colours[pairs[cell]];
  const small = new OffscreenCanvas(size, size);
  small.getContext("2d").putImageData(image, 0, 0);
  const canvas = $("cells");
  const by = scale();
  canvas.width = canvas.height = size * by;
  const pen = canvas.getContext("2d");
  pen.imageSmoothingEnabled = false;
  pen.drawImage(small, 0, 0, size * by, size * by);
  if (by > 5) {
    pen.strokeStyle = look.getPropertyValue("--ground");
    pen.lineWidth = 1;
    pen.beginPath();
    for (let line = 1; line < size; line++) {
      pen.moveTo(line * by + 0.5, 0);
      pen.lineTo(line * by + 0.5, size * by);
      pen.moveTo(0, line * by + 0.5);
      pen.lineTo(size * by, line * by + 0.5);
    }
    pen.stroke();
  }
  if (document.activeElement === canvas) {
    pen.strokeStyle = look.getPropertyValue("--cursor");
    pen.lineWidth = 2;
    pen.strokeRect(at.x * by, at.y * by, Math.max(by, 4), Math.max(by, 4));
  }
  tell();
}

function tell() {
  const names = [at.y, at.x].map((place) => data.nodes[members[place]].name);
  $("cell").textContent = at.x === at.y ? names[0] : `${names[0]} to ${names[1]}: ${states[pairs[at.y * members.length + at.x]][1]}`;
}

$("which").addEventListener("change", () => {
  countPairs();
  drawMatrix();
});
$("cells").addEventListener("keydown", (event) => {
  if (event.key === "Enter") return void openNode(data.nodes[members[at.y]].name);
  const [x, y] = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1], Home: [-Infinity, 0], End: [Infinity, 0] }[event.key] ?? [];
  if (x === undefined) return;
  event.preventDefault();
  const within = (to) => Math.min(members.length - 1, Math.max(0, to));
  at = { x: within(at.x + x), y: within(at.y + y) };
  const sheet = $("sheet");
  const by = scale();
  const seen = (scrolled, space, to) => (to < scrolled ? to : to + 2 * by > scrolled + space ? to + 2 * by - space : scrolled);
  sheet.scrollTo(seen(sheet.scrollLeft, sheet.clientWidth, at.x * by), seen(sheet.scrollTop, sheet.clientHeight, at.y * by));
  drawMatrix();
});
$("cells").addEventListener("pointermove", (event) => {
  const by = scale();
  const within = (to) => Math.min(members.length - 1, Math.max(0, Math.floor(to / by)));
  at = { x: within(event.offsetX), y: within(event.offsetY) };
  if (members.length) tell();
});
for (const event of ["focus", "blur"]) $("cells").addEventListener(event, () => data && drawMatrix());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => data && drawMatrix());

document.body.classList.add("empty");
poll();
