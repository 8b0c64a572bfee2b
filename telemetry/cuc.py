"""CCSDS unsegmented time code (CUC, CCSDS 301.0-B-4, 3.2), vectorised, with an agency epoch and implicit preamble."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NS_PER_S = 10**9


def encode_cuc(t_ns: NDArray[np.int64], epoch_ns: int, coarse_octets: int, fine_octets: int) -> NDArray[np.uint8]:
    """Encode times.

    Parameters
    ----------
    t_ns
        Shape (n,), Unix time in ns.
    epoch_ns
        The agency epoch as Unix time in ns.
    coarse_octets, fine_octets
        Octets of whole seconds and of binary fractions.

    Returns
    -------
    NDArray[np.uint8]
        Shape (n, coarse_octets + fine_octets), big-endian, rounded to the nearest unit.

    Raises
    ------
    ValueError
        If a time lies before the epoch or past the last code.

    Examples
    --------
    >>> encode_cuc(np.array([1_500_000_000]), 0, 4, 1).tolist()
    [[0, 0, 0, 1, 128]]
    """
    since = np.asarray(t_ns, dtype=np.int64) - epoch_ns
    seconds, rest_ns = np.divmod(since, NS_PER_S)
    scale = 1 << (8 * fine_octets)
    fine = (rest_ns * scale + NS_PER_S // 2) // NS_PER_S
    units = seconds * scale + fine
    if units.size and (units.min() < 0 or units.max() >= 1 << (8 * (coarse_octets + fine_octets))):
        msg = f"a time lies outside what {coarse_octets}+{fine_octets} octets can say from the epoch"
        raise ValueError(msg)
    octets = units.astype(">u8").view(np.uint8).reshape(-1, 8)
    return np.asarray(octets[:, 8 - coarse_octets - fine_octets :], dtype=np.uint8)


def decode_cuc(octets: NDArray[np.uint8], epoch_ns: int, fine_octets: int) -> NDArray[np.int64]:
    """Decode times of shape (n, octets) into Unix time in ns of shape (n,), rounded to the nearest ns.

    Examples
    --------
    >>> decode_cuc(np.array([[0, 0, 0, 1, 128]], dtype=np.uint8), 0, 1).tolist()
    [1500000000]
    """
    n, width = octets.shape
    padded = np.zeros((n, 8), dtype=np.uint8)
    padded[:, 8 - width :] = octets
    units = padded.view(">u8").reshape(n).astype(np.int64)
    scale = 1 << (8 * fine_octets)
    seconds, fine = np.divmod(units, scale)
    return np.asarray(seconds * NS_PER_S + (fine * NS_PER_S + scale // 2) // scale + epoch_ns, dtype=np.int64)
