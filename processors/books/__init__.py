"""The books of a flight: what came of every packet type, and what is missing."""
