#!/usr/bin/env bash
# Which package may import which: the dependencies run one way. Fails on an edge that is not listed.
set -euo pipefail
cd "$(dirname "$0")/.."

# package (regular expression) -> packages of the project that it may import (regular expression)
rules='
storage                      -
storage/storagetest          storage
storage/(sqlite|mongo)       storage
watch                        -
watch/watchtest              watch
watch/zk                     watch
watch/local                  watch|storage
conf                         -
handlers/(about|apidocs)     -
handlers/query               storage|handlers/about
handlers/cluster             storage
handlers/(ccs|cce|ncs)       storage|handlers/(about|cluster)
handlers/ccs/signature       -
handlers                     handlers/.*|storage|watch
cmd/.*                       .*
scripts/.*                   -
'
# module -> the only packages that may import it
owners='
github.com/emicklei/go-restful  handlers
github.com/go-openapi           handlers
modernc.org/sqlite              storage/sqlite
go.mongodb.org/mongo-driver     storage/mongo
github.com/go-zookeeper/zk      watch/zk
'
# Tests may start real parts: what else a package's tests may import.
tests='
storage                      storage/sqlite
storage/(sqlite|mongo)       storage/storagetest
watch/local                  storage/sqlite|watch/watchtest
watch/zk                     watch/watchtest
handlers                     storage/sqlite|watch/local
handlers/ccs                 handlers/ccs/signature
'
edges=$(
  go list -f '{{$p := .ImportPath}}{{range .Imports}}{{$p}} {{.}}{{"\n"}}{{end}}' ./...
  go list -f '{{$p := .ImportPath}}{{range .TestImports}}test:{{$p}} {{.}}{{"\n"}}{{end}}{{range .XTestImports}}test:{{$p}} {{.}}{{"\n"}}{{end}}' ./...
)
bad=0
while read -r from to; do
  [ -n "$from" ] || continue
  allowing=$rules
  if [[ $from == test:* ]]; then allowing="$rules$tests"; fi
  from=${from#test:}
  from=${from#bcs-storage/}
  case $to in
  bcs-storage/*)
    to=${to#bcs-storage/}
    ok=0
    while read -r package allowed; do
      [ -n "$package" ] || continue
      if [[ $from =~ ^($package)$ ]] && [[ $to =~ ^($allowed)$ || $to == "$from" ]]; then ok=1; fi
    done <<<"$allowing"
    [ $ok = 1 ] || { echo "import not allowed: $from -> $to" >&2; bad=1; }
    ;;
  *)
    # Tests may use a client of their own to look at, or clear, what an engine wrote.
    if [ "$allowing" != "$rules" ] || [ "$from" = cmd/bcs-storage/internal/testparts ]; then continue; fi
    while read -r module owner; do
      [ -n "$module" ] || continue
      if [[ $to == "$module"* ]] && [[ $from != "$owner" ]]; then
        echo "import not allowed: $from -> $to (only $owner may)" >&2; bad=1
      fi
    done <<<"$owners"
    ;;
  esac
done <<<"$edges"
exit $bad
