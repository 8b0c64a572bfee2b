"""Mission control's Grafana dashboard as code, provisioned as a file or pushed to a running Grafana."""
