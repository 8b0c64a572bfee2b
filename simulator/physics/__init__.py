"""The Earth, its air, what flies in it, and the integration of its motion; knows no mission."""
