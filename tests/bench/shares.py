"""Where the time goes, out of py-spy's raw stacks: `python -m bench.shares FILE.txt [DEPTH]`."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path


def main() -> None:
    """Print the functions with the largest shares, their own and with what they call."""
    own: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for line in Path(sys.argv[1]).read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        frames = [frame.split(":")[0] for frame in stack.split(";")]
        own[frames[-1]] += int(count)
        for frame in set(frames):
            whole[frame] += int(count)
    total = sum(own.values())
    print(f"{total} samples")
    for title, shares in (("own", own), ("with what it calls", whole)):
        print(title)
        for frame, spent in shares.most_common(int(sys.argv[2]) if len(sys.argv) > 2 else 25):
            print(f"  {spent / total:6.1%}  {frame}")


if __name__ == "__main__":
    main()
