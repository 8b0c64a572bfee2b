"""The InfluxDB writer: telemetry, events and quality as line protocol."""
