# shellcheck shell=bash
# Telegraf, which the benches compare ingest with: built from the Go module proxy, with those plugins only. Not part of `all`.

: "${cache:?}" "${TELEGRAF_VERSION:?}" "${GO_AT_LEAST:?}"
telegraf_program=$cache/telegraf/$TELEGRAF_VERSION/telegraf
telegraf_plugins=custom,inputs.mqtt_consumer,inputs.kafka_consumer,outputs.kafka,outputs.influxdb_v2,parsers.influx,parsers.value,serializers.influx,serializers.template

telegraf_installed() { [[ -x $telegraf_program ]]; }

telegraf_install() {
  have go && at_least "$GO_AT_LEAST" "$(go env GOVERSION | sed 's/^go//')" ||
    die "Telegraf is built from source, and that needs Go $GO_AT_LEAST or newer" "https://go.dev/doc/install"
  mkdir -p "$(dirname "$telegraf_program")"
  with_progress "telegraf $TELEGRAF_VERSION: build (2 minutes)" "$cache/logs/telegraf.log" telegraf_build
}

telegraf_build() {
  GOBIN=$(dirname "$telegraf_program") go install -ldflags "-s -w" -tags "$telegraf_plugins" \
    "github.com/influxdata/telegraf/cmd/telegraf@v$TELEGRAF_VERSION"
}

# telegraf_start DATA_DIR PORT: with DATA_DIR/telegraf.conf; it listens nowhere
telegraf_start() { exec "$telegraf_program" --config "$1/telegraf.conf" --quiet; }
