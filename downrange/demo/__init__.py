"""The demo: one delivery through the whole line, shown as it happens."""
