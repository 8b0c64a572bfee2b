# shellcheck shell=bash
# Apache Kafka in KRaft mode, broker and controller in one process: its jars from Maven Central, and an archive of its loaded
# classes that halves the time to start.
#
# Environment of `start`: KAFKA_JVM (more flags of the JVM; tests give -XX:TieredStopAtLevel=1, which starts sooner and runs slower),
# KAFKA_HEAP (512m), KAFKA_CONTROLLER_PORT (a free one), KAFKA_LISTENERS_TOO ("NAME:PORT:ADVERTISED ...": a listener more for each,
# whose clients are told to come back by port ADVERTISED, where a proxy of theirs is; NAME in capitals), KAFKA_FLUSH_MESSAGES (1: what is
# acknowledged is on disk and not only in the page cache, as in production; left out here, where processes are killed and no machine is).

: "${cache:?}" "${here:?}" "${KAFKA_VERSION:?}" "${KAFKA_SCALA_VERSION:?}" "${LOG4J_BINDING_VERSION:?}"
: "${MAVEN_DEPENDENCY_PLUGIN_VERSION:?}" "${JAVA_AT_LEAST:?}"
kafka_libs=$cache/kafka/$KAFKA_VERSION

kafka_installed() { [[ -e $kafka_libs/complete ]] && kafka_java_will_do; }

kafka_java_will_do() { have java && at_least "$JAVA_AT_LEAST" "$(java -version 2>&1 | sed -nE 's/.* version "([0-9.]+).*/\1/p')"; }

kafka_install() {
  kafka_java_will_do || die "Kafka needs Java $JAVA_AT_LEAST or newer on the PATH" \
    "Debian, Ubuntu: sudo apt-get install default-jre-headless    or set DOWNRANGE_TEST_KAFKA_URL"
  have mvn || die "Maven is needed to fetch Kafka's jars" "Debian, Ubuntu: sudo apt-get install maven    or set DOWNRANGE_TEST_KAFKA_URL"
  rm -rf "$kafka_libs"
  mkdir -p "$kafka_libs"
  with_progress "kafka $KAFKA_VERSION: jars from Maven Central" "$cache/logs/kafka.log" kafka_fetch
  with_progress "kafka $KAFKA_VERSION: archive of its classes" "$cache/logs/kafka-archive.log" kafka_archive_classes
  touch "$kafka_libs/complete"
}

kafka_fetch() {
  mvn --batch-mode --strict-checksums --file "$here/kafka/pom.xml" \
    -Dkafka.version="$KAFKA_VERSION" -Dscala.version="$KAFKA_SCALA_VERSION" -Dlog4j.version="$LOG4J_BINDING_VERSION" \
    "org.apache.maven.plugins:maven-dependency-plugin:$MAVEN_DEPENDENCY_PLUGIN_VERSION:copy-dependencies" \
    -DincludeScope=runtime -DoutputDirectory="$kafka_libs"
}

# One broker is started and stopped; the JVM writes down what it loaded. Without the archive a start only takes longer.
kafka_archive_classes() {
  local data broker_pid
  data=$(mktemp -d)
  KAFKA_JVM="-XX:TieredStopAtLevel=1 -XX:ArchiveClassesAtExit=$kafka_libs/classes.jsa" KAFKA_LOG_LEVEL=INFO \
    kafka_start "$data" "$(free_port)" > "$data/out" 2>&1 &
  broker_pid=$!
  for _ in $(seq 300); do
    if grep -qs 'Kafka Server started' "$data/out" || ! kill -0 "$broker_pid" 2> /dev/null; then break; fi
    sleep 0.2
  done
  kill "$broker_pid" 2> /dev/null || true
  wait "$broker_pid" || true
  if [[ ! -s $kafka_libs/classes.jsa ]]; then
    tail -n 20 "$data/out"
    echo "no archive made: Kafka will start more slowly"
  fi
  rm -rf "$data"
}

kafka_start() {
  local data=$1 port=$2 controller_port=${KAFKA_CONTROLLER_PORT:-$(free_port)} jvm
  sed -e "s|@PORT@|$port|g" -e "s|@CONTROLLER_PORT@|$controller_port|g" -e "s|@DATA@|$data|g" \
    "$here/kafka/server.properties" > "$data/server.properties"
  kafka_add_listeners "$data/server.properties"
  [[ -z ${KAFKA_FLUSH_MESSAGES:-} ]] || echo "log.flush.interval.messages=$KAFKA_FLUSH_MESSAGES" >> "$data/server.properties"
  jvm=(-Xms128m -Xmx"${KAFKA_HEAP:-512m}" -XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError -Djava.net.preferIPv4Stack=true
    -Djava.awt.headless=true -Dlog4j2.configurationFile="$here/kafka/log4j2.properties" -Dkafka.log.level="${KAFKA_LOG_LEVEL:-WARN}"
    -Xlog:cds=off -Xlog:cds+dynamic=off -cp "$kafka_libs/*")
  [[ ! -s $kafka_libs/classes.jsa ]] || jvm=(-XX:SharedArchiveFile="$kafka_libs/classes.jsa" "${jvm[@]}")
  if [[ ! -e $data/log/meta.properties ]]; then
    java "${jvm[@]}" -XX:TieredStopAtLevel=1 kafka.tools.StorageTool format --cluster-id "$(kafka_cluster_id)" \
      --config "$data/server.properties" --ignore-formatted
  fi
  # shellcheck disable=SC2086  # KAFKA_JVM holds several words
  exec java "${jvm[@]}" ${KAFKA_JVM:-} kafka.Kafka "$data/server.properties"
}

kafka_add_listeners() {
  local properties=$1 each name port advertised
  for each in ${KAFKA_LISTENERS_TOO:-}; do
    IFS=: read -r name port advertised <<< "$each"
    sed -i -E -e "s|^(listeners=.*)|\1,$name://127.0.0.1:$port|" \
      -e "s|^(advertised.listeners=.*)|\1,$name://127.0.0.1:$advertised|" \
      -e "s|^(listener.security.protocol.map=.*)|\1,$name:PLAINTEXT|" "$properties"
  done
}

# 16 random octets as Kafka writes them: base64 for URLs without padding, and not beginning with a dash, which reads as an option
kafka_cluster_id() { printf 'D%s' "$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | cut -c 2-22)"; }
