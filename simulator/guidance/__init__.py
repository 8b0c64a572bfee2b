"""Finds the flight that comes down at its target; says what is missing where there is none."""
