"""A dictionary's content as the YAML that a person would write: one line a channel."""

from __future__ import annotations

from typing import Any, Final

import yaml

WIDE: Final = 10_000
LONGEST_WHOLE: Final = 1e15
IN_LINE: Final = frozenset({"time"})
ROWS: Final = frozenset({"channels", "derived"})


def dictionary_text(content: dict[str, Any], heading: str = "") -> str:
    """Return a dictionary's content as YAML.

    Parameters
    ----------
    content
        What the file is to say, as plain data.
    heading
        Lines of a comment above it.

    Examples
    --------
    >>> nav = {"apid": 1, "channels": [{"name": "x_m", "raw": "f32"}]}
    >>> print(dictionary_text({"name": "a", "packets": {"nav": nav}}), end="")
    name: a
    packets:
      nav:
        apid: 1
        channels:
          - {name: x_m, raw: f32}
    """
    content = _short(content)
    comment = "".join(f"# {line}".rstrip() + "\n" for line in heading.splitlines())
    head = {key: value for key, value in content.items() if key not in {*IN_LINE, "packets"}}
    text = comment + (_block(head) if head else "")
    for key in (key for key in content if key in IN_LINE):
        text += f"{key}: {_flow(content[key])}\n"
    text += "packets:\n"
    for name, packet in content.get("packets", {}).items():
        text += f"  {_flow(name)}:\n"
        for key, value in packet.items():
            if key in ROWS and value:
                text += f"    {key}:\n" + "".join(f"      - {_flow(row)}\n" for row in value)
            else:
                text += f"    {key}: {_flow(value)}\n"
    return text


def _short(value: Any) -> Any:
    """Return a value with whole numbers written without a point."""
    match value:
        case dict():
            return {key: _short(each) for key, each in value.items()}
        case list() | tuple():
            return [_short(each) for each in value]
        case float() if value.is_integer() and abs(value) < LONGEST_WHOLE:
            return int(value)
    return value


def _block(value: Any) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=WIDE)


def _flow(value: Any) -> str:
    text = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=WIDE, default_flow_style=True)
    return text.removesuffix("\n").removesuffix("\n...")
