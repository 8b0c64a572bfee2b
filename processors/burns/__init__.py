"""When engines burn, and what for."""
