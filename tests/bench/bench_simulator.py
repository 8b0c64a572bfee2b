"""What a flight's packets cost, in CPU time of this process: sensors and encoding.

A sample is one value of one channel in one packet.
"""

from __future__ import annotations

import argparse
import cProfile
import functools
import pstats
import time
from collections.abc import Callable

import numpy as np

from simulator.simulate import simulate
from telemetry.codec import PacketCodec

ROUNDS = 3


def cpu_s(make: Callable[[], object]) -> float:
    """Return the least CPU time of some rounds."""
    spent = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        make()
        spent.append(time.process_time() - begin)
    return min(spent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="express")
    parser.add_argument("--profile", action="store_true", help="say where the time goes")
    options = parser.parse_args()
    begin = time.process_time()
    sent = simulate(options.preset, 7, 1_790_000_000 * 10**9)
    print(f"{options.preset}: flown in {time.process_time() - begin:.2f} s")
    codec = PacketCodec(sent.dictionary)
    total, spent_s = 0, np.zeros(2)
    for vehicle in sent.flight.tracks:
        for packet in sent.packet_types(vehicle):
            samples = sent.sent(vehicle)[packet] * len(sent.columns(vehicle, packet))
            stream, columns = sent.stream(vehicle, packet), sent.columns(vehicle, packet)
            counts = np.arange(len(stream.t_ns))
            sensors_s = cpu_s(functools.partial(sent.columns, vehicle, packet))
            encoding_s = cpu_s(functools.partial(codec.encode, packet, counts, stream.t_ns, columns))
            spent_s += np.array([sensors_s, encoding_s])
            total += samples
            print(
                f"{vehicle:8} {packet:11} {samples:8} samples: sensors {samples / sensors_s / 1e6:5.1f} M/s, "
                f"encoding {samples / encoding_s / 1e6:6.1f} M/s"
            )
    sensing, encoding, both = total / np.array([*spent_s, spent_s.sum()]) / 1e6
    print(f"all: sensors {sensing:.1f}, encoding {encoding:.1f}, both {both:.1f} M samples/s a core")
    if options.profile:
        profile = cProfile.Profile()
        profile.runcall(lambda: [*sent.parts("ship", "nav")])
        pstats.Stats(profile).sort_stats("tottime").print_stats(20)


if __name__ == "__main__":
    main()
