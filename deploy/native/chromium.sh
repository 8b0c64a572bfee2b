# shellcheck shell=bash
# Chromium, in which the tracking page is tested. It is no server: there is nothing to start.

: "${cache:?}"

chromium_installed() { have chromium || have chromium-browser || have google-chrome; }

chromium_install() {
  if ! have apt-get || [[ $(id -u) -ne 0 ]]; then
    die "Chromium is needed to test the tracking page" \
      "Debian: sudo apt-get install chromium fonts-dejavu fonts-noto-cjk    Fedora: sudo dnf install chromium"
  fi
  with_progress "chromium: Debian's package" "$cache/logs/chromium.log" chromium_fetch
}

chromium_fetch() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get update
  apt-get install --yes --no-install-recommends chromium fonts-dejavu fonts-noto-cjk
}

chromium_start() { die "chromium is no server"; }
