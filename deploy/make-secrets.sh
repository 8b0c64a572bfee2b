#!/usr/bin/env bash
# deploy/make-secrets.sh [STATION...]
# Writes the secrets that docker-compose.yml asks for, all of them random: .env (passwords and tokens) and
# deploy/secrets/mosquitto.passwd (hashes only). What is there already is kept, so it can be run again, for example for one
# more station: its password is printed once and kept nowhere. Both files are private to you and ignored by git.
set -euo pipefail
umask 077
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
env_file=${DOWNRANGE_ENV_FILE:-$root/.env}
secrets=${DOWNRANGE_SECRETS_DIR:-$root/deploy/secrets}
image=eclipse-mosquitto:2.0.22
name_rule='^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'

secret() { head -c 32 /dev/urandom | base64 | tr -d '/+=\n' | cut -c1-40; }
value_of() { sed -n "s/^$1=//p" "$env_file"; }
keep_or_make() { [ -n "$(value_of "$1")" ] || printf '%s=%s\n' "$1" "${2:-$(secret)}" >> "$env_file"; }
hash_file='f=$(mktemp) && cat > "$f" && mosquitto_passwd -U "$f" >&2 && cat "$f" && rm "$f"'
hashed() {
  if command -v mosquitto_passwd > /dev/null; then sh -c "$hash_file"; else docker run --rm -i "$image" sh -c "$hash_file"; fi
}
has_account() { cut -d: -f1 "$passwd" | grep -qxF -- "$1"; }
add_account() { has_account "$1" || printf '%s:%s\n' "$1" "$2" | hashed >> "$passwd"; }

for station in "$@"; do
  [[ $station =~ $name_rule && $station != *..* ]] || { echo "make-secrets: '$station' is no station's name" >&2; exit 2; }
  case $station in ingest | replay | simulator | health) echo "make-secrets: '$station' is an account of the line itself" >&2; exit 2 ;; esac
done
command -v mosquitto_passwd > /dev/null || command -v docker > /dev/null || {
  echo "make-secrets: neither mosquitto_passwd nor docker is here to hash the passwords: install one of them" >&2; exit 2; }

mkdir -p "$secrets"
chmod 700 "$secrets"
touch "$env_file"
for name in MQTT_INGEST_PASSWORD MQTT_REPLAY_PASSWORD MQTT_SIMULATOR_PASSWORD MQTT_HEALTH_PASSWORD \
  INFLUXDB_ADMIN_PASSWORD INFLUXDB_ADMIN_TOKEN INFLUXDB_GRAFANA_PASSWORD INFLUXDB_AUDIT_PASSWORD \
  GRAFANA_ADMIN_PASSWORD TRACK_OPERATOR_TOKEN; do
  keep_or_make "$name"
done
# 16 random octets as Kafka writes a UUID: 22 characters of base64
keep_or_make KAFKA_CLUSTER_ID "$(head -c 16 /dev/urandom | base64 | tr '+/' 'AB' | cut -c1-22)"

passwd=$secrets/mosquitto.passwd
touch "$passwd"
add_account ingest "$(value_of MQTT_INGEST_PASSWORD)"
add_account replay "$(value_of MQTT_REPLAY_PASSWORD)"
add_account simulator "$(value_of MQTT_SIMULATOR_PASSWORD)"
add_account health "$(value_of MQTT_HEALTH_PASSWORD)"
for station in "$@"; do
  if has_account "$station"; then echo "$station has a password already"; continue; fi
  password=$(secret)
  add_account "$station" "$password"
  echo "$station: $password"
done
# the broker's own user must read it, whatever its number; the folder keeps everybody else of this machine out
chmod 644 "$passwd"
echo "Secrets are in $env_file and $secrets. A running broker takes new stations with: docker compose restart mosquitto" >&2
