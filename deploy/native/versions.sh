# shellcheck shell=bash disable=SC2034  # read by the scripts that source this file
# Every version that the native servers are built from, in one place. docker-compose.yml names the same servers' images.

# Maven Central: org.apache.kafka:kafka_2.13 and the logging binding that it leaves to its user
KAFKA_VERSION=4.4.0
KAFKA_SCALA_VERSION=2.13
LOG4J_BINDING_VERSION=2.25.5
MAVEN_DEPENDENCY_PLUGIN_VERSION=3.8.1
JAVA_AT_LEAST=17

# Go module proxy and Cargo: influxd, and the query language's Rust library that it links
INFLUXDB_VERSION=2.7.12
FLUX_VERSION=0.196.1
FLUX_PKG_CONFIG_VERSION=0.2.14
GO_AT_LEAST=1.23

# Debian's own package, or any mosquitto on the PATH that speaks MQTT 5 and takes a `listener` with an address
MOSQUITTO_AT_LEAST=2.0

# Go module proxy; only benches compare with it
TELEGRAF_VERSION=1.37.2
