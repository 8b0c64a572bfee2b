"""What the standard fixes, and the names that our documents give to the parts of a packet that are no channels."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class XtceVersion(StrEnum):
    """A version of the standard; a document says which by its namespace."""

    V1_2 = "1.2"
    V1_3 = "1.3"

    @property
    def namespace(self) -> str:
        """The XML namespace.

        Examples
        --------
        >>> XtceVersion.V1_3.namespace
        'http://www.omg.org/spec/XTCE/20250214'
        """
        return f"http://www.omg.org/spec/XTCE/{_PUBLISHED[self]}"

    @property
    def schema(self) -> str:
        """Where the OMG keeps the XSD."""
        return f"https://www.omg.org/spec/XTCE/{_PUBLISHED[self]}/SpaceSystem.xsd"


_PUBLISHED: Final = {XtceVersion.V1_2: "20180204", XtceVersion.V1_3: "20250214"}

# CCSDS 133.0-B primary header by the names of the examples in CCSDS 660.1-G; upper case, so that no channel has them
ROOT_CONTAINER: Final = "CCSDSPacket"
APID: Final = "PKT_APID"
PRIMARY_HEADER: Final = {
    "VERSION": (3, "Packet version number"),
    "TYPE": (1, "0: telemetry"),
    "SEC_HDR_FLG": (1, "1: the time follows the primary header"),
    APID: (11, "Application process identifier"),
    "SEQ_FLGS": (2, "3: unsegmented"),
    "SRC_SEQ_CTR": (14, "Sequence count of this APID"),
    "PKT_LEN": (16, "Octets after the primary header, minus one"),
}
TIME_PREAMBLE: Final = "TIME_P_FIELD"
TIME_CODE: Final = "TIME_CODE"
TIME_DAY: Final = "TIME_DAY"
TIME_MS: Final = "TIME_MS_OF_DAY"
TIME_SUB_MS: Final = "TIME_SUB_MS"
CRC: Final = "PKT_CRC"
# names what is kept for Downrange itself in AncillaryData, as JSON
ANCILLARY: Final = "downrange"
