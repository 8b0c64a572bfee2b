"""The command line, the demo and the embedded stack: the only package that sees all others."""
