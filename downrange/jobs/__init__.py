"""Jobs of the command line: each reads its options, calls the part that does the work, and shows the result."""
