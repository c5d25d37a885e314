"""All checks on a case of three scans: ``python speed_work.py UPPER LOWER BITE`` prints one JSON line of seconds and codes."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import cast

from checking import Bench, all_checks
from specimens import Specimen

from casepan.api import Context
from casepan.mesh import read_mesh


def main(paths: list[str]) -> int:
    start = time.perf_counter()
    names = ("upper", "lower", "bite-left")
    specimen = Specimen({name: read_mesh(Path(path)) for name, path in zip(names, paths, strict=True)}, (16,))
    seconds = {"read": time.perf_counter() - start}
    codes: list[str] = []
    ctx = cast("Context", Bench(specimen.surfaces))
    for name, check in all_checks().items():
        start = time.perf_counter()
        codes += [finding.code for finding in check.check(specimen.case, ctx)]
        seconds[name] = time.perf_counter() - start
    print(json.dumps({"seconds": {name: round(taken, 3) for name, taken in seconds.items()}, "codes": codes}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
