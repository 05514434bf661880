# make help says what there is.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help build demo test bench format crds clean packages lab

export JAVA_HOME = $(shell lab/jdk)
mvn = mvn -B -ntp
java = "$$JAVA_HOME/bin/java" -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED -cp
begun := $(shell date +%s)

help: ## says what there is
	@sed -nE 's/^([a-z]+):[^#]*## (.*)/make \1\t\2/p' Makefile | expand -t 14

build: packages ## compiles and packages everything, without tests
	@echo "== building; the first time this downloads libraries"
	@$(mvn) -q package -DskipTests -Dspotless.check.skip

demo: build lab ## shows it all at work, in some minutes: an API server, two nodes, an agent on each, the operator, ESP packets
	@$(java) 'e2e/target/classes:e2e/target/lib/*' -Dbegun=$(begun) io.ipsecxdp.e2e.Demo

test: packages lab ## checks the format, and runs the unit, integration and end-to-end tests
	@$(mvn) verify
	@echo "make test: $$(($$(date +%s) - $(begun))) s"

bench: build lab ## measures, and writes docs/figures.md; make bench ONLY=P5,resync measures these only
	@$(java) 'bench/target/classes:bench/target/lib/*' io.ipsecxdp.bench.Bench $(ONLY)

format: ## formats the Java sources
	@$(mvn) -q spotless:apply

crds: ## writes crds/*.yaml from the API types
	@$(mvn) -q -pl crds test -Dcrds.write=true -Dspotless.check.skip

clean: ## removes what was built; what was downloaded stays in ~/.cache/ipsec-xdp
	@$(mvn) -q clean

packages:
	@lab/packages

lab:
	@lab/apiserver >/dev/null
	@lab/has-esp 2>/dev/null || lab/vm-image >/dev/null
