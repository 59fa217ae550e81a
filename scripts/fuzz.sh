#!/usr/bin/env bash
# Runs every fuzz test of the module for a time each: scripts/fuzz.sh [20s]
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-20s}
git grep -lE '^func Fuzz' -- '*_test.go' | while read -r file; do
  for name in $(grep -oE '^func Fuzz[A-Za-z0-9_]*' "$file" | cut -d' ' -f2); do
    echo "== $(dirname "$file") $name"
    go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" "./$(dirname "$file")"
  done
done
