"""The contract that every part shares: dictionary, packets, frames, events, topics, errors. Pure."""
