"""Late data: what the hold has given up on and came after all, and the stretch of flight that is run again with it."""
