"""Past flights' logs, brought into the archive so that they can be flown again."""
