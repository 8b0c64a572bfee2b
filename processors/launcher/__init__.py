"""What the detectors of launchers' logs share."""
