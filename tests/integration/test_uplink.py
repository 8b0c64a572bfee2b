"""An uplink on a real broker: what is not confirmed is kept and sent again, whatever breaks; on both stores alike."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator, MutableMapping
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

import pytest
from proxy import proxied
from servers.own import OwnMosquitto
from structlog.testing import capture_logs

from downrange.stack.process import free_port
from runtime.logs import logger
from runtime.mqtt import Client, Connection, Inbound, connect
from runtime.settings import MqttSettings
from runtime.spool import MemorySpool, Store, open_disk_spool
from runtime.uplink import Outbox, Pace, Uplink, open_flight_uplink, open_uplink
from telemetry.acks import Ack, RefusedOctets, SettledMessage
from telemetry.errors import FatalError, PacketError, Reason, TransientError
from telemetry.link import WILL, LinkReport
from telemetry.message import JSON, SPACE_PACKETS, Message
from telemetry.topics import ROOT, Address, Kind

LOG: Final = logger("test")
WITHIN_S: Final = 30
ROOM: Final = 20
T_NS: Final = 1_893_456_000 * 10**9
PATIENT: Final = Pace(window=8, first_window=8, resend_after_s=60.0)
QUICK: Final = Pace(window=8, first_window=8, resend_after_s=0.2)
STATION: Final = """
import asyncio, sys
from pathlib import Path
from runtime.logs import logger
from runtime.settings import MqttSettings
from runtime.spool import open_disk_spool
from runtime.uplink import Pace, open_uplink
from telemetry.message import Message
from telemetry.topics import Address, Kind

