"""The shells' toolbox: settings, service life-cycle, MQTT and Kafka adapters, logs, metrics."""
