"""The codec alone: one-second bundles of `nav` to calibrated columns and back, and the same file by other decoders.

Every column is made, checks of header, CRC and time included; derived channels apart, they are computed when read.
"""

from __future__ import annotations

import argparse
import io
import logging
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ccsdspy  # type: ignore[import-untyped]  # it publishes no types
import numpy as np
import space_packet_parser
from numpy.typing import NDArray
from space_packet_parser.generators import ccsds_generator

from telemetry.channels import Channel
from telemetry.codec import PacketCodec
from telemetry.dictionary import built_in
from telemetry.survey import PacketSurveyor
from telemetry.xtce.export import export_xtce

T_NS = 1_790_000_000 * 10**9
PACKETS = 50
PACKET = "nav"


def best_s(work: Callable[[], object], times: int, rounds: int = 7) -> float:
    """Return the CPU time of one call, the best of several rounds: what disturbs only makes it longer."""
    found = []
    for _ in range(rounds):
        begin = time.process_time()
        for _ in range(times):
            work()
        found.append((time.process_time() - begin) / times)
    return min(found)


def measured(channel: Channel, rng: np.random.Generator) -> NDArray[Any]:
    low, high = channel.range or (0.0, 3.0)
    values = rng.uniform(low, high, PACKETS)
    return values if channel.kind == "float" else values.astype(np.int64)


def field_of(channel: Channel) -> ccsdspy.PacketField:
    kinds = {"unsigned": "uint", "signed": "int", "float": "float", "bool": "uint"}
    return ccsdspy.PacketField(channel.name, data_type=kinds[channel.raw.kind], bit_length=channel.raw.bits)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundles", type=int, default=20, help="in the file that all decoders read")
    options = parser.parse_args()
    logging.getLogger("ccsdspy").setLevel(logging.ERROR)
    dictionary = built_in("yuanxing-1")
    codec, packet = PacketCodec(dictionary), dictionary.packets[PACKET]
    rng, counts = np.random.default_rng(7), np.arange(PACKETS)
    t_ns = T_NS + counts * (10**9 // PACKETS)
    columns = {channel.name: measured(channel, rng) for channel in packet.channels}
    bundle = codec.encode(PACKET, counts, t_ns, columns)
    samples, ert_ns = PACKETS * len(packet.channels), int(t_ns[-1])
    decode_s = best_s(lambda: codec.decode(bundle, "ship", "haiyang", ert_ns), 2000)
    encode_s = best_s(lambda: codec.encode(PACKET, counts, t_ns, columns), 1000)
    surveyor = PacketSurveyor(codec)
    survey_s = best_s(lambda: surveyor.survey(bundle, ert_ns), 2000)
    derived_s = best_s(lambda: [*codec.decode(bundle, "ship", "haiyang", ert_ns).frames[0].columns.values()], 300)
    print(f"{PACKETS} packets of {PACKET}, {len(packet.channels)} channels, {len(bundle)} octets a bundle")
    print(f"decode   {samples / decode_s / 1e6:6.1f} M samples/s, {decode_s * 1e6:.1f} us a bundle")
    print(f"encode   {samples / encode_s / 1e6:6.1f} M samples/s, {encode_s * 1e6:.1f} us a bundle")
    print(f"survey   {samples / survey_s / 1e6:6.1f} M samples/s, {survey_s * 1e6:.1f} us a bundle")
    more = PACKETS * len(packet.quantities)
    print(f"derived  {more / derived_s / 1e6:6.1f} M samples/s, with {len(packet.derived)} derived channels computed")

    file = b"".join(codec.encode(PACKET, counts + at * PACKETS, t_ns, columns) for at in range(options.bundles))
    whole = samples * options.bundles
    ours_s = best_s(lambda: codec.decode(file, "ship", "haiyang", ert_ns), 20)
    with tempfile.TemporaryDirectory() as folder:
        document = Path(folder) / "nav.xml"
        document.write_text(export_xtce(dictionary).xml, encoding="utf-8")
        definition = space_packet_parser.load_xtce(document)
    parser_s = best_s(lambda: [definition.parse_bytes(one) for one in ccsds_generator(file)], 1, 3)
    time_field = ccsdspy.PacketField("time", data_type="uint", bit_length=8 * dictionary.time.octets)
    crc_field = ccsdspy.PacketField("crc", data_type="uint", bit_length=16)
    layout = ccsdspy.FixedLength([time_field, *(field_of(channel) for channel in packet.channels), crc_field])
    raw_s = best_s(lambda: layout.load(io.BytesIO(file)), 5, 3)
    print(f"one file of {len(file)} octets, {whole} samples, by several decoders:")
    print(f"  downrange           {whole / ours_s / 1e6:8.3f} M samples/s")
    for name, took_s in (("space_packet_parser", parser_s), ("ccsdspy (raw, no CRC)", raw_s)):
        print(f"  {name:22s}{whole / took_s / 1e6:6.3f} M samples/s, downrange is {took_s / ours_s:.0f} times as fast")


if __name__ == "__main__":
    main()
