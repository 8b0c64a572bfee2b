"""The report of a flight: what was measured, what happened and how sure that is, and what is not known, on one page."""
