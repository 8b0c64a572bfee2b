"""Radio: what of a vehicle's packets reaches which station, when, and in what state."""
