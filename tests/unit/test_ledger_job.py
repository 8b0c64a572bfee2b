from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pytest
from flown import fly

from ingest.importers.csv_log import import_csv
from processors.audit.recording import Audit, audit
from processors.influx.stage import LINE_PROTOCOL
from runtime.archive.catalog import find_recording
from runtime.archive.layout import Stream, flight_folder
from runtime.archive.records import Archived
from runtime.archive.writer import write_part
from runtime.settings import ArchiveSettings
from telemetry.dictionary import Registry, built_in
from telemetry.message import Message
from telemetry.packets import PacketLayout
from telemetry.quality import LedgerRow
from telemetry.topics import Kind

SECONDS = 30
RATES = {"nav": 50, "propulsion": 20, "cargo": 5, "health": 1}


def record(root: Path, messages: Iterable[Message], rejected: Sequence[tuple[bytes, dict[str, str]]] = ()) -> None:
    kept = list(messages)
    write(root, Stream.TELEMETRY, [(m.payload, dict(m.kafka_headers())) for m in kept])
    first = kept[0]
    refusals = []
    for octets, changes in rejected:
        message = replace(first, payload=octets, kind=Kind.TELEMETRY)
        refusals.append((octets, dict(message.kafka_headers()) | {k: v.encode() for k, v in changes.items()}))
    write(root, Stream.REJECTED, refusals)


def write(root: Path, stream: Stream, contents: Sequence[tuple[bytes, dict[str, bytes]]]) -> None:
    key = b"live/F"
    records = [Archived(0, n, n, key, tuple(headers.items()), value) for n, (value, headers) in enumerate(contents)]
    if records:
        write_part(flight_folder(root, key), stream, records)


def audited(root: Path) -> Audit:
    return audit(find_recording(root, "F"), Registry())


def rows(found: Audit) -> dict[str, tuple[int, ...]]:
    return {r.packet: (r.sent, r.received, r.unique, r.duplicate, r.rejected, r.missing) for r in found.rows}


def telemetry(messages: Iterable[Message]) -> list[Message]:
    return [message for message in messages if message.kind is Kind.TELEMETRY]


def test_two_stations_make_every_packet_a_duplicate_once(tmp_path: Path) -> None:
    record(tmp_path, fly("F", SECONDS))
    found = audited(tmp_path)
    n = {name: SECONDS * rate for name, rate in RATES.items()}
    assert rows(found) == {name: (n[name], 2 * n[name], n[name], n[name], 0, 0) for name in RATES}
    assert found.balanced
    assert not found.has_ledger


def test_a_lost_second_is_missing(tmp_path: Path) -> None:
    messages = telemetry(fly("F", SECONDS, stations=["haiyang"]))
    record(tmp_path, [*messages[:10], *messages[11:]])
    found = audited(tmp_path)
    assert rows(found)["nav"] == (SECONDS * 50, (SECONDS - 1) * 50, (SECONDS - 1) * 50, 0, 0, 50)
    assert found.balanced


def test_the_vehicles_own_counter_proves_a_loss_that_nothing_follows(tmp_path: Path) -> None:
    messages = telemetry(fly("F", SECONDS, stations=["haiyang"]))
    health = PacketLayout(built_in("yuanxing-1")).octets(built_in("yuanxing-1").packets["health"].apid)
    record(tmp_path, [*messages[:-1], replace(messages[-1], payload=messages[-1].payload[-health:])])
    found = rows(audited(tmp_path))
    assert found["nav"] == (SECONDS * 50, (SECONDS - 1) * 50, (SECONDS - 1) * 50, 0, 0, 50)
    assert found["health"] == (SECONDS, SECONDS, SECONDS, 0, 0, 0)


