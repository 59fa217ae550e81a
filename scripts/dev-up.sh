#!/usr/bin/env bash
# Starts real servers for the tests of the engines, on 127.0.0.1 only: scripts/dev-up.sh [zookeeper|mongodb]
#
# Without an argument both. What is up stays as it is, what died is started again with its data. The
# addresses are printed to standard output, one a line, everything else to standard error:
#
#   mongodb://127.0.0.1:27017     MongoDB's wire protocol (scripts/devmongo), over a PostgreSQL of its own
#   127.0.0.1:2181                ZooKeeper
#
# Exit code 0: each answers. 1: it could not be started, or it is alive and does not answer (SIGSTOP).
#
# Environment:
#   DEV_DIR             everything that is written, /tmp/bcs-storage-dev by default (in XDG_RUNTIME_DIR for
#                       any user but root). Another directory and three other ports make a second instance.
#                       As root, PostgreSQL runs as the user postgres: every directory above this one must
#                       let others in, which the parent of a Go test's TempDir does not (chmod 0755).
#   DEV_ZOOKEEPER_PORT  2181
#   DEV_MONGODB_PORT    27017
#   DEV_POSTGRES_PORT   25432
#   DEV_TIMEOUT         seconds that each server has until it answers, 60
#
# Process ids, one a file, for tests that kill, stop or restart one:
#   DEV_DIR/zookeeper.pid  the java process of ZooKeeper
#   DEV_DIR/devmongo.pid   the server of the wire protocol: SIGSTOP this one for a MongoDB that hangs
#   DEV_DIR/postgres.pid   the postmaster. SIGKILL ends its backends too; under SIGSTOP the connections that
#                          devmongo has already go on being served, only new ones hang.
# Logs: DEV_DIR/NAME.log. Data: DEV_DIR/zookeeper, DEV_DIR/postgres. scripts/dev-down.sh stops the servers.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=scripts/dev-common.sh
. "$here/dev-common.sh"

DEV_TIMEOUT=${DEV_TIMEOUT:-60}
case $#:${1:-both} in
  0:both | 1:zookeeper | 1:mongodb) part=${1:-both} ;;
  *)
    say "usage: dev-up.sh [zookeeper|mongodb]"
    exit 2
    ;;
esac

# --- what Debian has -------------------------------------------------------------------------------

# pg_bin prints where the newest PostgreSQL has its programs: Debian leaves most of them out of PATH.
pg_bin() {
  local dir
  dir=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
  [ -n "$dir" ] && [ -x "$dir/initdb" ] && echo "$dir"
}

have() {
  case $1 in
    zookeeper) [ -e /usr/share/java/zookeeper.jar ] && command -v java >/dev/null ;;
    postgresql) pg_bin >/dev/null ;;
    patch) command -v patch >/dev/null ;;
  esac
}

install_missing() {
  local packages=() package
  for package in "$@"; do have "$package" || packages+=("$package"); done
  [ ${#packages[@]} -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || die "missing: ${packages[*]}: install them as root"
  say "installing ${packages[*]}"
  (
    # Debian must neither make a cluster of its own nor start any service.
    if [[ " ${packages[*]} " == *" postgresql "* ]]; then
      mkdir -p /etc/postgresql-common/createcluster.d
      echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/bcs-storage-dev.conf
    fi
    policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
      trap 'rm -f $policy' EXIT
      printf '#!/bin/sh\nexit 101\n' >$policy
      chmod 755 $policy
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 --no-install-recommends "${packages[@]}"
  ) </dev/null >"$DEV_DIR/install.log" 2>&1 9>&- || die "the installation failed: $DEV_DIR/install.log"
  for package in "${packages[@]}"; do
    have "$package" || die "$package is still missing: $DEV_DIR/install.log"
  done
}

# --- processes -------------------------------------------------------------------------------------

# launch starts a server that outlives this script: launch NAME DIRECTORY COMMAND...
# It holds nothing of ours, no terminal, no session, no file but its log: a pipe of CI's that a server kept
# open would keep CI waiting. The process writes its own id and then becomes the server.
launch() {
  local name=$1 dir=$2 deadline=$((SECONDS + 10))
  shift 2
  rm -f "$DEV_DIR/$name.pid"
  # shellcheck disable=SC2016
  setsid --fork bash -c '
    for fd in /proc/self/fd/*; do
      fd=${fd##*/}
      [ "$fd" -le 2 ] || eval "exec $fd>&-"
    done
    cd "$2" && echo "$$" >"$1.new" && mv "$1.new" "$1" && shift 2 && exec "$@"
  ' launch "$DEV_DIR/$name.pid" "$dir" "$@" </dev/null >>"$DEV_DIR/$name.log" 2>&1
  # From here on a process that pid_of does not find has ended; before, it might not have begun.
  while [ ! -e "$DEV_DIR/$name.pid" ]; do
    [ $SECONDS -lt $deadline ] || die "$name: it was not started: $DEV_DIR/$name.log"
    sleep 0.02
  done
}

# answers asks a server for what it is there for, on a new connection and in bounded time.
answers() {
  case $1 in
    zookeeper)
      # imok only says that it listens; a mode is what it has once it serves.
      [ "$(four_letters ruok)" = imok ] && [[ $(four_letters srvr) == *$'\nMode: '* ]]
      ;;
    postgres) "$(pg_bin)/pg_isready" -q -h 127.0.0.1 -p "$DEV_POSTGRES_PORT" -U postgres -d postgres -t 2 ;;
    devmongo) "$devmongo" ping -addr "127.0.0.1:$DEV_MONGODB_PORT" -timeout 2s 2>/dev/null ;;
  esac
}

