"""The viewer's part of a page: markup, data blocks, styles and scripts."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from html import escape
from importlib.resources import files
from math import ceil, isfinite
from typing import Any, Literal

from attrs import define

from casepan.mesh import Frame, guess_frame
from casepan.mesh.finite import require_finite
from casepan_report.viewer import Pin, ViewerPart, ViewerScan
from casepan_report.viewer.fitting import Block, Fit, Material, fit
from casepan_report.viewer.heat import Warmth, legend
from casepan_report.viewer.shades import vertex_shades

_SCRIPTS = ("unpack", "surface", "looking", "drawing", "hands", "tools", "panel", "start")
_ROLES = {
    "preop": "Before treatment",
    "scanbody": "Scan bodies",
    "waxup": "Wax-up",
    "arch": "Scan",
    "other": "Other scan",
}
_ARCHES: tuple[Literal["upper", "lower"], ...] = ("lower", "upper")


@define(frozen=True, eq=False)
class _Shown:
    """A scan and what the page holds of it."""

    scan: ViewerScan
    material: Material
    warmth: Warmth | None

    @classmethod
    def of(cls, scan: ViewerScan) -> _Shown:
        """A scan with at least one face, welded."""
        mesh = scan.mesh.welded()
        warmth = None if scan.heat is None else Warmth.of(scan.heat, scan.heat_range)
        heat = None if warmth is None else warmth.on(scan.mesh, mesh)
        return cls(scan, Material(mesh, vertex_shades(mesh), heat), warmth)

    def entry(self, number: int, block: Block) -> dict[str, Any]:
        """What the scripts need to know of it."""
        scan, warmth = self.scan, self.warmth
        return {
            "number": number,
            "id": scan.id,
            "role": scan.role,
            "role_title": _ROLES.get(scan.role, scan.role.replace("-", " ").capitalize()),
            "arch": scan.arch,
            "title": scan.title,
            "shown": scan.shown,
            "block": _block_id(number),
            "low": block.grid.low,
            "step_mm": block.grid.step_mm,
            "vertices": block.vertices,
            "faces": block.faces,
            "shades": self.material.shades is not None,
            "heat": None if warmth is None else {"low": warmth.low, "high": warmth.high},
        }


def assemble(scans: Sequence[ViewerScan], pins: Sequence[Pin], frame: Frame | None, budget_bytes: int) -> ViewerPart:
    """See :func:`casepan_report.viewer.viewer_part`."""
    _check(scans)
    shown = [_Shown.of(scan) for scan in scans if len(scan.mesh.faces)]
    styles = (_text("viewer.css"),)
    if not shown:
        note = '<p class="cv-note">There is no scan to show in 3D.</p>'
        return ViewerPart(f'<section class="casepan-viewer" id="casepan-viewer">{note}</section>', styles, ())
    found = fit([each.material for each in shown], budget_bytes)
    data = [_data("casepan-story", "application/json", _json(_story(shown, found, pins, frame)))]
    for number, block in enumerate(found.blocks):
        data.append(_data(_block_id(number), "application/octet-stream", b64encode(block.data).decode()))
    html = _text("shell.html").replace("{note}", escape(_note(shown, found))).replace("{data}", "\n".join(data))
    return ViewerPart(html, styles, scripts())


@cache
def scripts() -> tuple[str, ...]:
    """The library, then the viewer as one closed function."""
    own = "\n".join(_text(f"js/{name}.js") for name in _SCRIPTS)
    return _text("_vendor/three.js"), f'(() => {{\n"use strict";\n{own}\n}})();\n'


def _text(path: str) -> str:
    return files("casepan_report.viewer").joinpath(path).read_text(encoding="utf-8")


def _check(scans: Sequence[ViewerScan]) -> None:
    require_finite(*(scan.mesh for scan in scans))
    if len({scan.id for scan in scans}) < len(scans):
        raise ValueError("two scans have one id")
    for scan in scans:
        if scan.heat is not None and len(scan.heat) != len(scan.mesh.vertices):
            raise ValueError("a heat map needs one value per vertex of its scan")


def _story(shown: Sequence[_Shown], found: Fit, pins: Sequence[Pin], frame: Frame | None) -> dict[str, Any]:
    """What the scripts need to know."""
    scans = [each.scan for each in shown]
    both = {"upper", "lower"} <= {scan.arch for scan in scans}
    frame = frame or _guessed(scans)
    title = next((scan.heat_title for scan in scans if scan.heat is not None and scan.heat_title), "")
    return {
        "scans": [each.entry(number, found.blocks[number]) for number, each in enumerate(shown)],
        "pins": [{"number": p.number, "scan": p.scan, "where_mm": p.where_mm, "title": p.title} for p in pins],
        "frame": {name: getattr(frame, name).tolist() for name in ("occlusal", "front", "up")},
        "views": ["front", "left", "right", "back", *(("upper", "lower") if both else ("occlusal",))],
        "start": "front" if both else "occlusal",
        "heat": legend([each.warmth for each in shown if each.warmth is not None], title),
    }


def _guessed(scans: Sequence[ViewerScan]) -> Frame:
    """The frame of the largest lower arch, else of the largest upper one, else of the largest scan."""
    by_size = sorted(scans, key=lambda scan: len(scan.mesh.faces), reverse=True)
    for arch in _ARCHES:
        for scan in by_size:
            if scan.arch == arch and scan.role != "bite":
                return guess_frame(scan.mesh, arch)
    return guess_frame(by_size[0].mesh)


def _note(shown: Sequence[_Shown], found: Fit) -> str:
    """How true the shown surfaces are."""
    before = sum(len(each.scan.mesh.faces) for each in shown)
    after = sum(block.faces for block in found.blocks)
    share = f"{after:,} of {before:,} triangles".replace(",", "\u202f")
    if not isfinite(found.tolerance_mm):
        return f"Strongly simplified for this page ({share}). Measure in the scans themselves."
    true = f"{ceil(found.error_mm * 1000) / 1000:.3f}".rstrip("0").rstrip(".")
    return (
        f"Simplified to {true} mm for this page: no point of the scans lies farther from the surface shown ({share})."
    )


def _block_id(number: int) -> str:
    return f"casepan-scan-{number}"


def _json(value: Any) -> str:
    """JSON that cannot end the element it stands in."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c").replace("&", "\\u0026")


def _data(id_: str, kind: str, text: str) -> str:
    """An inert data block."""
    return f'<script type="{kind}" id="{id_}">{text}</script>'