def test_refused_packets_are_counted_by_what_they_claim_to_be(tmp_path: Path) -> None:
    messages = telemetry(fly("F", 3, stations=["haiyang"]))
    packet = bytearray(messages[0].payload[:75])
    size = 6 + int.from_bytes(packet[4:6], "big") + 1
    damaged = bytes(packet[: size - 1]) + bytes([packet[size - 1] ^ 1])
    conflict = b"nav,flight=F,run=live altitude_m=1 1"
    record(
        tmp_path,
        messages,
        [
            (damaged, {"reason": "bad-crc"}),
            (b"noise", {"reason": "bad-length"}),
            (b"1/3 of noise", {"reason": "too-large", "part": "1/3"}),
            (b"2/3 of noise", {"reason": "too-large", "part": "2/3"}),
            (conflict, {"reason": "field-conflict", "content-type": LINE_PROTOCOL, "kind": ""}),
        ],
    )
    found = audited(tmp_path)
    assert rows(found)["nav"] == (150, 151, 150, 0, 1, 0)
    assert rows(found)["?"] == (0, 2, 0, 0, 2, 0)
    assert found.balanced


def test_the_recorded_ledger_is_held_against_the_recount(tmp_path: Path) -> None:
    messages = list(fly("F", SECONDS))
    record(tmp_path, messages)
    recounted = audited(tmp_path).rows
    early = [
        row.model_copy(update={"received": 1, "unique": 1, "duplicate": 0, "missing": 0, "sent": 1})
        for row in recounted
    ]
    ledger(tmp_path, [*early, *recounted])
    found = audited(tmp_path)
    assert (found.has_ledger, found.balanced) == (True, True)


@pytest.mark.parametrize(("figure", "by"), [("unique", 1), ("sent", -1), ("rejected", 2)])
def test_a_figure_that_disagrees_is_named(tmp_path: Path, figure: str, by: int) -> None:
    record(tmp_path, fly("F", SECONDS))
    recounted = audited(tmp_path).rows
    wrong = [r.model_copy(update={figure: getattr(r, figure) + by}) if r.packet == "nav" else r for r in recounted]
    ledger(tmp_path, wrong)
    found = audited(tmp_path)
    (disagreement,) = found.disagreements
    assert (disagreement.vehicle, disagreement.packet, disagreement.figure) == ("ship", "nav", figure)
    assert disagreement.recorded - disagreement.recounted == by
    assert not found.balanced


def test_a_packet_type_that_the_ledger_does_not_know_is_a_disagreement(tmp_path: Path) -> None:
    record(tmp_path, fly("F", SECONDS))
    ledger(tmp_path, [row for row in audited(tmp_path).rows if row.packet != "nav"])
    assert {d.packet for d in audited(tmp_path).disagreements} == {"nav"}


def ledger(root: Path, records: Sequence[LedgerRow]) -> None:
    contents = [(row.model_dump_json().encode(), {"type": row.type.encode()}) for row in records]
    write(root, Stream.QUALITY, [*contents, (b"{}", {"type": b"latency"})])


def test_an_imported_flights_lines_kept_aside_stand_in_its_books(tmp_path: Path) -> None:
    path = tmp_path / "F.csv"
    path.write_text("t_s,speed_m_s,altitude_m\n" + "".join(f"{n},1,2\n" for n in range(100)) + "a,b,c\n")
    import_csv(path, ArchiveSettings(dir=tmp_path), Registry(), 12)
    assert rows(audited(tmp_path)) == {"kinematics": (100, 100, 100, 0, 0, 0), "?": (0, 1, 0, 0, 1, 0)}


def test_what_is_no_message_makes_the_books_unsound(tmp_path: Path) -> None:
    record(tmp_path, fly("F", 2))
    write_part(flight_folder(tmp_path, b"live/F"), Stream.TELEMETRY, [Archived(0, 99, 0, b"live/F", (), b"?")])
    found = audited(tmp_path)
    assert (found.unreadable, found.balanced) == (1, False)


def test_vehicles_have_books_of_their_own(tmp_path: Path) -> None:
    both = [*fly("F", 3, vehicle="ship"), *fly("F", 2, vehicle="booster")]
    record(tmp_path, both)
    by_vehicle = {
        vehicle: {row.packet: row.unique for row in found}
        for vehicle, found in groupby(audited(tmp_path).rows, key=lambda row: row.vehicle)
    }
    assert by_vehicle["ship"]["nav"] == 150
    assert by_vehicle["booster"]["nav"] == 100