four_letters() {
  # shellcheck disable=SC2016
  timeout 2 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf %s "$2" >&3 && cat <&3' \
    ask "$DEV_ZOOKEEPER_PORT" "$1" 2>/dev/null || true
}

port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# ensure leaves a server alone that is up, and has start_NAME start one that is not: ensure NAME PORT
ensure() {
  local name=$1 port=$2 deadline=$((SECONDS + DEV_TIMEOUT)) pid tries=1
  # One that is alive may still be starting, or recovering.
  while pid=$(pid_of "$name"); do
    if stopped "$pid"; then
      die "$name: pid $pid does not answer, a signal stopped it: kill -CONT $pid, or dev-down.sh"
    fi
    if answers "$name"; then return 0; fi
    if [ $SECONDS -ge $deadline ]; then
      die "$name: pid $pid is alive but does not answer: see $DEV_DIR/$name.log, or dev-down.sh"
    fi
    sleep 0.1
  done
  if pid=$(cat "$DEV_DIR/$name.pid" 2>/dev/null); then say "$name: pid $pid died; starting it again"; fi
  if port_taken "$port"; then die "$name: another process serves 127.0.0.1:$port"; fi

  deadline=$((SECONDS + DEV_TIMEOUT))
  "start_$name"
  while :; do
    if pid_of "$name" >/dev/null; then
      if answers "$name"; then return 0; fi
    else
      # It ended at once, perhaps because something of the one before it is not yet gone.
      [ $tries -lt 20 ] || break
      tries=$((tries + 1))
      sleep 0.5
      "start_$name"
    fi
    [ $SECONDS -lt $deadline ] || break
    sleep 0.1
  done
  tail -n 20 "$DEV_DIR/$name.log" >&2 || true
  die "$name: does not answer after $tries start(s); the end of $DEV_DIR/$name.log is above"
}

# --- ZooKeeper -------------------------------------------------------------------------------------

start_zookeeper() {
  local dir=$DEV_DIR/zookeeper
  mkdir -p "$dir/data" "$dir/tmp"
  # A short tick makes sessions expire soon enough for a test. No limit of connections: the clients of all
  # tests come from one address.
  cat >"$dir/zoo.cfg" <<CFG
tickTime=500
minSessionTimeout=1000
maxSessionTimeout=60000
dataDir=$dir/data
clientPortAddress=127.0.0.1
clientPort=$DEV_ZOOKEEPER_PORT
maxClientCnxns=0
admin.enableServer=false
4lw.commands.whitelist=ruok,mntr,stat,srvr
autopurge.snapRetainCount=3
autopurge.purgeInterval=1
CFG
  # preAllocSize: transaction logs are laid out 64 MiB ahead otherwise, each.
  # UsePerfData and tmpdir: nothing outside our directory.
  launch zookeeper "$dir" java -Xms64m -Xmx256m -XX:+UseSerialGC -XX:-UsePerfData \
    -Djava.net.preferIPv4Stack=true -Djava.io.tmpdir="$dir/tmp" \
    -Dzookeeper.preAllocSize=4096 -Dzookeeper.jmx.log4j.disable=true \
    -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -Dorg.slf4j.simpleLogger.showDateTime=true \
    '-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS' \
    -cp /usr/share/java/zookeeper.jar:/usr/share/java/slf4j-simple.jar \
    org.apache.zookeeper.server.quorum.QuorumPeerMain "$dir/zoo.cfg"
}

# --- PostgreSQL, and MongoDB's wire protocol over it -----------------------------------------------

# PostgreSQL refuses to run as root.
as_postgres=()
[ "$(id -u)" != 0 ] || as_postgres=(setpriv --reuid=postgres --regid=postgres --init-groups --)

