"""The archive on disk: how a flight's Kafka records lie in Parquet files, who may write them, and how to read them."""
