#!/usr/bin/env bash
# Writes handlers/apidocs/ui anew: the files of Swagger UI that the service carries, of one pinned release.
# For another release change both lines; `npm view swagger-ui-dist@VERSION dist.integrity` prints the second.
set -euo pipefail
version=5.35.0
integrity=sha512-U06rpMtW9V3XPGOBeamTUSr0Z09jMX4IJuANpE/EZbAhw0G8CgwrzU4YmXkn/h0wCDNsXdGarTNNHC3sU8yVUQ==

cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm pack --silent --pack-destination "$work" "swagger-ui-dist@$version" >/dev/null
archive=$work/swagger-ui-dist-$version.tgz
found=sha512-$(openssl dgst -sha512 -binary "$archive" | base64 -w0)
[ "$found" = "$integrity" ] || { echo "swagger-ui-dist $version is not what was pinned: $found" >&2; exit 1; }

rm -rf handlers/apidocs/ui
mkdir handlers/apidocs/ui
for file in LICENSE NOTICE swagger-ui-bundle.js.LICENSE.txt; do
  tar -xzOf "$archive" "package/$file" >"handlers/apidocs/ui/$file"
done
for file in swagger-ui.css swagger-ui-bundle.js; do
  tar -xzOf "$archive" "package/$file" | gzip -9n >"handlers/apidocs/ui/$file.gz"
done
