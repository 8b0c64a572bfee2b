"""What customers see: manifests, deliveries, the API and the tracking page."""
