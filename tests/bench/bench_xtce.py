"""A whole flight of all vehicles, read by space_packet_parser from the exported XTCE and held against our decoder."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from independent import differences, read_independently

from simulator.simulate import PACKETS_FILE, simulate, write_flight
from telemetry.codec import PacketCodec
from telemetry.dictionary import built_in

T0_NS = 1_767_225_600 * 10**9


def main(preset: str) -> int:
    """Read a preset's flight twice; exit code 1 if a value differs."""
    dictionary = built_in("yuanxing-1")
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        write_flight(simulate(preset, 1, T0_NS), "BENCH", folder)
        for path in sorted(folder.glob(f"*/{PACKETS_FILE}")):
            octets = path.read_bytes()
            began = time.perf_counter()
            found = read_independently(dictionary, octets, folder)
            theirs_s = time.perf_counter() - began
            packets = sum(map(len, found.values()))
            channels = {packet.apid: len(packet.channels) for packet in dictionary.packets.values()}
            samples = sum(channels[apid] * len(each) for apid, each in found.items())
            began = time.perf_counter()
            frames = PacketCodec(dictionary).decode(octets, "v", "s", T0_NS + 3600 * 10**9).frames
            ours_s = time.perf_counter() - began
            wrong += differences(dictionary, found)
            print(f"{preset} {path.parent.name}: {packets:,} packets, {samples:,} samples, {len(wrong)} differences")
            print(f"  space_packet_parser {theirs_s:.2f} s, {samples / theirs_s / 1e6:.2f} M samples/s")
            print(f"  Downrange {ours_s:.2f} s in {len(frames):,} runs, {samples / ours_s / 1e6:.2f} M samples/s")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*(sys.argv[1:] or ["express"])))
