# make help says what there is.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help build demo up down test bench format crds clean packages lab

export JAVA_HOME = $(shell lab/jdk)
java = "$$JAVA_HOME/bin/java" -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED -cp

help: ## says what there is
	@sed -nE 's/^([a-z]+):[^#]*## (.*)/make \1\t\2/p' Makefile | expand -t 14

build: packages ## compiles and packages everything, without tests
	@echo "== building; the first time this downloads libraries"
	@lab/mvn -q package -DskipTests -Dspotless.check.skip

demo: build lab ## shows it all at work: an API server, two nodes, an agent on each, the operator, ESP packets
	@$(java) 'e2e/target/classes:e2e/target/lib/*' io.ipsecxdp.e2e.Demo

up: build lab ## the demo's cluster, left running to play with: says how to use it, kill an agent, reboot a node
	@lab/cluster up

down: ## ends the cluster of make up
	@lab/cluster down

test: packages lab ## checks the format, and runs all tests; make test SKIP=CLASS,CLASS leaves some out
	@lab/run-tests $(subst $(comma), ,$(SKIP))

bench: build lab ## measures, and writes docs/figures.md; make bench ONLY=P5,resync measures these only
	@$(java) 'bench/target/classes:bench/target/lib/*' io.ipsecxdp.bench.Bench $(ONLY)

format: ## formats the Java sources
	@lab/mvn -q spotless:apply

crds: ## writes crds/*.yaml from the API types
	@lab/mvn -q -pl crds test -Dcrds.write=true -Dspotless.check.skip

clean: ## removes what was built; what was downloaded stays in ~/.cache/ipsec-xdp
	@lab/mvn -q clean

packages:
	@lab/packages

lab: # both at once: the one computes, the other downloads and unpacks
	@lab/apiserver >/dev/null & \
	if ! lab/has-esp 2>/dev/null; then lab/vm-image >/dev/null; fi; \
	wait $$!

comma := ,
