"""Three generated arrivals that end as accept, review and reject: the pictures in the docs are made of them."""

from __future__ import annotations

import io
from pathlib import Path

from casepan.mesh import Mesh
from casepan.testing import Hole, jaw_pair, pdf_sheet, scan_bytes
from casepan.testing.faults import truncated

NAMES = ("good", "review", "reject")

_ORDERS = {
    "good": """
version = 1
reference = "R-1042"
due = 2026-12-04
appointment = 2026-12-08T10:30:00+01:00
practice = "Practice at the Park"
doctor = "Dr. Vera Sample"
physical = ["bite registration", "shade photo on paper"]
notes = "Contacts light, please. Patient grinds at night."
[patient]
last = "Doe"
first = "Jane"
[[items]]
teeth = "24"
kind = "crown"
bridge = "A"
material = "zirconia"
shade = "A3"
margin = "chamfer"
[[items]]
teeth = "25"
kind = "pontic"
bridge = "A"
material = "zirconia"
shade = "A3"
pontic_design = "ovate"
[[items]]
teeth = "26"
kind = "crown"
bridge = "A"
material = "zirconia"
shade = "A2"
stump_shade = "ND3"
""",
    "review": """
version = 1
reference = "R-1043"
due = 2026-12-01
rush = true
practice = "Dental House North"
doctor = "Dr. Emil Sample"
[patient]
last = "Roe"
[[items]]
teeth = "36"
kind = "crown"
material = "lithium-disilicate"
shade = "A2"
[[items]]
teeth = "24"
kind = "inlay"
material = "composite"
shade = "B1"
""",
    "reject": """
version = 1
reference = "R-1044"
practice = "Practice at the Park"
[patient]
last = "Poe"
[[items]]
teeth = "11"
kind = "veneer"
material = "feldspathic"
shade = "BL2"
""",
}


def write_case(name: str, folder: Path, triangles: int = 200_000) -> Path:
    """Write one of ``NAMES`` below a folder, the arches with about so many triangles each, and return its path."""
    target = folder / f"{name}-case"
    target.mkdir(parents=True, exist_ok=True)
    holes = (Hole(36, 1.8, "buccal"), Hole(46, 2.4)) if name == "review" else ()
    preparations = {"good": (26, 24), "review": (36, 24), "reject": (11,)}[name]
    missing = (25,) if name == "good" else ()
    jaws = jaw_pair(7, triangles=triangles, preparations=preparations, missing=missing, holes=holes)
    for role, mesh in (("upper", jaws.upper), ("lower", jaws.lower), ("bite", jaws.bites[0])):
        content = scan_bytes(mesh, "ply")
        (target / f"{role}.ply").write_bytes(truncated(content) if (name, role) == ("reject", "upper") else content)
    (target / "rx.toml").write_text(_ORDERS[name], encoding="utf-8")
    if name == "good":
        (target / "sheet.pdf").write_bytes(pdf_sheet(["Order R-1042", "Bridge 24 to 26, zirconia", "Shade A2 / A3"]))
        (target / "smile.jpg").write_bytes(_photo(jaws.upper))
    return target


def _photo(mesh: Mesh) -> bytes:
    """A stand-in for a photo: the drawn arch as JPEG."""
    from PIL import Image

    from casepan.mesh import draw

    stream = io.BytesIO()
    Image.fromarray(draw([(mesh, None)], "front", (1200, 800), scale_bar=False).pixels).save(stream, "JPEG")
    return stream.getvalue()
