#!/usr/bin/env bash
# Builds the archives of a release: scripts/release.sh [DIR], by default bin/release.
#
# The same commit and the same Go give the same bytes, wherever it is built. VERSION, COMMIT and SOURCE_DATE_EPOCH come from
# git unless they are set; ARCHES is the list of processors.
set -euo pipefail
cd "$(dirname "$0")/.."
umask 022
go=${GO:-go}
version=${VERSION:-$(git describe --tags --always --dirty 2>/dev/null || echo devel)}
commit=${COMMIT:-$(git rev-parse HEAD 2>/dev/null || echo unknown)}
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
out=${1:-bin/release}

rm -rf "$out"
mkdir -p "$out"
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
for arch in ${ARCHES:-amd64 arm64}; do
  name=bcs-storage-$version-linux-$arch
  # The flags are those of conf/deploy/docker/Dockerfile.
  CGO_ENABLED=0 GOOS=linux GOARCH=$arch "$go" build -trimpath -buildvcs=false \
    -ldflags "-s -w -X main.version=$version -X main.commit=$commit" -o "$stage/$name/bcs-storage" ./cmd/bcs-storage
  mkdir "$stage/$name/systemd"
  install -m 644 README.md conf/bcs-storage.yaml "$stage/$name"
  install -m 644 conf/deploy/systemd/* "$stage/$name/systemd"
  # Names, times, owners and the compressor's header would differ from one machine to the next.
  tar --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner --format=ustar -C "$stage" -c "$name" | gzip -9n >"$out/$name.tar.gz"
done
(cd "$out" && sha256sum -- *.tar.gz >SHA256SUMS && cat SHA256SUMS)
