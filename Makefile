# Everything that a developer does. CI runs "make lint" and "make test".
GO         ?= go
FUZZTIME   ?= 20s
VERSION    ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
COMMIT     ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
# The race detector needs a C compiler; without one the tests run all the same.
RACE       ?= $(shell command -v $$($(GO) env CC) >/dev/null 2>&1 && echo -race)

.PHONY: help build run test lint vuln fuzz bench measure soak samples release packages clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build bin/bcs-storage
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-X main.version=$(VERSION) -X main.commit=$(COMMIT)" -o bin/bcs-storage ./cmd/bcs-storage

run: build ## build and serve on 127.0.0.1:50024, data in ./data
	bin/bcs-storage serve

test: ## run every test, with the race detector where there is a C compiler
	@test -n "$(RACE)" || echo "no C compiler: the race detector is off"
	GO=$(GO) scripts/test.sh $(RACE)

lint: ## formatting, vet, staticcheck, imports between folders
	scripts/lint.sh

vuln: ## look for known vulnerabilities (govulncheck), where its database can be reached
	scripts/vuln.sh

fuzz: ## run every fuzz test for FUZZTIME (default 20s) each
	scripts/fuzz.sh $(FUZZTIME)

bench: ## run every benchmark
	$(GO) test -run '^$$' -bench . -benchmem ./...

measure: ## measure the service under load; ARGS=-brief takes seconds, ARGS=-h lists what there is
	$(GO) -C scripts/bench build -o ../../bin/bench .
	bin/bench $(ARGS)

soak: ## drive random and hostile traffic at the service for ten minutes; ARGS="-duration 20s" is brief, ARGS=-h lists what there is
	$(GO) -C scripts/bench build -o ../../bin/soak ./soak
	bin/soak $(ARGS)

samples: ## write the sample clusters in scripts/samples anew
	$(GO) run ./scripts/samples/gen

release: ## build the archives of a release for linux in bin/release, the same bytes everywhere
	GO=$(GO) VERSION=$(VERSION) COMMIT=$(COMMIT) scripts/release.sh

packages: ## check conf/deploy (image, chart, compose file, unit) and that a release can be reproduced
	GO=$(GO) scripts/packages.sh

clean: ## remove what build and run made
	rm -rf bin data
