#!/usr/bin/env bash
# Runs every test: scripts/test.sh [-race]
#
# Starts the real servers that engines are tested on (scripts/dev-up.sh), runs all tests, then those that
# speak HTTP once more on every other combination of engines. To use other servers, name them:
# BCS_TEST_MONGODB_URI, BCS_TEST_ZOOKEEPER. BCS_TEST_EMBEDDED=1 leaves all of that out: the embedded engines alone.
set -euo pipefail
cd "$(dirname "$0")/.."
go=${GO:-go}
flags=("$@" -timeout 20m)

if [ -n "${BCS_TEST_EMBEDDED:-}" ]; then
  exec "$go" test "${flags[@]}" ./...
fi
if [ -z "${BCS_TEST_MONGODB_URI:-}" ] || [ -z "${BCS_TEST_ZOOKEEPER:-}" ]; then
  addresses=$(scripts/dev-up.sh)
  export BCS_TEST_MONGODB_URI=${BCS_TEST_MONGODB_URI:-$(grep '^mongodb://' <<<"$addresses")}
  export BCS_TEST_ZOOKEEPER=${BCS_TEST_ZOOKEEPER:-$(grep -v '^mongodb://' <<<"$addresses")}
  trap scripts/dev-down.sh EXIT
fi
"$go" test "${flags[@]}" ./...
for engines in mongodb+local sqlite+zookeeper mongodb+zookeeper; do
  echo "the program on $engines"
  BCS_TEST_ENGINES=$engines "$go" test "${flags[@]}" -count=1 ./cmd/bcs-storage/app
done
