"""Many flights: a schedule, flown together in one process."""
