#!/bin/bash
# Run once by the image, on an empty volume: an account for `audit` and `downrange ledger` that reads the bucket and can do nothing else.
# A service names it as its token, `audit:PASSWORD`: InfluxDB makes up tokens of its own kind itself, so none can be set beforehand.
set -euo pipefail
influx v1 auth create --username audit --password "$INFLUXDB_AUDIT_PASSWORD" --org "$DOCKER_INFLUXDB_INIT_ORG" \
  --read-bucket "$DOCKER_INFLUXDB_INIT_BUCKET_ID" --description "Audit, read only" > /dev/null
