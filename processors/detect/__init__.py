"""The service `detect`: flights in memory, their snapshots, and the steps from Kafka to Kafka."""
