#!/usr/bin/env bash
# Runs every fuzz test of the module for a time each: scripts/fuzz.sh [20s [keep]]
#
# keep is how many of the inputs that reached new code are put into the folder's testdata afterwards, the shortest
# first, for a test that has none there: every run of the tests begins with them.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-20s} keep=${2:-0}
module=$(go list -m)
cache=$(go env GOCACHE)/fuzz/$module
git grep -lE '^func Fuzz' -- '*_test.go' | while read -r file; do
  folder=$(dirname "$file")
  for name in $(grep -oE '^func Fuzz[A-Za-z0-9_]*' "$file" | cut -d' ' -f2); do
    echo "== $folder $name"
    go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" "./$folder"
    corpus=$folder/testdata/fuzz/$name
    if [ "$keep" -gt 0 ] && [ -d "$cache/$folder/$name" ] && [ ! -d "$corpus" ]; then
      mkdir -p "$corpus"
      # ls fails when head has enough
      { ls -Sr "$cache/$folder/$name" || true; } | head -n "$keep" | while read -r input; do
        cp "$cache/$folder/$name/$input" "$corpus/"
      done
    fi
  done
done
