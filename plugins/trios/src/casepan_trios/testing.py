"""Generated arrivals of 3Shape's layouts, one for every tree that is known. All patients are invented.

Names and trees marked real were seen in real exports (``quality.toml`` says where); their contents are made here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Literal

from attrs import evolve

from casepan.api import Expected, Sample
from casepan_trios.testing_files import ORDER_ID, Unit, hps_scan, materials_xml, order_xml, zipped

Files = Mapping[str, bytes]
Scans = Mapping[str, str]
"""Path below the arrival to ``"role/arch"``: both what is made and what must be read."""

Outcome = Literal["accept", "review", "reject"]
STAGE = "trios.order"
_BRIDGE = (
    Unit(24, bridge=True),
    Unit(25, "teCrownPontic", bridge=True),
    Unit(26, bridge=True),
    Unit(11, "teVeneer", element=2, material="IPS e.max CAD", shade="BL2"),
)
_TEETH = (11, 24, 25, 26)


def samples() -> tuple[Sample, ...]:
    """Every arrival."""
    groups = (_open_exports, _downloads, _order_folders, _odd_orders, _closed_orders)
    return tuple(sample for group in groups for sample in group())


@cache
def scan(jaw: str, suffix: str = "stl", seed: int = 0, repeat: int = 0) -> bytes:
    """A small scan: jaw ``upper``, ``lower`` or ``bite``; the suffix ``dcm`` gives a closed HPS.

    A ``repeat`` is the same jaw scanned once more: a little less of it.
    """
    from casepan.testing import scan_bytes, small_scan

    whole = small_scan(jaw, seed)
    mesh = evolve(whole, faces=whole.faces[: len(whole.faces) - 7 * repeat])
    return hps_scan(mesh) if suffix == "dcm" else scan_bytes(mesh, suffix)


def order_tree(scans: Scans, *, order_id: str = ORDER_ID, xml: bytes | None = None, seed: int = 0) -> Files:
    """An order folder of Dental System with these scans, without its own name in front."""
    design = b"www.3shape.com".ljust(80, b"\0") + bytes(4)
    return {
        f"{order_id}.xml": xml or order_xml(_BRIDGE, order_id=order_id),
        "Materials.xml": materials_xml({"C1001_Material1": "Zirconia"}),
        "Manufacturers.3ml": b"PK\x03\x04 locked",
        "PrintableOrderForm/PrintableOrderForm.html": b"<html><body>Order form</body></html>",
        "3SCom/Screenshots/Front.jpg": b"\xff\xd8\xff\xe0 picture",
        f"CAD/{order_id} 0.stl": design,
        "Anatomy elements/UNN12.stl": design,
        "Backup/PreparationScan.stl": design,
        **_made(scans, seed),
    }


def _made(scans: Scans, seed: int = 0) -> Files:
    jaws = [_jaw(role) for role in scans.values()]
    repeats = [jaws[:index].count(jaw) for index, jaw in enumerate(jaws)]
    made = zip(scans, jaws, repeats, strict=True)
    return {path: scan(jaw, path.rpartition(".")[2], seed, repeat) for path, jaw, repeat in made}


def _jaw(role: str) -> str:
    """The generated scan for a role; where no arch must be read, the preparation is a lower."""
    kind, _, arch = role.partition("/")
    if kind == "bite":
        return "bite"
    return arch if arch != "-" else "upper" if kind == "antagonist" else "lower"


def _below(top: str, files: Mapping[str, bytes]) -> Files:
    return {f"{top}/{path}": content for path, content in files.items()}


def _open(prefix: str, suffix: str = "stl") -> Scans:
    return {
        f"{prefix}UpperJawScan.{suffix}": "arch/upper",
        f"{prefix}LowerJawScan.{suffix}": "arch/lower",
        f"{prefix}BiteScan.{suffix}": "bite/-",
    }


def _in_order(suffix: str = "stl", top: str = "") -> Scans:
    return {
        f"{top}Scans/Upper/Raw Preparation scan.{suffix}": "preparation/upper",
        f"{top}Scans/Lower/Raw Antagonist scan.{suffix}": "antagonist/lower",
        f"{top}Scans/Misc/Raw Bite scan.{suffix}": "bite/-",
    }


def _folder(
    name: str,
    title: str,
    top: str,
    scans: Scans,
    *,
    vendor_id: str | None = None,
    outcome: Outcome = "accept",
    demo: bool = False,
) -> Sample:
    """A folder of scans whose names were seen in real exports."""
    closed = sum(path.endswith(".dcm") for path in scans)
    expected = Expected(STAGE, scans, vendor_id=vendor_id, closed=closed, outcome=outcome)
    return Sample(name, title, lambda: _below(top, _made(scans)), expected, "real", demo)


def _open_exports() -> Iterable[Sample]:
    title = "open export, PLY with colour"
    yield _folder(
        "open-export-ply", title, "Doe Jane 2026-03-01", _open("Doe Jane ", "ply"), vendor_id="doe jane", demo=True
    )
    yield _folder("open-export-glued", "prefix glued to the role", "export 12", _open("Teste"), vendor_id="teste")
    yield _folder("open-export-underscore", "underscores", "export 13", _open("CASE123_"), vendor_id="case123")
    yield _folder("open-export-hangul", "prefix in Hangul", "export 14", _open("홍길동 "), vendor_id="홍길동")
    yield _folder("open-export-bare", "no prefix at all", "STL", _open(""))
    odd = {
        "Roe Ann-UpperJawScan.stl": "arch/upper",
        "Roe Ann-LoweJawScan.stl": "arch/lower",
        "Roe Ann-BiteScan1.stl": "bite/-",
        "Roe Ann-BiteScan2.stl": "bite/-",
    }
    yield _folder("open-export-typo", "two bites, and the spelling LoweJawScan", "export 15", odd, vendor_id="roe ann")
    copies = {path.replace(".stl", " (1).stl"): role for path, role in _open("Poe scan for retainers ").items()}
    title = "names with a browser's copy marks"
    yield _folder("open-export-copies", title, "export 16", copies, vendor_id="poe scan for retainers")
    loose = _open("Green Mary ")
    expected = Expected(STAGE, loose, vendor_id="green mary")
    yield Sample("open-export-loose", "loose files in the inbox", lambda: _made(loose), expected, "real")
    yield from _arranged_exports()


def _arranged_exports() -> Iterable[Sample]:
    expected = Expected(STAGE, _prefixed("Smith_John.zip!", _open("Smith_John_", "ply")), vendor_id="smith john")

    def flat() -> Files:
        return {"Smith_John.zip": zipped(_made(_open("Smith_John_", "ply")))}

    yield Sample("open-export-zip", "open export, flat in a zip", flat, expected)

    def two() -> Files:
        return _below("Monday", {**_made(_open("Doe Jane ")), **_made(_open("Roe Rick "), seed=1)})

    both = {**_open("Doe Jane "), **_open("Roe Rick ")}
    expected = Expected(STAGE, both, vendor_id="doe jane", cases=2)
    yield Sample("open-export-two-patients", "two open exports in one folder", two, expected)


def _downloads() -> Iterable[Sample]:
    raw = {
        "Raw Preparation scan.stl": "preparation/-",
        "Raw Antagonist scan.stl": "antagonist/-",
        "Raw Bite scan.stl": "bite/-",
        "AbutmentAlignmentScan.stl": "scanbody/-",
    }
    yield _folder("download-raw", "portal download named by role, no arch anywhere", "Download", raw, outcome="review")
    flattened = {
        "Upper+PreparationScan.stl": "preparation/upper",
        "Lower+AntagonistScan.stl": "antagonist/lower",
        "Raw Bite scan.stl": "bite/-",
        "Raw Bite scan2.stl": "bite/-",
    }
    yield _folder("download-arch", "portal download with the arch in the name", "Black Tom", flattened)
    half = {"Upper PreparationScan.stl": "preparation/upper", "AntagonistScan.stl": "antagonist/lower"}
    expected = Expected(STAGE, _prefixed("Order.zip!", half), outcome="reject")
    yield Sample("download-zip", "portal download, no bite", lambda: {"Order.zip": zipped(_made(half))}, expected)


def _order_folders() -> Iterable[Sample]:
    def third_party() -> Files:
        xml = order_xml(_BRIDGE, source="ssImportThirdPartySTL", scans=("stPreperation", "stAntagonistModel"))
        return _below(ORDER_ID, order_tree(_in_order(), xml=xml))

    expected = Expected(STAGE, _in_order(), _TEETH, ORDER_ID)
    yield Sample("order-folder-stl", "order folder with STL scans", third_party, expected, "real")

    def top() -> Files:
        return {f"{ORDER_ID}.zip": zipped(_below(ORDER_ID, order_tree(_in_order())))}

    expected = Expected(STAGE, _in_order(top=f"{ORDER_ID}.zip!{ORDER_ID}/"), _TEETH, ORDER_ID)
    yield Sample("order-zip-top", "order folder in a zip, under its own name", top, expected, "real")

    def flat() -> Files:
        return {f"{ORDER_ID} (1).zip": zipped(order_tree(_in_order()))}

    expected = Expected(STAGE, _in_order(top=f"{ORDER_ID} (1).zip!"), _TEETH, ORDER_ID)
    yield Sample("order-zip-flat", "order in a zip, files at the top, downloaded twice", flat, expected, "real")
    both = {
        **_in_order(),
        "Scans/Upper/PreparationScan.stl": "preparation/upper",
        "Scans/Upper/PrePreparationScan.stl": "preop/upper",
        "Scans/Misc/Raw Bite scan2.stl": "bite/-",
    }
    expected = Expected(STAGE, both, _TEETH, ORDER_ID)
    files = _ordered(ORDER_ID, both)
    yield Sample("order-raw-and-processed", "raw, processed and pre-operative scans", files, expected, "real")


def _ordered(top: str, scans: Scans) -> Callable[[], Files]:
    return lambda: _below(top, order_tree(scans))


def _odd_orders() -> Iterable[Sample]:
    by_tooth = {
        "Scans/UNN15/PreparationScan.stl": "preparation/upper",
        "Scans/AntagonistScan.stl": "antagonist/lower",
        "Scans/Raw Bite scan.stl": "bite/-",
    }

    def teeth() -> Files:
        xml = order_xml((Unit(27), Unit(26, material="PMMA", element=2)), order_id="T2002")
        return _below("T2002", {"T2002.xml": xml, **_made(by_tooth)})

    expected = Expected(STAGE, by_tooth, (26, 27), "T2002")
    yield Sample("order-by-tooth", "arch only in a tooth's folder and in the ordered teeth", teeth, expected)

    def two() -> Files:
        second = order_tree(_in_order(), order_id="A101", xml=order_xml((Unit(36),), order_id="A101"), seed=1)
        return {
            "Orders.zip": zipped({**_below("A100", order_tree(_in_order(), order_id="A100")), **_below("A101", second)})
        }

    both = {**_in_order(top="Orders.zip!A100/"), **_in_order(top="Orders.zip!A101/")}
    expected = Expected(STAGE, both, (*_TEETH, 36), "A100", cases=2)
    yield Sample("two-orders-zip", "two orders in one zip", two, expected, "real")

    def saves() -> Files:
        old, new = (zipped(_below("B300", order_tree(_in_order(), order_id="B300", seed=seed))) for seed in (0, 1))
        return {"Downloads/B300.zip": old, "Downloads/B300 (1).zip": new}

    expected = Expected(STAGE, teeth=_TEETH, vendor_id="B300")
    yield Sample("order-several-saves", "one order downloaded twice", saves, expected)

    def empty() -> Files:
        return {"D500/D500.xml": order_xml((Unit(46),), order_id="D500")}

    expected = Expected(STAGE, teeth=(46,), vendor_id="D500", outcome="reject")
    yield Sample("order-without-scans", "an order whose scans did not arrive", empty, expected)


def _closed_orders() -> Iterable[Sample]:
    expected = Expected(STAGE, _in_order("dcm"), _TEETH, ORDER_ID, closed=3, outcome="review")
    files = _ordered(ORDER_ID, _in_order("dcm"))
    yield Sample("order-folder-dcm", "order folder as TRIOS sends it: encrypted DCM", files, expected, "real")
    patient = {path: role for path, role in _in_order("dcm").items() if "Misc" not in path}
    title = "scan folder named after the patient, no order XML"
    yield _folder("patient-folder-dcm", title, "Brown_Amy(1)", patient, vendor_id="Brown_Amy", outcome="review")
    title = "open export, but DCM was chosen"
    jaws = _open("White Eve ", "dcm")
    yield _folder("open-export-dcm", title, "export 17", jaws, vendor_id="white eve", outcome="review")

    def exchange() -> Files:
        order = "<Order><Comments>Crown 26, shade A2</Comments></Order>".encode("utf-16")
        return {"Gray Sue/Gray Sue.3oxz": zipped({"Order.3ox": order, "Scans/a.dcm": b"closed"})}

    expected = Expected(STAGE, vendor_id="Gray Sue", closed=1, outcome="review")
    yield Sample("exchange-3oxz", "order as 3OXZ", exchange, expected)


def _prefixed(prefix: str, scans: Scans) -> Scans:
    return {prefix + path: role for path, role in scans.items()}
