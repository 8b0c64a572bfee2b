"""A simulated flight for other programs and for the eye: tables, maps and plots of what truly happened."""
