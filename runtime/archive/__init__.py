"""The archive on disk: how a flight's Kafka records lie in Parquet files, who may write them, and how to read them."""

import pyarrow as pa

# Arrow's own pools keep what they once had, which doubles the memory of a process that streams
pa.set_memory_pool(pa.system_memory_pool())
