"""Real servers for the tests: never a stand-in, never a skip."""
