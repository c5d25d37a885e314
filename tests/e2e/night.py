"""The night before the morning: 40 arrivals of five scanners, small and unlike each other, and what came the evening before.

All practices and patients are invented.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache

import numpy as np
from attrs import evolve, field, frozen

from casepan.testing import scan_bytes, small_scan
from casepan_carestream.testing import BITE, MANDIBLE, MAXILLA
from casepan_carestream.testing import zipped as packed
from casepan_itero.testing import Listed, Tooth, manifest_xml
from casepan_medit.testing import PLAIN
from casepan_primescan.testing import dxd
from casepan_trios.testing import order_tree
from casepan_trios.testing_files import Unit, hps_scan, order_xml

Files = Mapping[str, bytes]
RTL, UMLAUTS, DECOMPOSED = "אברהם כהן", "Jörg Müßiggänger", "Zoe\u0308 Scho\u0308n"
LONG = "Maria " + "van der " * 11 + "Berg"
JAWS = 5
"""Jaws that are made anew; every further case shows one of them turned by a few degrees: other bytes, the same mouth."""


@frozen
class Arrival:
    """One arrival.

    Attributes:
        name: how the test calls its case; door: the inbox that it is dropped into.
        files: path below that inbox to bytes; trouble: why a person must look, empty when nobody must.
    """

    name: str
    door: str
    files: Files = field(repr=False)
    trouble: str = ""
    rush: bool = False
    late: bool = False


@cache
def scan(jaw: str, number: int, suffix: str = "stl", again: int = 0) -> bytes:
    """The scan of the mouth with this number; the suffix ``dcm`` gives a closed one.

    Scanned ``again``, one place stands higher than before, by 0.3 mm each time.
    """
    mesh = small_scan(jaw, number % JAWS)
    points = mesh.vertices.astype(np.float64)
    away = np.linalg.norm(points - points[points[:, 0].argmax()], axis=1)
    points[:, 2] += 0.3 * again * np.exp(-((away / 3) ** 2))
    turn = np.radians(number // JAWS)
    about_z = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    turned = evolve(mesh, vertices=np.ascontiguousarray(points @ about_z.T, dtype=np.float32))
    return hps_scan(turned) if suffix == "dcm" else scan_bytes(turned, suffix, colour=False)


def in_days(days: int) -> date:
    """A day that many days from now."""
    return datetime.now(UTC).date() + timedelta(days=days)


def rx(practice: str, tooth: int, *, rush: bool = False) -> bytes:
    """The order beside an export that brings none."""
    head = f'version = 1\npractice = "{practice}"\ndue = {in_days(40)}\nrush = {str(rush).lower()}\n'
    item = f'[[items]]\nteeth = [{tooth}]\nkind = "crown"\nmaterial = "zirconia"\nshade = "A2"\n'
    return (head + item).encode()


def trios(
    number: int, *, practice: str = "Lindenhof Dental", bite: bool = True, suffix: str = "stl",
    rush: bool = False, days: int = 40, patient: tuple[str, str] = ("Jane", "Doe"),
) -> Files:  # fmt: skip
    """An order folder of Dental System; without its bite nothing says how the arches meet."""
    order = f"T{number:04}"
    told = {"Customer": practice, "OrderImportanceID": "oiHigh" if rush else "oiNormal", "Patient_RefNo": f"P-{number}"}
    due = datetime.combine(in_days(days), datetime.min.time(), UTC)
    xml = order_xml(
        (Unit(16),), order_id=order, patient=patient, order=told, delivery=str(round(due.timestamp() + 43_200))
    )
    scans = {"Upper/Raw Preparation scan": "upper", "Lower/Raw Antagonist scan": "lower"}
    scans |= {"Misc/Raw Bite scan": "bite"} if bite else {}
    tree = {**order_tree({}, order_id=order, xml=xml)}
    tree |= {f"Scans/{path}.{suffix}": scan(jaw, number, suffix) for path, jaw in scans.items()}
    return {f"{order}/{path}": content for path, content in tree.items()}


def itero(number: int, *, pose: str = "occlusion", swapped: bool = False, again: int = 0) -> Files:
    """An OrthoCAD export with its manifest; in the pose ``teethup`` it holds no bite. ``again`` only the upper was scanned."""
    order = f"7000{number:04}"
    names = {f"{order}_shell_{pose}_u.stl": "upper", f"{order}_shell_{pose}_l.stl": "lower"}
    listed = tuple(Listed(name, jaw=jaw.title()) for name, jaw in names.items())
    info = {
        "PracticeShipToAddress": "Seestrasse 12, 8002 Zürich", "DoctorLicense": f"L-{number}", "Doctor": "",
        "DueDate": f"{in_days(40):%m/%d/%Y}", "Patient": f"Roe, Ann {number}",
    }  # fmt: skip
    manifest = manifest_xml(order, listed, teeth=(Tooth(26),), info=info)
    shown = {"upper": "lower", "lower": "upper"} if swapped else {"upper": "upper", "lower": "lower"}
    files = {name: scan(shown[jaw], number, again=again if jaw == "upper" else 0) for name, jaw in names.items()}
    files[f"itero_export_#{order}_v50.xml"] = manifest
    return {f"OrthoCAD_Export_{order}/{name}": content for name, content in files.items()}


def primescan(number: int, *, rush: bool = False) -> Files:
    """A local export: two names, and the order in an rx.toml."""
    files = {"UpperJaw.stl": scan("upper", number), "LowerJaw.stl": scan("lower", number)}
    files["rx.toml"] = rx("Praxis am Park", 36, rush=rush)
    return {f"PAT{number:03}D1/{name}": content for name, content in files.items()}


def medit(
    number: int, patient: str, *, practice: str = "Praxis am Park", swapped: bool = False, rush: bool = False
) -> Files:
    """A plain export."""
    shown = {"upper": "lower", "lower": "upper", "bite": "bite"} if swapped else {j: j for j in PLAIN.values()}
    stem = f"2026-09-09-{patient}"[:150]
    files = {f"{stem}-{tail}.stl": scan(shown[jaw], number) for tail, jaw in PLAIN.items()}
    files["rx.toml"] = rx(practice, 46, rush=rush)
    return {f"2026-09-11-{patient}'s case/{name}": content for name, content in files.items()}


def carestream(number: int, person: str) -> Files:
    """A save folder."""
    files = {f"{MAXILLA}.stl": scan("upper", number), f"{MANDIBLE}.stl": scan("lower", number)}
    files |= {f"{BITE}.stl": scan("bite", number), "rx.toml": rx("Lindenhof Dental", 24)}
    return {f"20260911 - 0{number % 10}3711 - {person}/{name}": content for name, content in files.items()}


def portal_package(number: int) -> Files:
    """The same save once more, as the portal packs it: another name, the same scans."""
    folder = carestream(number, "x")
    return {
        f"CSC-{number}.zip": packed({path.rpartition("/")[2]: content for path, content in folder.items()}),
    }


def evening() -> Sequence[Arrival]:
    """What was handed on the day before."""
    return (Arrival("at the CAD", "portal", itero(50)),)


def night() -> Sequence[Arrival]:
    """The 40 arrivals, in the order in which they came."""
    return (*_trios(), *_itero(), *_primescan(), *_medit(), *_carestream())


def _trios() -> Sequence[Arrival]:
    return (
        *(Arrival(f"trios {n}", "portal", trios(n)) for n in range(1, 5)),
        Arrival("trios rtl", "portal", trios(5, patient=("אברהם", "כהן"))),
        Arrival("no bite, joined", "portal", trios(6, bite=False, patient=("Erika", "Muster")), "no bite"),
        Arrival("no bite, merged", "portal", trios(7, bite=False, patient=("Max", "Muster")), "no bite"),
        Arrival("closed, sent again", "portal", trios(8, suffix="dcm"), "closed"),
        Arrival("trios rush", "portal", trios(9, rush=True), rush=True),
        Arrival("trios rush and late", "portal", trios(10, rush=True, days=1), rush=True, late=True),
    )


def _itero() -> Sequence[Arrival]:
    return (
        *(Arrival(f"itero {n}", "portal", itero(n)) for n in range(51, 56)),
        Arrival("no bite, exported again", "portal", itero(56, pose="teethup"), "no bite"),
        Arrival("rescan", "portal", itero(50, again=1), "rescan"),
        Arrival("swapped in itero", "portal", itero(58, swapped=True), "swapped"),
    )


def _primescan() -> Sequence[Arrival]:
    return (
        *(Arrival(f"primescan {n}", "mail", primescan(n)) for n in range(61, 67)),
        Arrival("closed, sent back", "park", {"Muster, Anna 2026-09-08_11-34-58.dxd": dxd()}, "closed"),
        Arrival("primescan rush", "mail", primescan(67, rush=True), rush=True),
    )


def _medit() -> Sequence[Arrival]:
    return (
        Arrival("medit umlauts", "mail", medit(71, UMLAUTS)),
        Arrival("medit decomposed", "mail", medit(72, DECOMPOSED)),
        Arrival("medit rtl", "mail", medit(73, RTL)),
        Arrival("medit long", "mail", medit(74, LONG)),
        Arrival("medit 75", "mail", medit(75, "Jane Roe")),
        Arrival("medit rush", "mail", medit(76, "Rick Roe", rush=True), rush=True),
        Arrival("swapped in medit", "mail", medit(77, "Tom Black", swapped=True), "swapped"),
        Arrival("nobody knows them", "mail", medit(78, "Eve White", practice="Zahnzentrum Nord"), "unknown practice"),
    )


def _carestream() -> Sequence[Arrival]:
    return (
        *(Arrival(f"carestream {n}", "mail", carestream(n, f"Doe John {n}")) for n in range(81, 86)),
        Arrival("twice", "portal", portal_package(81), "duplicate"),
    )
