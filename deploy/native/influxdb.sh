# shellcheck shell=bash
# InfluxDB 2, built from its source: the server from the Go module proxy, and the library of its query language from the same proxy
# with Cargo's crates. There is no web page in it, and no `influx` program; Downrange needs neither.

: "${cache:?}" "${INFLUXDB_VERSION:?}" "${FLUX_VERSION:?}" "${FLUX_PKG_CONFIG_VERSION:?}" "${GO_AT_LEAST:?}"
influxdb_program=$cache/influxd/$INFLUXDB_VERSION/influxd

influxdb_installed() { [[ -x $influxdb_program ]]; }

influxdb_install() {
  local missing=()
  { have go && at_least "$GO_AT_LEAST" "$(go env GOVERSION | sed 's/^go//')"; } || missing+=("Go $GO_AT_LEAST or newer: https://go.dev/doc/install")
  have cargo || missing+=("Rust: https://rustup.rs")
  have gcc || missing+=("a C compiler: sudo apt-get install gcc")
  [[ ${#missing[@]} -eq 0 ]] || die "InfluxDB is built from source, and that needs:" "${missing[@]}" "or set DOWNRANGE_TEST_INFLUX_URL"
  say "influxdb $INFLUXDB_VERSION: building it takes up to 15 minutes, this once"
  mkdir -p "$(dirname "$influxdb_program")"
  with_progress "influxdb $INFLUXDB_VERSION: build (1/2, query language: the longer half)" "$cache/logs/influxdb-flux.log" influxdb_build_flux
  with_progress "influxdb $INFLUXDB_VERSION: build (2/2, server)" "$cache/logs/influxdb.log" influxdb_build_server
}

influxdb_build_dir=$cache/influxd/build

influxdb_build_environment() {
  cd "$influxdb_build_dir" || return
  export GOFLAGS=-mod=mod PKG_CONFIG=$influxdb_build_dir/pkg-config
  # flux asks for a Rust of 2023 and makes errors of warnings, those of newer compilers too. A wrapper takes the warnings back;
  # flags in RUSTFLAGS would not reach the copy of flux that its build script links.
  export RUSTUP_TOOLCHAIN=${RUSTUP_TOOLCHAIN:-stable} RUSTC_WORKSPACE_WRAPPER=$influxdb_build_dir/rustc
  # a third of the build time, for a library that runs no query of ours that counts
  export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
}

influxdb_build_flux() {
  mkdir -p "$influxdb_build_dir"
  influxdb_build_environment
  printf '#!/bin/sh\nexec "$@" --cap-lints warn\n' > rustc
  chmod +x rustc
  # influxdb's own go.mod replaces this module, and Go follows replacements of the main module only
  cat > go.mod <<MOD
module influxd

go 1.23.0

require (
	github.com/influxdata/flux v$FLUX_VERSION
	github.com/influxdata/influxdb/v2 v$INFLUXDB_VERSION
	github.com/influxdata/pkg-config v$FLUX_PKG_CONFIG_VERSION
)

replace github.com/nats-io/nats-streaming-server v0.11.2 => github.com/influxdata/nats-streaming-server v0.11.3-0.20201112040610-c277f7560803
MOD
  # flux's own pkg-config: asked for the library's flags, it builds the library with cargo
  go build -o pkg-config github.com/influxdata/pkg-config
  ./pkg-config --cflags --libs flux
}

influxdb_build_server() {
  influxdb_build_environment
  go build -v -tags sqlite_foreign_keys,sqlite_json -ldflags "-s -w -X main.version=v$INFLUXDB_VERSION" \
    -o "$influxdb_program.new" github.com/influxdata/influxdb/v2/cmd/influxd
  "$influxdb_program.new" version
  mv "$influxdb_program.new" "$influxdb_program"
}

influxdb_start() {
  local data=$1 port=$2
  exec "$influxdb_program" --http-bind-address "127.0.0.1:$port" --reporting-disabled --log-level warn \
    --bolt-path "$data/influxd.bolt" --sqlite-path "$data/influxd.sqlite" --engine-path "$data/engine"
}
