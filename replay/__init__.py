"""A recorded flight, flown again: archive to MQTT, at any speed; and how two runs of it compare."""
