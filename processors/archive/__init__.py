"""The recorder: everything as it came, to Parquet; and the jobs that read it back."""
