"""Which stations hear a vehicle: acquisition and loss of signal, from their reports and from silence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from processors.books.bringers import Brought
from processors.detector import Finding, Found, Value
from processors.links.sources import Heard, Sources
from telemetry.cuc import NS_PER_S
from telemetry.link import LinkReport
from telemetry.quality import LinkState
from telemetry.vocabulary import LinkEvent

PACKETS: Final = "packets"
SILENCE: Final = "silence"


@dataclass(frozen=True, slots=True)
class LinkParameters:
    """Thresholds of the link watch.

    Parameters
    ----------
    silence_s
        A station sends a heartbeat a second. Five missed in a row, while the flight goes on elsewhere, are no
        jitter: the line does not hear it.
    heartbeat_s
        Heartbeats are this far apart, so a change that one of them tells of is only known to that.
    """

    silence_s: float = 5.0
    heartbeat_s: float = 1.0


@dataclass(slots=True)
class Link:
    """What is known of one station."""

    state: Literal["aos", "los"]
    reason: str
    since_ns: int
    heard_ns: int
    reports: bool = False
    signal_dbm: float | None = None


class LinkWatch:
    """Watches one vehicle's stations.

    Acquisition: the first report with lock, or the first packet of a station that has made no report. Loss: a
    report without lock, the station's will, or no report and no packet for `silence_s` while the flight's clock
    goes on. A station whose reports never came has no loss but silence.

    Failure modes: a station that loses its connection to the line but not its signal counts as lost from the last
    that was heard of it, until it reports again.
    """

    def __init__(self, parameters: LinkParameters | None = None) -> None:
        self.name = "links"
        self.version = 1
        self.parameters = parameters or LinkParameters()
        self.parameter_values: dict[str, Value] = asdict(self.parameters)
        self.links: dict[str, Link] = {}
        self.sources = Sources()

    def packets(self, station: str, ert_ns: int, clock_ns: int) -> tuple[Found, ...]:
        """Take note that packets came, received at `ert_ns`."""
        link = self.links.get(station)
        if link is None:
            self.links[station] = Link("aos", PACKETS, ert_ns, ert_ns)
            return (self._found(LinkEvent.AOS, station, PACKETS, ert_ns, 0.0),)
        link.heard_ns = max(link.heard_ns, ert_ns)
        fresh = clock_ns - ert_ns <= self.parameters.silence_s * NS_PER_S
        if link.state == "los" and not link.reports and fresh:
            return self._change(station, link, "aos", PACKETS, ert_ns, 0.0)
        return ()

    def report(self, station: str, report: LinkReport, clock_ns: int) -> tuple[Found, ...]:
        """Take a station's report; a will has no time of its own and speaks of the last that was heard."""
        link = self.links.get(station)
        t_ns = report.ert_ns if report.ert_ns is not None else link.heard_ns if link is not None else clock_ns
        sigma_s = 0.0 if report.reason == "mask" else self.parameters.heartbeat_s / 12**0.5
        if link is None:
            self.links[station] = Link(
                report.state, report.reason, t_ns, t_ns, reports=True, signal_dbm=report.signal_dbm
            )
            if report.state == "aos":
                return (self._found(LinkEvent.AOS, station, report.reason, t_ns, sigma_s),)
            return ()
        # sent again, the report before a loss is no news of the time after it
        if report.ert_ns is not None and report.ert_ns <= link.since_ns:
            return ()
        link.reports = True
        link.heard_ns = max(link.heard_ns, t_ns)
        link.signal_dbm = report.signal_dbm
        if report.state != link.state:
            return self._change(station, link, report.state, report.reason, t_ns, sigma_s)
        return ()

    def on_clock(self, clock_ns: int) -> tuple[Found, ...]:
        """Take note of the flight's latest receive time and return the losses that silence proves."""
        findings: list[Found] = []
        silent_ns = clock_ns - round(self.parameters.silence_s * NS_PER_S)
        for station, link in self.links.items():
            if link.state == "aos" and link.heard_ns < silent_ns:
                findings += self._change(station, link, "los", SILENCE, link.heard_ns, self.parameters.heartbeat_s)
        return tuple(findings)

    def on_second(self, clock_ns: int, brought: Mapping[str, Brought]) -> None:
        """Take note of a new second of flight, and of what each station has brought up to now."""
        locked = {name: Heard(link.signal_dbm) for name, link in self.links.items() if link.state == "aos"}
        self.sources.on_second(clock_ns, brought, locked)

    @property
    def heard_ns(self) -> int | None:
        """When the line last heard of a station that has lock; None while no station has."""
        return max((link.heard_ns for link in self.links.values() if link.state == "aos"), default=None)

    def states(self, whose: tuple[str, str, str], as_of_ns: int, brought: Mapping[str, Brought]) -> list[LinkState]:
        """Return the state of every station's link; `whose` is run, flight and vehicle."""
        run, flight, vehicle = whose
        unique = sum(each.first for each in brought.values())
        return [
            LinkState(
                run=run,
                flight=flight,
                vehicle=vehicle,
                as_of_ns=as_of_ns,
                station=station,
                state=link.state,
                reason=link.reason,
                since_ns=link.since_ns,
                signal_dbm=link.signal_dbm,
                frames=brought.get(station, Brought()).packets,
                frame_rate_hz=round(self.sources.frame_rate_hz(station), 2),
                first=brought.get(station, Brought()).first,
                share=round(brought.get(station, Brought()).first / unique, 4) if unique else None,
                only=brought.get(station, Brought()).only,
                best=station == self.sources.best and link.state == "aos",
                why_best=self.sources.why if station == self.sources.best and link.state == "aos" else None,
            )
            for station, link in self.links.items()
        ]

    def _change(
        self, station: str, link: Link, state: Literal["aos", "los"], reason: str, t_ns: int, sigma_s: float
    ) -> tuple[Found, ...]:
        link.state, link.reason, link.since_ns = state, reason, t_ns
        event = LinkEvent.AOS if state == "aos" else LinkEvent.LOS
        return (self._found(event, station, reason, t_ns, sigma_s),)

    def _found(self, event: LinkEvent, station: str, reason: str, t_ns: int, sigma_s: float) -> Found:
        values: dict[str, Value] = {"station": station, "reason": reason}
        return self, Finding(event.value, t_ns, round(sigma_s, 4), values, station=station)

    def snapshot(self) -> dict[str, Any]:
        """Return the state as plain values."""
        links = {station: asdict(link) for station, link in self.links.items()}
        return {"links": links, "sources": self.sources.snapshot()}

    def restore(self, snapshot: dict[str, Any]) -> None:
        """Take over what another one remembered."""
        self.links = {station: Link(**link) for station, link in snapshot["links"].items()}
        self.sources.restore(snapshot["sources"])
