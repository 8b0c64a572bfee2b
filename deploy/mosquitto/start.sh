#!/bin/sh
# Starts mosquitto in its container: start.sh plain|tls
# mosquitto wants password file and ACL private to its own user, and a mounted file is somebody else's: copies in memory are its own.
set -eu
umask 077
cp /run/secrets/mosquitto.passwd /tmp/passwd
cp /mosquitto/config/acl /tmp/acl
cat /mosquitto/config/mosquitto.conf "/mosquitto/config/listener-$1.conf" > /tmp/mosquitto.conf
exec mosquitto -c /tmp/mosquitto.conf
