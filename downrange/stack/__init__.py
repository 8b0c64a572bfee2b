"""Servers as child processes: the embedded brokers of the demo, and the native ones."""
