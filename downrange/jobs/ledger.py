"""`downrange ledger`: the books of a recorded flight, recounted from its raw packets."""


def ledger() -> None:
    """Recount the books of a recorded flight."""
