"""Which station hears which vehicle, and whose packets count."""
