"""Flight events, one detector a file; a new file is found by itself."""
