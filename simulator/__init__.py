"""Flight physics, sensors and ground stations of a rocket express flight; publishes what is heard over MQTT."""
