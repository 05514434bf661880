# make help says what there is.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help build demo up down test bench chaos format crds install-manifests images clean packages apiserver image ready

export JAVA_HOME := $(shell lab/jdk)
java = "$$JAVA_HOME/bin/java" -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED -cp
package = lab/mvn -q package -DskipTests -Dspotless.check.skip && mkdir -p target && touch target/built
sources = $(shell find pom.xml $$(sed -n "s|.*<module>\(.*\)</module>.*|\1|p" pom.xml) -name target -prune -o -type f -print)
comma := ,

help: ## says what there is
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/make \1\t\2/p' Makefile | expand -t 24

build: packages ## compiles and packages everything, without tests
	@echo "== building; the first time this downloads libraries"
	@$(package)

demo: ## shows it all at work: an API server, two nodes, an agent on each, the operator, ESP packets
	@lab/how-long demo
	@$(MAKE) -s --no-print-directory ready
	@$(java) 'e2e/target/classes:e2e/target/lib/*' io.ipsecxdp.e2e.Demo

up: ## the demo's cluster, left running to play with: says how to use it, kill an agent, reboot a node
	@lab/how-long up
	@$(MAKE) -s --no-print-directory ready
	@lab/cluster up

down: ## ends the cluster of make up
	@lab/cluster down

test: packages ## checks the format, and runs all tests; make test SKIP=CLASS,CLASS leaves some out
	@lab/packages browser
	@$(MAKE) -s --no-print-directory -j apiserver image
	@lab/run-tests $(subst $(comma), ,$(SKIP))

bench: ready ## measures, and writes docs/figures.md; make bench ONLY=P5,resync measures these only
	@$(java) 'bench/target/classes:bench/target/lib/*' io.ipsecxdp.bench.Bench $(ONLY)

chaos: ready ## bad weather at random while packets flow; make chaos KIND=tunnel|sas MINUTES=30 SEED=N, or KIND=model: 200,000 schedules
ifeq ($(KIND),model)
	@lab/mvn -q -pl agent -am test -Dtest=AgreementModelTest -Dsurefire.failIfNoSpecifiedTests=false -Dspotless.check.skip \
	  -Dtunnel.schedules=$(or $(SCHEDULES),200000) -Dtunnel.first=$(or $(SEED),10000)
else
	@$(java) 'e2e/target/classes:e2e/target/lib/*' io.ipsecxdp.e2e.Chaos $(or $(KIND),tunnel) $(or $(MINUTES),30) $(SEED)
endif

format: ## formats the Java sources
	@lab/mvn -q spotless:apply

crds: ## writes crds/*.yaml from the API types
	@lab/mvn -q -pl crds test -Dcrds.write=true -Dspotless.check.skip

install-manifests: packages target/built ## writes target/install: what the chart installs, for kubectl apply and for kustomize
	@$(java) 'e2e/target/classes:e2e/target/lib/*' io.ipsecxdp.charts.InstallManifests target/install
	@echo "target/install has install.yaml and, around it, a base for kustomize"

images: packages target/built ## makes OCI archives of operator and agent in target/images, without a daemon
	@lab/images

clean: ## removes what was built; what was downloaded stays in ~/.cache/ipsec-xdp
	@lab/mvn -q clean

packages:
	@lab/packages build lab

# All that runs: at once, since one part computes while another downloads
ready: packages
	@$(MAKE) -s --no-print-directory -j apiserver image target/built

apiserver:
	@lab/apiserver >/dev/null

image:
	@lab/has-esp 2>/dev/null || lab/vm-image >/dev/null

target/built: $(sources)
	@echo "== building; the first time this downloads libraries"
	@$(package)
