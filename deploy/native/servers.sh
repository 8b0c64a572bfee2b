#!/usr/bin/env bash
# The production shape's servers without Docker: installs them into a cache of the user's own, and starts them.
#
#   servers.sh install [all | NAME...]     once; later calls cost a moment. NAME: mosquitto, kafka, influxdb, chromium; telegraf
#   servers.sh installed NAME              exit code 0 when `start` needs nothing more
#   servers.sh start NAME DATA_DIR PORT    in the foreground, on 127.0.0.1:PORT, until SIGTERM; DATA_DIR may be an earlier one
#
# The cache is ${DOWNRANGE_CACHE_DIR:-${XDG_CACHE_HOME:-~/.cache}/downrange}. README.md beside this file says what comes from where.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=versions.sh
. "$here/versions.sh"
# shellcheck source=common.sh
. "$here/common.sh"

readonly names=(mosquitto kafka influxdb chromium)
# not part of `all`: only the benches want it
readonly extras=(telegraf)

usage() {
  sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
}

# load NAME: each server's file defines NAME_installed, NAME_install and NAME_start
load() {
  [[ " ${names[*]} ${extras[*]} " == *" $1 "* ]] || die "there is no server '$1'" "choose from: ${names[*]} ${extras[*]}"
  # shellcheck source=/dev/null
  . "$here/$1.sh"
}

install_one() {
  load "$1"
  if "$1_installed"; then
    return
  fi
  exclusively "$1" install_unless_installed "$1"
}

# asked again under the lock: the one who held it may have done it
install_unless_installed() { "$1_installed" || "$1_install"; }

install_many() {
  local wanted=("$@") name failed=()
  [[ ${#wanted[@]} -gt 0 && ${wanted[0]} != all ]] || wanted=("${names[@]}")
  for name in "${wanted[@]}"; do
    # each in a process of its own: all that can be had is installed before any failure is told
    if bash "${BASH_SOURCE[0]}" install-one "$name"; then say "$name: ready"; else failed+=("$name"); fi
  done
  [[ ${#failed[@]} -eq 0 ]] || die "could not install: ${failed[*]} (the reason and the remedy are above)"
}

case ${1:-} in
  install)
    shift
    install_many "$@"
    ;;
  install-one)
    install_one "$2"
    ;;
  installed)
    [[ $# -eq 2 ]] || usage
    load "$2"
    "$2_installed"
    ;;
  start)
    [[ $# -eq 4 ]] || usage
    load "$2"
    "$2_installed" || die "$2 is not installed" "install it: $here/servers.sh install $2"
    mkdir -p "$3"
    "$2_start" "$(cd "$3" && pwd)" "$4"
    ;;
  *) usage ;;
esac
