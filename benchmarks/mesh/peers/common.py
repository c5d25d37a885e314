"""What all peers do: ``python X_work.py LOWER UPPER BITE FOLDER`` prints one JSON line.

Read three scans, weld, count edges, borders and parts, find self-intersecting faces, close holes, drop parts below 1,000
faces, write binary STL and PLY, then measure from the lower to the upper within 2 mm. What a library cannot do it leaves
out (None), which is in its favour.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

SMALLEST_PART = 1000
LIMIT_MM = 2.0

Scan = Callable[[Path, Path], tuple[Any, dict[str, Any]]]
Distance = Callable[[Any, Any], dict[str, Any]]


def work(scan: Scan, distance: Distance) -> int:
    """All scans, then the distance; prints what was found."""
    *paths, folder = (Path(each) for each in sys.argv[1:])
    folder.mkdir(exist_ok=True)
    found: dict[str, Any] = {}
    meshes = {}
    for name, path in zip(("lower", "upper", "bite"), paths, strict=True):
        meshes[name], found[name] = scan(path, folder / path.stem)
    found["arch"] = distance(meshes["lower"], meshes["upper"])
    print(json.dumps(found))
    return 0


def near(distances: Any) -> dict[str, Any]:
    """The smallest distance and how many are within the limit."""
    return {"min": round(float(distances.min()), 6), "within2": int((distances < LIMIT_MM).sum())}
