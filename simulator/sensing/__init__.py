"""What sensors make of true quantities: errors, rates, delays and faults."""
