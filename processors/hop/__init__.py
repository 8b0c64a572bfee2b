"""What detectors of hops' events share: when something leaves its rest, and whether it stands."""
