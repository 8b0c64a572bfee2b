#!/usr/bin/env bash
# deploy/make-tls.sh HOST...
# Makes a certificate authority of your own (once) and a server certificate for the MQTT broker under the given host names and addresses,
# for deploy/tls.override.yml. Stations get mqtt-ca.pem. With a certificate from elsewhere, put mqtt-ca.pem, mqtt-cert.pem and mqtt-key.pem
# into deploy/secrets instead.
set -euo pipefail
umask 077
[ $# -gt 0 ] || { echo "usage: deploy/make-tls.sh HOST..." >&2; exit 2; }
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
secrets=${DOWNRANGE_SECRETS_DIR:-$root/deploy/secrets}
mkdir -p "$secrets"
chmod 700 "$secrets"
cd "$secrets"
names=DNS:mosquitto
for host in "$@"; do
  if [[ $host =~ ^[0-9.]+$ || $host == *:* ]]; then names+=,IP:$host; else names+=,DNS:$host; fi
done
if [ ! -e mqtt-ca.pem ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=Downrange stations CA" \
    -addext keyUsage=critical,keyCertSign,cRLSign -keyout mqtt-ca-key.pem -out mqtt-ca.pem 2> /dev/null
fi
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout mqtt-key.pem -out mqtt.csr 2> /dev/null
openssl x509 -req -in mqtt.csr -CA mqtt-ca.pem -CAkey mqtt-ca-key.pem -CAcreateserial -days 397 -out mqtt-cert.pem \
  -extfile <(printf 'subjectAltName=%s\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n' "$names") 2> /dev/null
rm mqtt.csr
# read by the broker's own user; the folder keeps everybody else of this machine out
chmod 644 mqtt-ca.pem mqtt-cert.pem mqtt-key.pem
echo "Certificate for $names in $secrets, valid for 397 days" >&2
