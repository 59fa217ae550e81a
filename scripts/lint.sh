#!/usr/bin/env bash
# Formatting, vet, staticcheck, the dashboard and the alert rules, and the rules of the project that no linter knows.
set -euo pipefail
cd "$(dirname "$0")/.."
fail() { printf '%s\n' "$@" >&2; exit 1; }

unformatted=$(gofmt -l $(git ls-files -co --exclude-standard '*.go'))
[ -z "$unformatted" ] || fail "not formatted (gofmt -w):" "$unformatted"

go vet ./...
go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...
scripts/imports.sh
# The dashboard and the alert rules: what they ask for is PromQL, and the service exports it.
(cd scripts/promcheck && GOWORK=off go vet ./... && GOWORK=off go test ./...)

# What loads the service is a module of its own, too.
(cd scripts/bench && GOWORK=off go vet ./... && GOWORK=off go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./... && GOWORK=off go test ./...)

extra=$(git ls-files | cut -d/ -f1 | sort -u | grep -vE '^(cmd|storage|handlers|watch|conf|scripts|go\.mod|go\.sum|Makefile|README\.md|\..*)$' || true)
[ -z "$extra" ] || fail "the top level is fixed; this does not belong there:" "$extra"

# Initialisation is explicit, tests do not sleep.
found=$(git grep -nE '^func init\(\)' -- '*.go' || true)
[ -z "$found" ] || fail "func init:" "$found"
found=$(git grep -nE 'time\.Sleep\(' -- '*_test.go' || true)
[ -z "$found" ] || fail "a sleep in a test:" "$found"
echo "lint: ok"
