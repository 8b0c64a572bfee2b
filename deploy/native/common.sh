# shellcheck shell=bash
# What the scripts of the three servers share: where things are kept, how they are said, and that nothing is done twice.

cache=${DOWNRANGE_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/downrange}
[[ $cache == /* ]] || cache=$PWD/$cache

say() { printf '%s\n' "$*" >&2; }

die() {
  say "$1"
  shift
  local line
  for line in "$@"; do say "  $line"; done
  exit 1
}

have() { command -v "$1" > /dev/null 2>&1; }

# at_least WANTED HAD: version HAD is WANTED or newer
at_least() { [[ $(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1) == "$1" ]]; }

# exclusively NAME COMMAND...: one installation of a server at a time, whoever asks. The lock goes with the descriptor,
# which background processes of COMMAND must close (9>&-), or they would hold it beyond its end.
exclusively() {
  local name=$1
  shift
  mkdir -p "$cache"
  exec 9> "$cache/.$name.lock"
  if ! flock --nonblock 9; then
    say "$name: another process is installing it; waiting"
    flock 9
  fi
  "$@"
  exec 9>&-
}

# with_progress LABEL LOG COMMAND...: run COMMAND with its output in LOG, and show how long it takes and what it does
# last: on one line at a terminal, as a line every half minute elsewhere. A failure shows the end of the log.
with_progress() {
  local label=$1 log=$2 command_pid last elapsed_s=0 next_s=5 began_s=$SECONDS
  shift 2
  mkdir -p "$(dirname "$log")"
  # in a process group of its own, so that an interrupt ends compilers and downloads too
  set -m
  "$@" < /dev/null > "$log" 2>&1 9>&- &
  command_pid=$!
  set +m
  trap 'kill -- "-$command_pid" 2> /dev/null; exit 130' INT TERM
  while kill -0 "$command_pid" 2> /dev/null; do
    elapsed_s=$((SECONDS - began_s))
    if [[ -t 2 ]]; then
      last=$(tail -c 300 "$log" | tr '\r' '\n' | tail -n 1 | tr -cd '[:print:]')
      printf '\r\033[K%s: %d:%02d  %s' "$label" $((elapsed_s / 60)) $((elapsed_s % 60)) "${last:0:60}" >&2
    elif ((elapsed_s >= next_s)); then
      last=$(tail -n 1 "$log" | tr -cd '[:print:]')
      say "$(printf '%s: %d:%02d  %s' "$label" $((elapsed_s / 60)) $((elapsed_s % 60)) "${last:0:60}")"
      next_s=$((elapsed_s + 30))
    fi
    sleep 0.2
  done
  trap - INT TERM
  [[ ! -t 2 ]] || printf '\r\033[K' >&2
  if ! wait "$command_pid"; then
    tail -n 20 "$log" >&2
    die "$label: failed; the whole of it is in $log"
  fi
  elapsed_s=$((SECONDS - began_s))
  say "$(printf '%s: done in %d:%02d' "$label" $((elapsed_s / 60)) $((elapsed_s % 60)))"
}

# free_port: below the range from which the kernel takes the ports of outgoing connections
free_port() {
  local port
  while true; do
    port=$((20000 + RANDOM % 12000))
    if ! (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null; then
      echo "$port"
      return
    fi
  done
}
