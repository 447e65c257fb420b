# `make demo` and `make test` need Go 1.26 and nothing else: what is missing of PostgreSQL they install (.ci/postgres.sh).
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := build

MAJORS ?= 14 15 16 17 18
# Packages that test-matrix leaves out, as a regular expression.
SKIP ?=
FUZZTIME ?= 10s
ROUNDS ?= 20
# The tests wait for servers more than they compute: more of them at a time than there are cores.
TESTFLAGS ?= -timeout 30m -p 4 -parallel 6
PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT ?= $(shell git rev-parse --quiet --verify HEAD 2>/dev/null || echo unknown)
DATE ?= $(shell TZ=UTC0 git log -1 --format=%cd --date=format-local:%Y-%m-%dT%H:%M:%SZ 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X avadb/cmd.version=$(VERSION) -X avadb/cmd.commit=$(COMMIT) -X avadb/cmd.date=$(DATE)

GOLANGCI_VERSION := 2.15.0
TOOLS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/avadb/bin
GOLANGCI := $(TOOLS)/golangci-lint
GORELEASER_VERSION := 2.16.0
export GORELEASER := $(TOOLS)/goreleaser

# The packages whose tests start a server: these differ from major to major.
PGTEST := avadb/internal/pgtest
ON_SERVERS = go list -f '{{range .TestImports}}{{if eq . "$(PGTEST)"}}{{$$.ImportPath}}{{"\n"}}{{end}}{{end}}{{range .XTestImports}}{{if eq . "$(PGTEST)"}}{{$$.ImportPath}}{{"\n"}}{{end}}{{end}}' ./... | sort -u

.PHONY: bench-serve soak-serve build demo test test-matrix test-scripts race soak-windows fuzz lint golangci docs docs-check cross packages packages-test goreleaser bench-cli bench-tune bench-slowlog bench-logs bench-ingest bench-warmup postgres majors clean

build: ## ./avadb, one static binary
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o avadb .

demo: postgres build ## the main job on a throwaway server
	./avadb demo

test: postgres ## everything, against the system's PostgreSQL
	go test $(TESTFLAGS) ./...

# Tests that no major answers otherwise: make test has had them, and the matrix leaves them out.
ALIKE := TestIngestKilled|TestIngestWhileTheServerIsKilled|TestWrongClock|TestScripts/^(demo|hurt_texts|hurt_interrupt|nightly.*|completion|secrets|logs|usage|config.*|streams|serve_usage|verify_watch|connections_watch|connections_terminal|history|connections_advise)$$

test-matrix: majors ## what touches a server, against PostgreSQL 14 to 18
	@packages=$$({ echo "$(PGTEST)"; $(ON_SERVERS); } | grep -vE "$(or $(SKIP),^$$)"); \
	for major in $(MAJORS); do \
		echo "== PostgreSQL $$major"; \
		AVADB_TEST_MAJOR=$$major go test -count=1 $(TESTFLAGS) -skip '$(ALIKE)' $$packages || exit 1; \
	done

# The scripts that meet other SQL on another major.
SCRIPTS ?= main_job|warmup.*|connections.*|serve|slow.*|verify.*|enable_stats.*|tune_profiles|tune_for|settings|privileges|roles|standby

test-scripts: majors ## those SCRIPTS of the command line, against each of MAJORS
	@for major in $(MAJORS); do \
		echo "== PostgreSQL $$major"; \
		AVADB_TEST_MAJOR=$$major go test -count=1 $(TESTFLAGS) -run 'TestScripts/^($(SCRIPTS))$$' ./cmd || exit 1; \
	done

# Tests that hold a service to seconds: the detector makes everything many times slower.
CLOCKED := TestRestart|TestStartsWhileTheDatabaseIsDown|TestExhaustedMaxConnections|TestReadyOnTheLastConnections|TestStoppedBehindASocket|TestCutNetwork|TestNames|TestFrozenServer|TestSoak|TestGrowingLeakIsNamedAndHealthyPoolsAreNot|TestOneLook|TestOpenTransactions|TestPoolWarmUp.*

race: postgres ## under the race detector, which needs a C compiler: all packages, and of the scripts those with signals and locks
	CGO_ENABLED=1 go test -race -count=1 $(TESTFLAGS) -run 'TestScripts/^(main_job|lock|signals)$$' ./cmd
	CGO_ENABLED=1 go test -race -count=1 $(TESTFLAGS) -skip '^($(CLOCKED))$$' ./internal/... ./sql/...

soak-windows: postgres ## the windows against what really ran, over and over with other seeds: ROUNDS times
	go test -count=$(ROUNDS) -timeout 0 -failfast $(TESTFLAGS) -run '^TestTruth' ./internal/history

fuzz: ## each fuzz test for FUZZTIME, of which minimising takes little
	@grep -rl --include='*_test.go' '^func Fuzz' . | while read -r file; do \
		sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$$file" | while read -r name; do \
			go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x "$$(dirname "$$file")" </dev/null || exit 1; \
		done || exit 1; \
	done

lint: golangci ## golangci-lint, with the import rules of the layout
	"$(GOLANGCI)" run ./...

golangci:
	@"$(GOLANGCI)" version 2>/dev/null | grep -qF ' $(GOLANGCI_VERSION) ' || \
		GOFLAGS= GOBIN="$(TOOLS)" go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v$(GOLANGCI_VERSION)

docs: ## docs/cli, docs/json.md and the man pages, from the commands and the result structs
	go run ./cmd/gen

docs-check: docs ## fails where the generated documents in the repository are old
	git diff --exit-code -- docs
	@new="$$(git ls-files --others --exclude-standard -- docs)"; \
	if [ -n "$$new" ]; then echo "generated, but not in the repository:" $$new >&2; exit 1; fi

cross: ## every platform compiles
	@for platform in $(PLATFORMS); do \
		echo "== $$platform"; \
		CGO_ENABLED=0 GOOS="$${platform%/*}" GOARCH="$${platform#*/}" go build -trimpath ./... || exit 1; \
	done

packages: goreleaser ## archives, deb, rpm and checksums of this commit, in dist/
	./.ci/goreleaser.sh release --snapshot --clean --skip=publish

packages-test: goreleaser ## builds them twice, compares, looks into each, and installs the deb (as root or with sudo)
	./.ci/packages.sh

goreleaser:
	@"$(GORELEASER)" --version 2>/dev/null | grep -qE 'GitVersion: +v$(subst .,\.,$(GORELEASER_VERSION))$$' || \
		GOFLAGS= GOBIN="$(TOOLS)" go install github.com/goreleaser/goreleaser/v2@v$(GORELEASER_VERSION)

bench-cli: postgres build ## the speed of the command line
	./.ci/bench-cli.sh

bench-tune: postgres build ## what tuned values do, against the defaults and peers: half an hour (as root: BENCHFLAGS=-huge-pages)
	./.ci/bench-tune.sh $(BENCHFLAGS)

bench-slowlog: postgres build ## what the history costs and gives: a quarter of an hour
	./.ci/bench-slowlog.sh $(BENCHFLAGS)

bench-logs: build ## how fast server logs are read, against pgBadger: ten minutes, 5 GB of disk
	./.ci/bench-logs.sh $(BENCHFLAGS)

bench-warmup: postgres build ## what the first requests after a restart cost, and what warmup changes: ten minutes
	./.ci/bench-warmup.sh $(BENCHFLAGS)

bench-serve: postgres build ## 500 clients that lose their server, and first requests with and without warm-up: five minutes
	./.ci/bench-serve.sh $(BENCHFLAGS)

SOAK ?= 10m

soak-serve: postgres ## the endpoints under load for SOAK: goroutines, connections and memory must stay flat
	AVADB_SOAK=$(SOAK) go test -count=1 -timeout 1h -v -run '^TestSoak$$' ./internal/health

bench-ingest: postgres build ## how fast server logs become rows, against psql's \copy: ten minutes
	./.ci/bench-ingest.sh $(BENCHFLAGS)

postgres:
	@./.ci/postgres.sh

majors:
	@./.ci/postgres.sh majors $(MAJORS)

clean:
	rm -rf avadb build dist coverage.out
