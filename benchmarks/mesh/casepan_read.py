"""Read files and print the processor seconds each took: ``python casepan_read.py FILE…``; the same for trimesh with -t."""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

TRIES = 3


def main(arguments: list[str]) -> int:
    """The shortest of three readings of every file, None where it is refused."""
    if arguments[:1] == ["-t"]:
        trimesh: Any = import_module("trimesh")
        arguments, read = arguments[1:], trimesh.load_mesh
    else:
        casepan: Any = import_module("casepan.mesh")

        def read(path: Path) -> Any:
            return casepan.read_mesh(path).welded()

    print(json.dumps({path: shortest(read, Path(path)) for path in arguments}))
    return 0


def shortest(read: Any, path: Path) -> float | None:
    times = []
    for _ in range(TRIES):
        begin = time.process_time()
        try:
            read(path)
        except Exception:  # a peer may fail in any way; that it failed is the result
            return None
        times.append(time.process_time() - begin)
    return min(times)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
