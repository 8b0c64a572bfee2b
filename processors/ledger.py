"""The books of a flight: sent = unique + missing, received = unique + duplicate + rejected."""

from __future__ import annotations

from collections.abc import Mapping

from processors.completeness import Completeness
from telemetry.quality import LedgerRow


def ledger_rows(
    whose: tuple[str, str, str],
    as_of_ns: int,
    books: Mapping[str, Completeness],
    sent: Mapping[str, int],
    rejected: Mapping[str, int],
) -> list[LedgerRow]:
    """Return one row a packet type of a vehicle.

    Parameters
    ----------
    whose
        Run, flight and vehicle.
    as_of_ns
        The time that the rows speak of.
    books
        Completeness by packet type.
    sent
        The vehicle's own counters by packet type. Where the sequence counts prove more, they are believed: the last
        packets of a flight follow its last counter.
    rejected
        Refused packets by packet type, `?` where it could not be told.

    Returns
    -------
    list
        Rows that balance.

    Examples
    --------
    >>> import numpy as np
    >>> nav = Completeness(50.0)
    >>> _ = nav.accept(0, np.array([0, 20_000_000]))
    >>> row, = ledger_rows(("live", "YX1-7", "ship"), 0, {"nav": nav}, {"nav": 5}, {"nav": 1})
    >>> row.sent, row.received, row.unique, row.missing, row.balanced
    (5, 3, 2, 3, True)
    """
    rows = [_row(whose, as_of_ns, packet, one, sent.get(packet, 0), rejected) for packet, one in books.items()]
    strange = [packet for packet in rejected if packet not in books]
    return rows + [
        _row(whose, as_of_ns, packet, Completeness(1.0), sent.get(packet, 0), rejected) for packet in strange
    ]


def _row(
    whose: tuple[str, str, str],
    as_of_ns: int,
    packet: str,
    books: Completeness,
    counted: int,
    rejected: Mapping[str, int],
) -> LedgerRow:
    run, flight, vehicle = whose
    sent = max(counted, books.highest + 1)
    refused = rejected.get(packet, 0)
    return LedgerRow(
        run=run,
        flight=flight,
        vehicle=vehicle,
        as_of_ns=as_of_ns,
        packet=packet,
        sent=sent,
        received=books.unique + books.duplicate + refused,
        unique=books.unique,
        duplicate=books.duplicate,
        late=books.late,
        rejected=refused,
        missing=sent - books.unique,
    )
