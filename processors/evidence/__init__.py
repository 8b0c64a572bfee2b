"""What detectors of full telemetry share: signs read off rows."""
