#!/usr/bin/env bash
# Checks conf/deploy and the release: scripts/packages.sh. Says at its end what it could not check, and why.
set -euo pipefail
cd "$(dirname "$0")/.."
go=${GO:-go}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { printf '%s\n' "$@" >&2; exit 1; }
skipped=()

echo "the chart, the image, the compose file, and every configuration by bcs-storage config"
"$go" -C scripts/packages vet ./...
"$go" -C scripts/packages test -count=1 ./...
if [ "$(id -u)" != 0 ] || ! unshare --net ip link set lo up 2>/dev/null; then
  skipped+=("the image's files alone: needs root, unshare and ip")
fi

echo "the release: two builds, the second from another folder and with nothing cached"
VERSION=${VERSION:-$(git describe --tags --always --dirty)}
COMMIT=$(git rev-parse HEAD)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export VERSION COMMIT SOURCE_DATE_EPOCH
scripts/release.sh "$work/first"
mkdir -p "$work/elsewhere/tree"
git ls-files -co --exclude-standard -z | xargs -0 cp --parents -t "$work/elsewhere/tree"
GOCACHE=$work/cache ARCHES=amd64 "$work/elsewhere/tree/scripts/release.sh" "$work/second" >/dev/null
(cd "$work/first" && sha256sum --quiet --strict --ignore-missing -c ../second/SHA256SUMS) || fail "the two builds differ"
tar -xzf "$work/first/bcs-storage-$VERSION-linux-amd64.tar.gz" -C "$work" --strip-components=1
if [ "$(uname -m)" = x86_64 ]; then
  got=$("$work/bcs-storage" version)
  [[ $got == "bcs-storage $VERSION $COMMIT "* ]] || fail "the release says of itself: $got"
fi

echo "the unit"
if command -v systemd-analyze >/dev/null; then
  # verify looks for the program, which is not installed.
  mkdir "$work/unit"
  sed "s|^ExecStart=[^ ]*|ExecStart=$work/bcs-storage|" conf/deploy/systemd/bcs-storage.service >"$work/unit/bcs-storage.service"
  found=$(systemd-analyze --man=no verify "$work/unit/bcs-storage.service" 2>&1) || fail "$found"
  [ -z "$found" ] || fail "$found"
  # The scale is 0 to 100, where 100 is a unit that restricts nothing.
  found=$(systemd-analyze security --offline=true --threshold=15 conf/deploy/systemd/bcs-storage.service 2>&1) || fail "$found"
  tail -n 1 <<<"$found"
  systemd-sysusers --dry-run "$PWD/conf/deploy/systemd/bcs-storage.sysusers" >/dev/null 2>&1 || fail "systemd-sysusers refuses the user"
else
  skipped+=("the unit: needs systemd-analyze (Debian: systemd)")
fi

echo "not checked:"
skipped+=(
  "an image from the real base images: needs a Docker engine and their registries"
  "the chart in a cluster: manifests were held against the types, the schema and Pod Security, not given to a server"
  "the compose file's containers, so also how MongoDB's replica set is made"
  "the unit under systemd itself"
)
printf '  %s\n' "${skipped[@]}"
echo "packages: ok"
