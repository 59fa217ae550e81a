#!/usr/bin/env bash
# Runs every test: scripts/test.sh [-race]
#
# Starts real servers for the tests of the engines (scripts/dev-up.sh), in a directory and on ports of their
# own, runs all tests, then those that speak HTTP once more on every other combination of engines, and
# removes the servers. To use others, name them: BCS_TEST_MONGODB_URI, BCS_TEST_ZOOKEEPER (the tests of outages
# start their own all the same). BCS_TEST_EMBEDDED=1 leaves all of that out: the embedded engines alone.
set -euo pipefail
cd "$(dirname "$0")/.."
go=${GO:-go}
flags=("$@" -timeout 20m)

if [ -n "${BCS_TEST_EMBEDDED:-}" ]; then
  exec "$go" test -short "${flags[@]}" ./...
fi

# free_port prints a port that nobody serves, below those that the kernel gives to clients.
free_port() {
  local port
  while port=$((12000 + RANDOM % 18000)); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
}

if [ -z "${BCS_TEST_MONGODB_URI:-}" ] || [ -z "${BCS_TEST_ZOOKEEPER:-}" ]; then
  DEV_DIR=$(mktemp -d "${TMPDIR:-/tmp}/bcs-storage-test.XXXXXX")
  chmod 755 "$DEV_DIR" # PostgreSQL runs as another user
  DEV_ZOOKEEPER_PORT=$(free_port) DEV_MONGODB_PORT=$(free_port) DEV_POSTGRES_PORT=$(free_port)
  export DEV_DIR DEV_ZOOKEEPER_PORT DEV_MONGODB_PORT DEV_POSTGRES_PORT
  trap 'scripts/dev-down.sh --purge; rm -rf "$DEV_DIR"' EXIT
fi
export BCS_TEST_MONGODB_URI=${BCS_TEST_MONGODB_URI:-$(scripts/dev-up.sh mongodb)}
export BCS_TEST_ZOOKEEPER=${BCS_TEST_ZOOKEEPER:-$(scripts/dev-up.sh zookeeper)}
if [ -z "$BCS_TEST_MONGODB_URI" ] || [ -z "$BCS_TEST_ZOOKEEPER" ]; then
  echo "the servers could not be started" >&2
  exit 1
fi

"$go" test "${flags[@]}" ./...
# Without the race detector: it allocates, and it makes one validator take minutes.
"$go" test -count=1 -run 'TestAllocations|TestDocumentIsValid' ./cmd/bcs-storage/app ./handlers
for engines in mongodb+local sqlite+zookeeper mongodb+zookeeper; do
  echo "the program on $engines"
  BCS_TEST_ENGINES=$engines "$go" test "${flags[@]}" -count=1 ./cmd/bcs-storage/app
done
