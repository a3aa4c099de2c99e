# clearingd. `make` alone lists the targets. Nothing is needed but Go, make and a shell;
# `make test` and `make outside` install what else they use, where they may.

SHELL := /bin/sh
.DEFAULT_GOAL := help

GO       ?= go
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  := -s -w -X clearingd/cmd/internal/daemon.Version=$(VERSION) -X main.version=$(VERSION)
FUZZTIME ?= 20s
# Race detection needs cgo and a C compiler; scripts/setup.sh gets one where it may.
RACE     ?= $(shell command -v $${CC:-gcc} >/dev/null 2>&1 && echo -race)

##@ Use

build: ## build bin/clearingd and bin/clearctl
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/clearingd ./cmd/clearctl

run: build ## start the daemon with the default configuration and leave it running
	bin/clearingd --log-format console

demo: build ## settle a built day over all provinces, close it and show the summary
	scripts/demo.sh

demo-xinjiang: build ## the 298 stays of Xinjiang's insured, January to August 2016
	scripts/demo-xinjiang.sh

##@ Check

test: setup fmt vet staticcheck vuln unit ## everything CI runs but `outside`; under ten minutes on two cores

unit: build bin/tools/testsum ## all Go tests, with the race detector
	bin/tools/testsum var/test/unit.txt $(GO) test -json $(RACE) -timeout 9m ./...

outside: setup-outside build bin/tools/testsum ## tests with hledger, ledger, beancount, LibreOffice, Chromium, promtool
	scripts/outside.sh

lint: fmt vet staticcheck vuln ## gofmt, go vet, staticcheck, govulncheck

fmt: ## fail on files that gofmt would change
	@files="$$(gofmt -l bench clearing cmd config ledger provinces)"; \
	if [ -n "$$files" ]; then printf 'not formatted by gofmt:\n%s\n' "$$files"; exit 1; fi

vet: ## go vet, with the tests of `outside`
	$(GO) vet -tags outside,faults ./...

staticcheck: bin/tools/staticcheck ## staticcheck
	bin/tools/staticcheck -tags outside,faults ./...

vuln: bin/tools/govulncheck ## known vulnerabilities in what is really called; needs the network
	scripts/vuln.sh

fuzz: ## every fuzz test for FUZZTIME each
	scripts/fuzz.sh $(FUZZTIME)

faults: ## crash states, fault loops, rot and pressure in their long form; some minutes
	scripts/faults.sh

sim: ## kill the daemon and audit it, a minute; SEED=n replays, SEEDS=200 a night, CHECKS=n property tests instead
	scripts/sim.sh

mutants: ## plant defects one at a time; the simulator or a test must notice each (ONLY="name ..." some)
	scripts/mutants.sh $(ONLY)

bench: build ## the daemon beside this machine's limits and its peers, in minutes (BENCH=full: hours); writes docs/performance.md
	scripts/bench.sh --out docs/performance.md

check: build ## check the books of the stopped daemon in STATE (default var/clearingd)
	bin/clearctl check --offline "$${STATE:-var/clearingd}/books.db"

##@ Keep house

setup: ## install what `make test` needs and does not find
	scripts/setup.sh test

setup-outside: ## install what `make outside` needs and does not find
	scripts/setup.sh outside

bin/tools/testsum: cmd/internal/testsum/main.go
	CGO_ENABLED=0 $(GO) build -o $@ ./cmd/internal/testsum

# The tools have a module of their own, so that the daemon depends on none of them.
bin/tools/staticcheck: tools/go.mod tools/go.sum
	GOBIN="$(CURDIR)/bin/tools" $(GO) -C tools install honnef.co/go/tools/cmd/staticcheck
	@touch $@

bin/tools/govulncheck: tools/go.mod tools/go.sum
	GOBIN="$(CURDIR)/bin/tools" $(GO) -C tools install golang.org/x/vuln/cmd/govulncheck
	@touch $@

clean: ## remove what was built and what demonstrations left
	rm -rf bin var/demo var/demo-xinjiang var/test var/sim var/sim-points var/mutants

help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: faults mutants build run demo demo-xinjiang test unit outside lint fmt vet staticcheck vuln fuzz sim bench check setup setup-outside clean help
