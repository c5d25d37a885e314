"""The numbers as tables: what was measured, and target against reached."""

from __future__ import annotations

from math import log
from pathlib import Path
from typing import Any

FAST, PLAIN = "casepan-fast", "casepan"
_NO_PROGRAM = ("steps", "load")
Rows = list[list[str]]


def tables(results: dict[str, Any]) -> str:
    """All tables of one run."""
    sizes = {int(size): results["sizes"][size] for size in sorted(results["sizes"], key=int)}
    parts = []
    for size, found in sizes.items():
        load = f"Other work when it began (load): {found['load']:.1f}."
        parts += [f"## {size:,} faces per arch", load, _programs(found), _steps(found["steps"])]
    if "reading" in results:
        parts.append("## Reading and welding, CPU ms\n\n" + _reading(results["reading"]))
    parts.append("## Targets\n\n" + _table(["what", "size", "target", "reached", ""], targets(sizes)))
    return "\n\n".join(parts)


def _programs(found: dict[str, Any]) -> str:
    rows = [
        [name, f"{row['wall']:.2f}", f"{row['cpu']:.2f}", f"{row['peak']:.0f}"]
        for name, row in found.items()
        if name not in _NO_PROGRAM
    ]
    return _table(["program", "wall s", "CPU s", "peak MiB (PSS)"], rows)


def _steps(steps: dict[str, dict[str, float]]) -> str:
    names = list(steps[PLAIN])
    rows = [[name, *(f"{steps[way][name] * 1e3:.1f}" for way in (FAST, PLAIN))] for name in names]
    return _table(["one scan, ms", "with kernels", "without"], rows)


def _reading(found: dict[str, dict[str, float | None]]) -> str:
    files = list(found[PLAIN])
    rows = [
        [
            Path(file).name,
            *("refused" if (taken := found[way][file]) is None else f"{taken * 1e3:.0f}" for way in found),
        ]
        for file in files
    ]
    return _table(["file", *found], rows)


def targets(sizes: dict[int, dict[str, Any]]) -> Rows:
    """Every target of the issue with what was reached."""
    rows: Rows = []
    for size, found in sizes.items():
        double = 2 if size <= 200_000 else 1
        for kind in ("wall", "cpu"):
            for way, of_pymeshlab, of_trimesh in ((FAST, 0.15, 0.20), (PLAIN, 0.30, 0.25)):
                rows += _ratio(found, way, "pymeshlab", kind, of_pymeshlab * double, size)
                rows += _ratio(found, f"{way} --no-self", "trimesh", kind, of_trimesh * double, size)
        rows += _memory(found, size)
        rows += _limits(found["steps"], size)
        rows += _picture(found["steps"], size)
    return rows + _exponents(sizes)


def _ratio(found: dict[str, Any], name: str, peer: str, kind: str, target: float, size: int) -> Rows:
    if peer not in found:
        return []
    reached = found[name][kind] / found[peer][kind]
    return [_row(f"{name} / {peer}, {kind}", size, target, reached)]


def _memory(found: dict[str, Any], size: int) -> Rows:
    peers = [row["peak"] for name, row in found.items() if name not in _NO_PROGRAM and not name.startswith(PLAIN)]
    if not peers:
        return []
    return [_row(f"{way} / leanest peer, peak", size, 0.6, found[way]["peak"] / min(peers)) for way in (FAST, PLAIN)]


def _limits(steps: dict[str, dict[str, float]], size: int) -> Rows:
    """Reading against the bare bytes, weld and edges against one sort, components against one pass."""
    pairs = {"read": "limit read", "weld": "limit sort", "edges": "limit sort", "components": "limit pass"}
    return [
        _row(f"{name} / {limit}, {way}", size, target, steps[way][name] / steps[way][limit])
        for way, target in ((FAST, 3.0), (PLAIN, 10.0))
        for name, limit in pairs.items()
    ]


def _picture(steps: dict[str, dict[str, float]], size: int) -> Rows:
    if size != 600_000:
        return []
    return [
        _row(f"picture 1200 x 900, ms, {kind}, {way}", size, 250, steps[way][f"picture, {kind}"] * 1e3)
        for kind in ("wall", "cpu")
        for way in (FAST, PLAIN)
    ]


def _exponents(sizes: dict[int, dict[str, Any]]) -> Rows:
    """How fast the cost grows with the faces, from the smallest size to the largest: 1 is in step with them."""
    small, large = min(sizes), max(sizes)
    if small == large:
        return []
    growth = log(large / small)
    return [
        _row(
            f"exponent of {kind} from {small:,}, {name}",
            large,
            1.1,
            log(sizes[large][name][kind] / sizes[small][name][kind]) / growth,
        )
        for kind in ("cpu", "wall")
        for name in (FAST, f"{FAST} --no-self", PLAIN, f"{PLAIN} --no-self")
    ]


def _row(what: str, size: int, target: float, reached: float) -> list[str]:
    return [what, f"{size:,}", f"{target:.3g}", f"{reached:.3g}", "ok" if reached <= target else "MISSED"]


def _table(head: list[str], rows: Rows) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
