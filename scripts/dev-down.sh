#!/usr/bin/env bash
# Stops what scripts/dev-up.sh started: scripts/dev-down.sh [--purge] [zookeeper|mongodb]
#
# Without the name of a part both. The data stay, unless --purge. The environment is that of dev-up.sh:
# DEV_DIR says which instance. A process that does not end in time is killed with SIGKILL.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=scripts/dev-common.sh
. "$here/dev-common.sh"

part=both purge=no
for arg in "$@"; do
  case $arg in
    --purge) purge=yes ;;
    zookeeper | mongodb) part=$arg ;;
    *) say "usage: dev-down.sh [--purge] [zookeeper|mongodb]"; exit 2 ;;
  esac
done

# gone waits until a process has ended: gone NAME SECONDS
gone() {
  local deadline=$((SECONDS + $2))
  while pid_of "$1" >/dev/null; do
    [ $SECONDS -lt $deadline ] || return 1
    sleep 0.1
  done
}

# stop ends one process: stop NAME SIGNAL... Each signal has its time, the last one is SIGKILL.
stop() {
  local name=$1 pid signal children=()
  shift
  for signal in "$@" KILL; do
    pid=$(pid_of "$name") || break
    if [ "$signal" = KILL ]; then
      say "$name: pid $pid does not end: kill -9"
      # A backend that does not notice the end of its postmaster would keep the next one from starting.
      mapfile -t children < <(grep -lsx "PPid:[[:space:]]*$pid" /proc/[0-9]*/status | cut -d/ -f3)
    fi
    kill -s "$signal" "$pid" "${children[@]}" 2>/dev/null || true
    # One that SIGSTOP holds would see the other signal only after it went on.
    kill -s CONT "$pid" 2>/dev/null || true
    gone "$name" 10 && break
  done
  if pid=$(pid_of "$name"); then die "$name: pid $pid survived SIGKILL"; fi
  rm -f "$DEV_DIR/$name.pid"
}

[ -d "$DEV_DIR" ] || exit 0
open_dev_dir
if [ "$part" != mongodb ]; then
  stop zookeeper TERM
  [ $purge = no ] || (cd "$DEV_DIR" && rm -rf zookeeper zookeeper.log)
fi
if [ "$part" != zookeeper ]; then
  stop devmongo TERM
  # SIGINT ends the connections and writes a checkpoint, SIGQUIT leaves that to the next start.
  stop postgres INT QUIT
  [ $purge = no ] || (cd "$DEV_DIR" && rm -rf postgres postgres.log initdb.log devmongo.log bin)
fi
if [ $purge = yes ] && [ "$part" = both ]; then
  rm -f "$DEV_DIR/install.log" "$DEV_DIR/bcs-storage-dev.lock"
  # A file that somebody else put there stays, and so does the directory then.
  rmdir "$DEV_DIR" 2>/dev/null || true
fi
