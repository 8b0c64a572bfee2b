#!/bin/bash
# Run once by the image, on an empty volume: an account for Grafana that reads the bucket and can do nothing else.
set -euo pipefail
influx v1 auth create --username grafana --password "$INFLUXDB_GRAFANA_PASSWORD" --org "$DOCKER_INFLUXDB_INIT_ORG" \
  --read-bucket "$DOCKER_INFLUXDB_INIT_BUCKET_ID" --description "Grafana, read only" > /dev/null
