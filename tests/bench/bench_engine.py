"""The engine alone, with all detectors: what a message and a flight cost, in CPU time of this process.

An express flight with both vehicles and all stations, in bundles of 0.2 s, as the live line brings it.
"""

from __future__ import annotations

import argparse
import time

from detection import DECODER, NS, detect, messages_of, transmitter

from telemetry.topics import Kind


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="express")
    parser.add_argument("--messages", type=int, default=12_000, help="how many, from the start of the flight")
    options = parser.parse_args()
    messages = messages_of(transmitter(options.preset))[: options.messages]
    begin = time.process_time()
    decoded = [DECODER.decode(message) for message in messages if message.kind is Kind.TELEMETRY]
    decoding_s = time.process_time() - begin
    begin = time.process_time()
    flown = detect(messages)
    engine_s = time.process_time() - begin - decoding_s
    flight_s = (messages[-1].ert_ns - messages[0].ert_ns) / NS
    samples = sum(len(frame) * len(frame.columns) for one in decoded for frame in one.frames)
    print(f"{options.preset}: {flight_s:.0f} s of flight, {len(decoded)} messages, {samples} channel samples")
    print(f"decoding {decoding_s / len(decoded) * 1e6:.0f} us a message, {decoding_s / flight_s:.4f} core")
    print(f"engine   {engine_s / len(decoded) * 1e6:.0f} us a message, {engine_s / flight_s:.4f} core")
    print(f"engine   {samples / engine_s / 1e6:.2f} M samples/s a core")
    print(f"snapshot {len(flown.engine.snapshot())} octets")


if __name__ == "__main__":
    main()
