"""Packets with any values that a dictionary's channels can have."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemetry.channels import Channel
from telemetry.codec import PacketCodec
from telemetry.dictionary import Dictionary

T0_NS = 1_790_000_000_123_456_000


def made_up_packets(dictionary: Dictionary, count: int, seed: int = 1) -> bytes:
    """Return `count` packets of each type, one behind the other, with every channel all over its range."""
    rng = np.random.default_rng(seed)
    codec = PacketCodec(dictionary)
    octets = b""
    for name, packet in dictionary.packets.items():
        t_ns = T0_NS + np.arange(count, dtype=np.int64) * int(1e9 / packet.rate_hz)
        columns = {channel.name: _values(channel, rng, count) for channel in packet.channels}
        octets += codec.encode(name, np.arange(count, dtype=np.int64), t_ns, columns)
    return octets


def _values(channel: Channel, rng: np.random.Generator, count: int) -> NDArray[Any]:
    match channel.kind:
        case "label":
            return rng.choice(np.array(list(channel.labels or {}), dtype=np.int64), count)
        case "bool":
            return rng.random(count) < 0.5
        case "text":
            words = ["", "a", "Kestrel", "é" * 9, "x y", "0"]
            longest = channel.raw.bits // 8 - 1
            return np.array([word.encode()[:longest].decode(errors="ignore") for word in rng.choice(words, count)])
        case "octets":
            size = channel.raw.bits // 8
            return np.frombuffer(rng.bytes(size * count), dtype=f"V{size}")
        case "int":
            least, most = channel.raw.bounds
            kind = channel.raw.dtype.newbyteorder("=")
            return np.concatenate(
                [np.array([least, most], kind), rng.integers(least, most, count, kind, endpoint=True)]
            )[:count]
    low, high = channel.range or (-1e6, 1e6)
    return np.concatenate([[low, high], rng.uniform(low, high, count)])[:count]
