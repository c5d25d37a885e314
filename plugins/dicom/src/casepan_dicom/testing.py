"""Generated DICOM studies: synthetic jaws inside objects as this plugin and as other programs write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from attrs import frozen

from casepan.api import Case, CaseKey, Expected, Origin, Patient, Prescription, Sample
from casepan.testing import jaw_pair, scan_bytes, small_scan
from casepan_dicom.objects import Model, instances
from casepan_dicom.uids import uid

STAGE = "dicom.study"
WHEN = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


@frozen
class Told:
    """The part of an exporter's context that objects are made with."""

    key: str

    def now(self) -> datetime:
        """A fixed time."""
        return WHEN


def case(ref: str = "K7Q2-M4", *, named: bool = False) -> Case:
    """A case without scans, with or without an invented patient."""
    patient = Patient(name="Zoë Roe", first="Zoë", last="Roe", reference="P-17") if named else Patient()
    order = Prescription(doctor="Dr. Lindenhof" if named else None)
    return Case(
        ref, CaseKey("core", ref), Origin("core.generic"), received_at=WHEN, patient=patient, prescription=order
    )


def study(models: Sequence[Model], key: str, *, named: bool = False) -> dict[str, bytes]:
    """File name to bytes of the objects of one study."""
    told: Any = Told(key)
    return {made.name: made.content for made in instances(models, case(named=named), told, private=named)}


@cache
def stl(role: str, seed: int = 0) -> bytes:
    """A small binary STL."""
    return scan_bytes(small_scan(role, seed), "stl")


def stl_models(seed: int = 0) -> list[Model]:
    """Both arches and a bite."""
    return [
        Model("stl", "upper-preparation", "upper preparation", stl("upper", seed), "f"),
        Model("stl", "lower-antagonist", "lower antagonist", stl("lower", seed), "f"),
        Model("stl", "bite-1", "bite 1", stl("bite", seed), "f"),
    ]


def obj_models() -> list[Model]:
    """Both arches with colour, and their materials."""
    made = [
        Model(
            "obj",
            f"{arch}-arch",
            f"{arch} arch",
            b"mtllib materials.mtl\n" + scan_bytes(small_scan(arch), "obj"),
            "f",
            None,
            "materials.mtl",
        )
        for arch in ("upper", "lower")
    ]
    return [*made, Model("mtl", "materials", "materials of the models", b"newmtl coloured\nKd 1 1 1\n", "f")]


def fine_models() -> list[Model]:
    """Scans fine enough for every check."""
    pair = jaw_pair(26, triangles=16_000)
    shapes = {"upper arch": pair.upper, "lower arch": pair.lower, "bite 1": pair.bites[0]}
    return [
        Model("stl", shown.replace(" ", "-"), shown, scan_bytes(shape, "stl"), "f") for shown, shape in shapes.items()
    ]


def in_folder(folder: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files inside a folder of that name."""
    return {f"{folder}/{path}": content for path, content in files.items()}


def samples() -> tuple[Sample, ...]:
    """What archives give back, and what other programs write."""
    three = {
        "01-upper-preparation.dcm": "preparation/upper",
        "02-lower-antagonist.dcm": "antagonist/lower",
        "03-bite-1.dcm": "bite/-",
    }
    fine = {"01-upper-arch.dcm": "arch/upper", "02-lower-arch.dcm": "arch/lower", "03-bite-1.dcm": "bite/-"}
    both = {"01-upper-arch.dcm": "arch/upper", "02-lower-arch.dcm": "arch/lower"}
    others = {"IM0001": "arch/upper", "IM0002": "other/-"}
    return (
        Sample(
            "stl-study",
            "Encapsulated STL of one study",
            lambda: in_folder("K7Q2-M4", study(fine_models(), "a")),
            Expected(STAGE, fine, vendor_id=uid("a", "study")),
            "documented",
            demo=True,
        ),
        Sample(
            "named-study",
            "the same with a patient",
            lambda: in_folder("Roe", study(stl_models(), "b", named=True)),
            Expected(STAGE, three, vendor_id=uid("b", "study")),
            "documented",
        ),
        Sample(
            "obj-study",
            "Encapsulated OBJ and MTL",
            lambda: in_folder("K7Q2-M4", study(obj_models(), "c")),
            Expected(STAGE, both, vendor_id=uid("c", "study")),
            "documented",
        ),
        Sample(
            "other-words",
            "titles of another program, files without suffix",
            _other_words,
            Expected(STAGE, others),
            "inferred",
        ),
        Sample("two-studies", "two studies in one folder", _two, Expected(STAGE, cases=2), "inferred"),
    )


def _other_words() -> dict[str, bytes]:
    models = [Model("stl", "Maxilla", "scan of the maxilla", stl("upper")), Model("stl", "Model 2", "", stl("lower"))]
    return in_folder("export", dict(zip(("IM0001", "IM0002"), study(models, "d").values(), strict=True)))


def _two() -> dict[str, bytes]:
    first, second = study(stl_models(), "e"), study(stl_models(1), "f")
    return in_folder("monday", in_folder("one", first) | in_folder("two", second))
