"""Property tests run without a deadline per example: a busy machine is no counterexample."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("downrange", deadline=None, print_blob=True)
settings.load_profile("downrange")
