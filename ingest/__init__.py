"""MQTT to Kafka: checks every message, acknowledges it only when Kafka has it; and reads past flights' logs."""