async def main(url, folder, *names):
    address = Address(*names)
    with open_disk_spool(Path(folder), address, 10**9) as spool:
        pace = Pace(first_window=256)
        async with open_uplink(MqttSettings(url=url), address, spool, logger("station"), pace=pace) as uplink:
            for number in range(10**9):
                await uplink.send(Message(address, Kind.TELEMETRY, number.to_bytes(8, "big"), number + 1))
                print("sent", number, flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


class LineEnd:
    """The other end of the line: hears what stations publish and confirms what it likes."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.heard: list[Inbound] = []

    async def hears(self, n: int) -> list[Inbound]:
        """Wait until `n` messages have come in all, and return them."""
        async with asyncio.timeout(WITHIN_S):
            while len(self.heard) < n:
                batch = await self.connection.receive(100)
                await self.connection.acknowledge(batch)
                self.heard += batch
        return self.heard

    async def hears_no_more_than(self, n: int) -> None:
        """Ask the broker whether it has more: what it has comes before the answer."""
        await self.connection.publish(f"{ROOT}/asked/F/v/s/tm", b"?")
        assert [one.payload for one in (await self.hears(n + 1))[n:]] == [b"?"]
        self.heard.pop()

    async def says(self, topic: str, payload: bytes) -> None:
        await self.connection.publish(f"{topic.rpartition('/')[0]}/{Kind.ACK.value}", payload)

    async def confirms(self, messages: list[Inbound], *refused: RefusedOctets) -> None:
        for one in messages:
            settled = SettledMessage(correlation=one.correlation.hex(), refused=refused)
            await self.says(one.topic, Ack(settled=(settled,)).model_dump_json().encode())

    async def confirms_for_ever(self) -> None:
        """Confirm whatever comes, until cancelled."""
        at = len(self.heard)
        while True:
            await self.hears(at + 1)
            fresh, at = self.heard[at:], len(self.heard)
            await self.confirms([one for one in fresh if one.correlation])

    async def confirms_all(self, uplink: Outbox) -> list[Inbound]:
        """Confirm whatever comes until the uplink has nothing left; returns what came."""
        known = len(self.heard)
        async with asyncio.TaskGroup() as group:
            confirming = group.create_task(self.confirms_for_ever())
            await uplink.drained(WITHIN_S)
            confirming.cancel()
        return self.heard[known:]


@asynccontextmanager
async def line_end(settings: MqttSettings, flight: str) -> AsyncIterator[LineEnd]:
    async with connect(Client(settings, f"line-{token_hex(4)}"), LOG) as connection:
        for topic_filter in (f"{ROOT}/live/{flight}/+/+/tm", f"{ROOT}/live/{flight}/+/+/link", f"{ROOT}/asked/#"):
            await connection.subscribe(topic_filter)
        yield LineEnd(connection)


@pytest.fixture
def settings(mqtt_url: str) -> MqttSettings:
    return MqttSettings(url=mqtt_url)


@pytest.fixture
def address() -> Address:
    return Address("live", f"F-{token_hex(4)}", "ship", "haiyang")


@pytest.fixture(params=["memory", "disk"])
def store(request: pytest.FixtureRequest, tmp_path: Path, address: Address) -> Iterator[Store]:
    on_disk = open_disk_spool(tmp_path, address, ROOM * (1 + 64))
    with on_disk if request.param == "disk" else nullcontext(MemorySpool(ROOM)) as opened:
        yield opened


@pytest.fixture
async def line(settings: MqttSettings, address: Address) -> AsyncIterator[LineEnd]:
    async with line_end(settings, address.flight) as end:
        yield end


def message(address: Address, number: int) -> Message:
    return Message(address, Kind.TELEMETRY, bytes([number]), T_NS + number)


def numbers(messages: list[Inbound]) -> list[int]:
    return [one.payload[0] for one in messages]


async def settled(uplink: Uplink, n: int) -> None:
    async with asyncio.timeout(WITHIN_S), uplink._settled:
        await uplink._settled.wait_for(lambda: uplink.tally.settled >= n)


async def logged(said: list[MutableMapping[str, Any]], text: str) -> None:
    """Return when a log line has a text in it."""
    async with asyncio.timeout(WITHIN_S):
        while not any(text in str(value) for entry in said for value in entry.values()):  # noqa: ASYNC110 -- a list
            await asyncio.sleep(0.05)


async def test_messages_arrive_in_order_with_all_that_is_known_of_them(
    settings: MqttSettings, address: Address, store: Store, line: LineEnd
) -> None:
    async with open_uplink(settings, address, store, LOG, pace=PATIENT) as uplink:
        await uplink.send(message(address, 1))
        await uplink.report(LinkReport(state="aos", reason="mask", ert_ns=T_NS, signal_dbm=-90.5))
        await uplink.send(Message(address, Kind.TELEMETRY, b"{}", T_NS, 7, content_type=JSON, dictionary="webcast"))
        heard = await line.hears(3)
        await line.confirms(heard)
        await uplink.drained(WITHIN_S)
    first, report, last = heard
    assert (first.topic, first.payload, first.content_type) == (address.topic(Kind.TELEMETRY), b"\x01", SPACE_PACKETS)
    assert first.properties["ert_ns"] == str(T_NS + 1)
    assert int(first.properties["sent_ns"]) > 1_700_000_000 * 10**9
    assert (report.topic, report.content_type) == (address.topic(Kind.LINK), JSON)
    assert LinkReport.model_validate_json(report.payload).signal_dbm == -90.5
    assert (last.content_type, last.properties) == (
        JSON,
        {"ert_ns": str(T_NS), "sent_ns": "7", "dictionary": "webcast"},
    )
    assert len({one.correlation for one in heard}) == 3
    assert (len(uplink), uplink.tally.sent, uplink.tally.settled, uplink.tally.resent) == (0, 3, 3, 0)


async def test_on_a_new_connection_one_message_goes_alone_until_the_line_has_answered(
    settings: MqttSettings, address: Address, store: Store, line: LineEnd
) -> None:
    async with open_uplink(settings, address, store, LOG, pace=Pace(window=8, resend_after_s=60.0)) as uplink:
        for number in range(12):
            await uplink.send(message(address, number))
        await line.hears(1)
        await line.hears_no_more_than(1)
        await line.confirms(line.heard)
        assert numbers(await line.hears(9)) == list(range(9))


async def test_no_more_than_the_window_is_on_its_way(
    settings: MqttSettings, address: Address, store: Store, line: LineEnd
) -> None:
    async with open_uplink(settings, address, store, LOG, pace=PATIENT) as uplink:
        for number in range(12):
            await uplink.send(message(address, number))
        await line.hears(8)
        await line.hears_no_more_than(8)
        # out of order: what is confirmed makes room, whichever it is
        await line.confirms(line.heard[3:6])
        assert numbers(await line.hears(11)) == list(range(11))
        await line.hears_no_more_than(11)
        await line.confirms(line.heard)
        await line.confirms((await line.hears(12))[11:])
        await uplink.drained(WITHIN_S)
    assert uplink.tally.settled == 12


async def test_what_nobody_confirms_is_sent_again_and_ever_more_seldom(
    settings: MqttSettings, address: Address, store: Store, line: LineEnd
) -> None:
    began_s = asyncio.get_running_loop().time()
    async with open_uplink(settings, address, store, LOG, pace=QUICK) as uplink:
        await uplink.send(message(address, 1))
        await uplink.send(message(address, 2))
        await line.confirms([one for one in await line.hears(2) if one.payload == b"\x02"])
        again = await line.hears(5)
        took_s = asyncio.get_running_loop().time() - began_s
        await line.confirms(again[-1:])
        await uplink.drained(WITHIN_S)
    assert [one for one in numbers(again) if one == 1] == [1, 1, 1, 1]
    assert len({(one.correlation, tuple(one.properties.items())) for one in again if one.payload == b"\x01"}) == 1
    # 0.2, 0.4 and 0.8 s: three times the same would have been 0.6
    assert took_s >= 1.4
    assert uplink.tally.resent >= 3


async def test_only_its_own_acknowledgements_settle(
    settings: MqttSettings, address: Address, store: Store, line: LineEnd
) -> None:
    number = (1).to_bytes(8, "big")
    strange = [
        b"\xff\xfe",
        b"{}",
        b'{"settled":[{"correlation":"no hex"}]}',
        b'{"settled":[{"correlation":""}]}',
        *(
            Ack(settled=(SettledMessage(correlation=octets.hex()),)).model_dump_json().encode()
            for octets in (os.urandom(8) + number, store.identity, store.identity + number + b"\0", number)
        ),
    ]
    async with open_uplink(settings, address, store, LOG, pace=PATIENT) as uplink:
        await uplink.send(message(address, 1))
        await line.hears(1)
        for payload in strange:
            await line.says(address.topic(Kind.TELEMETRY), payload)
        await uplink.send(message(address, 2))
        # behind the strange ones: when this one is settled, they have been taken
        await line.confirms((await line.hears(2))[1:])
        await settled(uplink, 1)
        assert [one.payload for _, one in store.after(0, 10)] == [b"\x01"]
        await line.confirms(line.heard[:1])
        await line.confirms(line.heard)
        await uplink.drained(WITHIN_S)
    assert uplink.tally.settled == 2


async def test_what_was_refused_is_settled_counted_and_told(
    settings: MqttSettings, address: Address, store: Store, line: LineEnd
) -> None:
    with capture_logs() as said:
        async with open_uplink(settings, address, store, LOG, pace=PATIENT) as uplink:
            for number in range(5):
                await uplink.send(message(address, number))
            await line.confirms(await line.hears(5), RefusedOctets(octets=1, reason=Reason.BAD_CRC, detail="as it is"))
            await uplink.drained(WITHIN_S)
    assert (uplink.tally.settled, uplink.tally.refused) == (5, 5)
    told = [entry["messages"] for entry in said if entry.get("detail") == "as it is"]
    assert told == [1, 2, 4]


async def test_a_full_store_makes_the_sender_wait_and_says_so(
    settings: MqttSettings, address: Address, store: Store, line: LineEnd
) -> None:
    with capture_logs() as said:
        async with open_uplink(
            settings, address, store, LOG, pace=Pace(window=4, first_window=4, resend_after_s=0.2)
        ) as uplink:
            for number in range(ROOM):
                await uplink.send(message(address, number))
            waiting = asyncio.create_task(uplink.send(message(address, 99)))
            await line.hears(8)
            assert not waiting.done()
            assert len(uplink) == ROOM
            await line.confirms(line.heard[:1])
            async with asyncio.timeout(WITHIN_S):
                await waiting
    assert [one.payload[0] for _, one in store.after(0, 100)] == [*range(1, ROOM), 99]
    assert any("store is full" in entry["event"] and "remedy" in entry for entry in said)


async def test_a_station_that_was_full_says_so_in_its_next_report(
    settings: MqttSettings, address: Address, line: LineEnd
) -> None:
    report = LinkReport(state="aos", reason="heartbeat", ert_ns=T_NS)
    async with open_uplink(settings, address, MemorySpool(1), LOG, pace=QUICK) as uplink:
        await uplink.send(message(address, 0))
        waiting = asyncio.create_task(uplink.send(message(address, 1)))
        await asyncio.sleep(1.2)
        confirming = asyncio.create_task(line.confirms_for_ever())
        await waiting
        await uplink.report(report)
        await uplink.report(report)
        await uplink.drained(WITHIN_S)
        confirming.cancel()
    told = {one.correlation: one.payload for one in line.heard if one.topic == address.topic(Kind.LINK)}
    first, second = (LinkReport.model_validate_json(payload) for payload in told.values())
    assert first.full_s is not None
    assert first.full_s >= 1.2
    assert second == report


async def test_what_the_line_cannot_carry_is_refused_at_once(settings: MqttSettings, address: Address) -> None:
    async with open_uplink(settings, address, MemorySpool(1), LOG) as uplink:
        with pytest.raises(PacketError, match="at most 900000") as refused:
            await uplink.send(Message(address, Kind.TELEMETRY, bytes(900_001), T_NS))
        with pytest.raises(ValueError, match="uplink of"):
            await uplink.send(message(Address("live", address.flight, "booster", "haiyang"), 1))
    assert refused.value.reason is Reason.TOO_LARGE
    assert len(uplink) == 0


async def test_who_waits_for_a_line_that_is_not_there_is_told_how_much_is_left(
    settings: MqttSettings, address: Address, store: Store
) -> None:
    async with open_uplink(settings, address, store, LOG) as uplink:
        for number in range(3):
            await uplink.send(message(address, number))
        with pytest.raises(TransientError, match=r"3 messages of .* does ingest run"):
            await uplink.drained(0.05)
    assert len(store) == 3


async def test_what_the_last_uplink_left_the_next_one_sends_first(
    settings: MqttSettings, address: Address, store: Store, line: LineEnd
) -> None:
    async with open_uplink(settings, address, store, LOG, pace=PATIENT) as uplink:
        for number in range(3):
            await uplink.send(message(address, number))
        await line.confirms((await line.hears(3))[1:2])
        await settled(uplink, 1)
    async with open_uplink(settings, address, store, LOG, pace=PATIENT) as uplink:
        await uplink.send(message(address, 3))
        assert numbers((await line.hears(6))[3:]) == [0, 2, 3]
        await line.confirms(line.heard)
        await uplink.drained(WITHIN_S)


async def test_a_broker_killed_with_9_costs_nothing(
    own_mosquitto: OwnMosquitto, address: Address, store: Store
) -> None:
    settings = MqttSettings(url=own_mosquitto.url)
    async with open_uplink(
        settings, address, store, LOG, pace=Pace(window=8, first_window=8, resend_after_s=1.0)
    ) as uplink:
        async with line_end(settings, address.flight) as line:
            for number in range(10):
                await uplink.send(message(address, number))
            await line.confirms((await line.hears(8))[:2])
            await line.hears(10)
        await own_mosquitto.kill()
        # the station goes on while the broker is down
        for number in range(10, 15):
            await uplink.send(message(address, number))
        await own_mosquitto.start()
        async with line_end(settings, address.flight) as line:
            seen = numbers(await line.confirms_all(uplink))
    # what it published before the line's end listened again went nowhere at first
    assert set(seen) <= set(range(2, 15))
    assert uplink.tally.settled == 15


async def test_a_cable_cut_without_a_word_is_noticed_and_costs_nothing(
    settings: MqttSettings, address: Address, store: Store, line: LineEnd
) -> None:
    async with proxied(settings.host, settings.port) as cable:
        near = MqttSettings(url=f"mqtt://127.0.0.1:{cable.port}", keep_alive_s=2)
        with capture_logs() as said:
            async with open_uplink(near, address, store, LOG, pace=PATIENT) as uplink:
                await uplink.send(message(address, 0))
                await line.confirms(await line.hears(1))
                await uplink.drained(WITHIN_S)
                cable.stall()
                await uplink.send(message(address, 1))
                await logged(said, "no sign of life")
                await cable.mend()
                # what lay in the cable may come too, and the will of the connection that was cut
                came = await line.confirms_all(uplink)
    assert {one.payload for one in came if one.topic.endswith("tm")} == {b"\x01"}


async def test_a_station_killed_with_9_leaves_its_will_and_its_spool(
    settings: MqttSettings, address: Address, line: LineEnd, tmp_path: Path
) -> None:
    names = (address.run, address.flight, address.vehicle, address.station)
    station = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        STATION,
        settings.url,
        str(tmp_path),
        *names,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert station.stdout is not None
    # the last batch may bring more than what is waited for
    confirmed = list(await line.hears(50))
    await line.confirms(confirmed)
    said: list[bytes] = []
    async with asyncio.timeout(WITHIN_S):
        while b"sent 500\n" not in said:
            said.append(await station.stdout.readline())
    station.send_signal(signal.SIGKILL)
    said += (await station.stdout.read()).splitlines(keepends=True)
    await station.wait()
    while line.heard[-1].topic != address.topic(Kind.LINK):
        await line.hears(len(line.heard) + 1)
    assert LinkReport.model_validate_json(line.heard[-1].payload) == WILL
    reached = {int.from_bytes(one.payload, "big") for one in confirmed}
    with open_disk_spool(tmp_path, address, 10**9) as spool:
        async with open_uplink(settings, address, spool, LOG) as uplink:
            came = await line.confirms_all(uplink)
    reached |= {int.from_bytes(one.payload, "big") for one in came}
    sent = [int(text.split()[1]) for text in said if text.startswith(b"sent ") and text.endswith(b"\n")]
    assert set(sent) <= reached


async def test_one_that_closes_leaves_no_will(
    settings: MqttSettings, address: Address, store: Store, line: LineEnd
) -> None:
    async with open_uplink(settings, address, store, LOG) as uplink:
        await uplink.send(message(address, 1))
        await line.hears(1)
    await line.hears_no_more_than(1)


async def test_a_flight_of_several_stations_keeps_one_order(
    settings: MqttSettings, address: Address, line: LineEnd
) -> None:
    other = Address("live", address.flight, "booster", "sydney")
    pace = Pace(first_window=ROOM)
    async with open_flight_uplink(settings, address.key, MemorySpool(ROOM), LOG, pace=pace) as uplink:
        for number in range(10):
            await uplink.send(message(other if number % 2 else address, number))
        await line.confirms(await line.hears(10))
        await uplink.drained(WITHIN_S)
    assert numbers(line.heard) == list(range(10))
    assert [one.topic for one in line.heard[:2]] == [address.topic(Kind.TELEMETRY), other.topic(Kind.TELEMETRY)]


async def test_without_a_broker_it_says_what_to_set_and_gives_up(address: Address) -> None:
    port = free_port()
    settings = MqttSettings(url=f"mqtt://127.0.0.1:{port}")

    async def wait_in_vain() -> None:
        async with open_uplink(settings, address, MemorySpool(1), LOG, connect_timeout_s=1):
            await asyncio.Event().wait()

    with capture_logs() as said, pytest.raises(FatalError, match=rf"127.0.0.1:{port} within 1 s.*DOWNRANGE_MQTT_URL"):
        await wait_in_vain()
    tries = [entry for entry in said if entry["event"] == "MQTT broker unreachable"]
    assert len(tries) > 1
    assert {(entry["address"], entry["set"]) for entry in tries} == {(f"127.0.0.1:{port}", "DOWNRANGE_MQTT_URL")}


async def test_a_second_station_of_the_same_name_is_told_of_the_first(settings: MqttSettings, address: Address) -> None:
    with capture_logs() as said:
        async with (
            open_uplink(settings, address, MemorySpool(1), LOG),
            open_uplink(settings, address, MemorySpool(1), LOG),
        ):
            await logged(said, f"'downrange-station-live-{address.flight}-ship-haiyang'? Each needs its own")
