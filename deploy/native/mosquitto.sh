# shellcheck shell=bash
# mosquitto: the machine's own where it has one, else Debian's package and the libraries that the machine lacks, unpacked into the
# cache. Unpacked and not installed, also for root: an installed package would start a broker on port 1883 of the machine.

: "${cache:?}" "${here:?}" "${MOSQUITTO_AT_LEAST:?}"
mosquitto_cache=$cache/mosquitto

# mosquitto_program: prints the program, empty when there is none
mosquitto_program() {
  local program
  for program in "$(command -v mosquitto || true)" /usr/sbin/mosquitto /usr/local/sbin/mosquitto "$mosquitto_cache/root/usr/sbin/mosquitto"; do
    if [[ -n $program && -x $program ]] && at_least "$MOSQUITTO_AT_LEAST" "$(mosquitto_version "$program")"; then
      echo "$program"
      return
    fi
  done
}

mosquitto_libraries() { printf '%s:' "$mosquitto_cache"/root/usr/lib/* "$mosquitto_cache"/root/lib/*; }

# -h exits with 3 and begins with "mosquitto version 2.0.11"
mosquitto_version() {
  { LD_LIBRARY_PATH="$(mosquitto_libraries)${LD_LIBRARY_PATH:-}" "$1" -h || true; } 2> /dev/null | sed -n 's/^mosquitto version //p'
}

mosquitto_installed() { [[ -n $(mosquitto_program) ]]; }

mosquitto_install() {
  if ! have apt-get || ! have dpkg; then
    die "mosquitto $MOSQUITTO_AT_LEAST or newer is needed, and this machine has no apt-get to fetch it with" \
      "Fedora: sudo dnf install mosquitto    Arch: sudo pacman -S mosquitto    or set DOWNRANGE_TEST_MQTT_URL"
  fi
  rm -rf "$mosquitto_cache"
  mkdir -p "$mosquitto_cache/apt/lists/partial" "$mosquitto_cache/apt/archives/partial" "$mosquitto_cache/debs"
  with_progress "mosquitto: download from Debian" "$cache/logs/mosquitto.log" mosquitto_fetch
  mv "$mosquitto_cache/root.new" "$mosquitto_cache/root"
  rm -rf "$mosquitto_cache/apt" "$mosquitto_cache/debs"
  mosquitto_installed || die "mosquitto: the unpacked package does not run here" "as root: apt-get install mosquitto"
}

mosquitto_fetch() {
  # lists and archives of our own, so that no root is needed; signatures are checked as ever
  local apt=(-o "Dir::State::Lists=$mosquitto_cache/apt/lists" -o "Dir::Cache=$mosquitto_cache/apt" -o "APT::Sandbox::User=$(id -un)"
    -o Debug::NoLocking=true -o APT::Install-Recommends=false) package
  apt-get "${apt[@]}" update
  cd "$mosquitto_cache/debs" || return
  # what an installation would bring: the package and those of its libraries that this machine lacks
  apt-get "${apt[@]}" --simulate install mosquitto | awk '/^Inst / {print $2}' | xargs apt-get "${apt[@]}" download
  for package in *.deb; do dpkg -x "$package" "$mosquitto_cache/root.new"; done
}

mosquitto_start() {
  local data=$1 port=$2 program
  program=$(mosquitto_program)
  # production's limits and persistence, without its accounts: this one hears loopback only
  {
    sed -E '/^(allow_anonymous|password_file|acl_file|persistence_location|listener|connection_messages) /d' "$here/../mosquitto/mosquitto.conf"
    echo "listener $port 127.0.0.1"
    echo "allow_anonymous true"
    echo "persistence_location $data/"
    # started as root it would become the user mosquitto, whom the folder does not belong to
    echo "user $(id -un)"
  } > "$data/mosquitto.conf"
  if [[ $program == "$mosquitto_cache"/* ]]; then
    LD_LIBRARY_PATH=$(mosquitto_libraries)${LD_LIBRARY_PATH:-}
    export LD_LIBRARY_PATH
  fi
  exec "$program" -c "$data/mosquitto.conf"
}
