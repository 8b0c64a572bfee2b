"""What detectors of small rockets' events share: how a burn shows, and the fits that time it."""
