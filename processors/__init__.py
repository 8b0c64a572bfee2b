"""From packets to events: the engine, its detectors, the ledger, and the sinks."""