make_cluster() {
  local dir=$DEV_DIR/postgres
  [ ! -d "$dir/data" ] || return 0
  mkdir -p "$dir"
  if [ ${#as_postgres[@]} -gt 0 ]; then
    chown postgres:postgres "$dir"
    # The directory itself is ours to open (mktemp -d closes it), those above are not.
    "${as_postgres[@]}" test -w "$dir" || chmod go+x "$DEV_DIR"
    "${as_postgres[@]}" test -w "$dir" ||
      die "the user postgres cannot enter $DEV_DIR: every directory above it must let others in (chmod o+x)"
  fi
  # Under another name until it is whole, so that one whose making was interrupted is not taken for it.
  rm -rf "$dir/data.new"
  (
    cd "$dir" &&
      "${as_postgres[@]}" "$(pg_bin)/initdb" -D data.new -U postgres -A trust -E UTF8 --locale=C --no-sync
  ) </dev/null >"$DEV_DIR/initdb.log" 2>&1 9>&- || die "initdb failed: $DEV_DIR/initdb.log"
  mv "$dir/data.new" "$dir/data"
}

# forget_postmaster removes what a postmaster that was killed left, once nothing of it is left. PostgreSQL
# does so by itself, but for a zombie, which a process that died stays for as long as the first process of
# the machine or container does not care.
forget_postmaster() {
  local data=$DEV_DIR/postgres/data deadline=$((SECONDS + 10)) cwd
  [ -e "$data/postmaster.pid" ] || return 0
  while :; do
    for cwd in /proc/[0-9]*/cwd; do
      # Each process of PostgreSQL works in the directory of its data. A zombie works nowhere.
      [ "$cwd" -ef "$data" ] && break
    done
    [ "$cwd" -ef "$data" ] || break
    # PostgreSQL says then who it is.
    [ $SECONDS -lt $deadline ] || return 0
    sleep 0.05
  done
  rm -f "$data/postmaster.pid"
}

start_postgres() {
  make_cluster
  forget_postmaster
  # Small, but durable: what was acknowledged is there after kill -9. On TCP only: the name of a socket in
  # a deep directory may be too long. Named shared memory lies in the data directory, not in /dev/shm.
  launch postgres "$DEV_DIR/postgres" "${as_postgres[@]}" "$(pg_bin)/postgres" -D "$DEV_DIR/postgres/data" \
    -p "$DEV_POSTGRES_PORT" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
    -c fsync=on -c synchronous_commit=on -c shared_buffers=64MB -c max_connections=220 \
    -c max_wal_size=256MB -c dynamic_shared_memory_type=mmap -c jit=off \
    -c max_parallel_workers_per_gather=0 -c log_min_messages=warning -c logging_collector=off
}

# build_devmongo sets devmongo to the program, and builds it unless it was built from the same files by the
# same Go before.
build_devmongo() {
  local bin=$DEV_DIR/bin src=$DEV_DIR/bin/src key
  key=$(cd "$here/devmongo" && { go version && cat go.mod go.sum ./*.go ./*.patch; } | sha256sum | cut -c1-16)
  devmongo=$bin/devmongo-$key
  [ ! -x "$devmongo" ] || return 0
  say "building devmongo: the first time takes a minute or two"
  rm -rf "$src"
  mkdir -p "$src/ferretdb"
  # FerretDB's SQLite backend is left out: it is a large part of the time that the build takes.
  (
    # A command of a condition does not stop at an error by itself: hence the &&.
    export GOWORK=off GOFLAGS=-buildvcs=false CGO_ENABLED=0
    cd "$here/devmongo" &&
      go mod download github.com/FerretDB/FerretDB &&
      cp -r "$(go list -m -f '{{.Dir}}' github.com/FerretDB/FerretDB)/." "$src/ferretdb" &&
      chmod -R u+w "$src/ferretdb" &&
      patch -s -F0 -p1 -d "$src/ferretdb" <ferretdb.patch &&
      cp go.mod go.sum "$src" &&
      go mod edit -replace "github.com/FerretDB/FerretDB=$src/ferretdb" "$src/go.mod" &&
      go build -modfile "$src/go.mod" -trimpath -tags ferretdb_no_sqlite -ldflags '-s -w' -o "$src/devmongo" .
  ) </dev/null >&2 9>&- || die "building devmongo failed"
  rm -f "$bin"/devmongo-*
  mv "$src/devmongo" "$devmongo"
  rm -rf "$src"
}

start_devmongo() {
  # The database postgres is one that each cluster has. Each open cursor of a client holds a connection, and
  # without a free one everything waits: 50 is FerretDB's default.
  launch devmongo "$DEV_DIR" "$devmongo" serve -listen "127.0.0.1:$DEV_MONGODB_PORT" \
    -postgres "postgres://postgres@127.0.0.1:$DEV_POSTGRES_PORT/postgres?sslmode=disable&pool_max_conns=200"
}

# ---------------------------------------------------------------------------------------------------

open_dev_dir
packages=()
[ "$part" = zookeeper ] || packages+=(postgresql patch)
[ "$part" = mongodb ] || packages+=(zookeeper)
install_missing "${packages[@]}"
if [ "$part" != zookeeper ]; then
  build_devmongo
  ensure postgres "$DEV_POSTGRES_PORT"
  ensure devmongo "$DEV_MONGODB_PORT"
  echo "mongodb://127.0.0.1:$DEV_MONGODB_PORT"
fi
if [ "$part" != mongodb ]; then
  ensure zookeeper "$DEV_ZOOKEEPER_PORT"
  echo "127.0.0.1:$DEV_ZOOKEEPER_PORT"
fi
