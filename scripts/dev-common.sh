# shellcheck shell=bash
# What dev-up.sh and dev-down.sh share: the settings, and which process is which. Sourced, never run.

# The default directory is not XDG_RUNTIME_DIR for root: that one is closed to the user that PostgreSQL runs as.
dev_base=/tmp
[ "$(id -u)" = 0 ] || dev_base=${XDG_RUNTIME_DIR:-/tmp}
DEV_DIR=${DEV_DIR:-$dev_base/bcs-storage-dev}
DEV_ZOOKEEPER_PORT=${DEV_ZOOKEEPER_PORT:-2181}
DEV_MONGODB_PORT=${DEV_MONGODB_PORT:-27017}
DEV_POSTGRES_PORT=${DEV_POSTGRES_PORT:-25432}

# PGHOST, PGOPTIONS and the like would lead PostgreSQL's programs elsewhere.
unset "${!PG@}"

say() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }
die() { say "$@"; exit 1; }

# open_dev_dir makes the directory, or finds one that was made so, and its name absolute.
# Then it lets one run at a time in, by a lock on descriptor 9. What a run starts must not inherit that one
# (9>&-): it would hold the lock for as long as it lives.
open_dev_dir() {
  local lock
  [ -d "$DEV_DIR" ] || (umask 022 && mkdir -p "$DEV_DIR")
  DEV_DIR=$(cd "$DEV_DIR" && pwd -P)
  # The default name is one that anybody could have taken in /tmp.
  [ -O "$DEV_DIR" ] || die "$DEV_DIR belongs to another user"
  # What is removed later must be ours: a home directory given by mistake is not.
  lock=$DEV_DIR/bcs-storage-dev.lock
  [ -e "$lock" ] || [ -z "$(ls -A "$DEV_DIR")" ] || die "$DEV_DIR holds something else: give an empty directory"
  exec 9>"$lock"
  flock -w 300 9 || die "another dev-up.sh or dev-down.sh holds $lock"
}

# pid_of prints the pid of the process of that name (zookeeper, devmongo, postgres), and fails if there is
# none. A pid alone proves nothing: after kill -9 another process may have got it. So the process must
# have an argument that only this directory's server has.
pid_of() {
  local pid arg args=()
  pid=$(cat "$DEV_DIR/$1.pid" 2>/dev/null) || return 1
  [[ $pid =~ ^[0-9]+$ ]] || return 1
  # A zombie has no arguments, but neither has a process for a moment while it becomes another program.
  for _ in {1..50}; do
    { mapfile -d '' -t args <"/proc/$pid/cmdline"; } 2>/dev/null || return 1
    [ ${#args[@]} -eq 0 ] || break
    ! grep -q '^State:[[:space:]]*[ZX]' "/proc/$pid/status" 2>/dev/null || return 1
    sleep 0.02
  done
  for arg in "${args[@]}"; do
    case $1:$arg in
      zookeeper:"$DEV_DIR/zookeeper/zoo.cfg" | postgres:"$DEV_DIR/postgres/data" | devmongo:"$DEV_DIR/bin/devmongo-"*)
        echo "$pid"
        return 0
        ;;
    esac
  done
  return 1
}

# stopped tells whether a signal (SIGSTOP) holds the process with that pid.
stopped() { grep -q '^State:[[:space:]]*[Tt]' "/proc/$1/status" 2>/dev/null; }
