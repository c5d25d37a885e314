"""Packages in the vendors' own layouts: what goes out comes back as the same case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from casepan.api import Case, Receipt, Sample
from casepan.config.options import structure_options
from casepan.operate.looking import look_at
from casepan.registry import Registry
from casepan.running.context import Bench, Errand

REGISTRY = Registry.load()
REF = "K7Q2-M4"
SAMPLES = {(plugin, one.name): one for plugin, many in REGISTRY.samples().items() for one in many}
Check = Callable[[Case, Case], None]


def handed_on(
    sample: Sample, stage: str, folder: Path, change: Callable[[Case], Case], **options: Any
) -> tuple[Any, ...]:
    """The case of a sample, the receipt of its package, and the path of the package."""
    arrival = sample.write(folder / "in")
    (looked,) = look_at(arrival, REGISTRY).cases
    case = change(evolve(looked.case, ref=REF))
    kind: Any = REGISTRY.options_type(stage)
    with Bench.at(arrival, base=folder) as bench:
        exporter = REGISTRY.build(stage, structure_options(kind, {"path": "out", **options}, place="lab.toml"))
        receipt: Receipt = exporter.deliver(case, bench.sending(stage, "export", Errand("key-1", REF)))
    return case, receipt, Path(receipt.place)


def read_back(path: Path) -> tuple[Case, str]:
    """What all adapters together make of a package, and which importer read it."""
    (looked,) = look_at(path, REGISTRY).cases
    return looked.case, looked.recognition.stage


def jaws(case: Case) -> list[str]:
    """Role and arch of the preferred scans; preparation, antagonist and edentulous arches count as arch."""
    same = ("preparation", "antagonist", "edentulous")
    preferred = [scan for scan in case.scans if scan.preferred]
    return sorted(f"{'arch' if scan.role in same else scan.role}/{scan.arch or '-'}" for scan in preferred)


def roles(case: Case) -> list[str]:
    """Role and arch of the preferred scans."""
    return sorted(f"{scan.role}/{scan.arch or '-'}" for scan in case.scans if scan.preferred)


def without_bites(case: Case) -> list[str]:
    """Jaws, for a layout that has no bite scans and no other words."""
    return [jaw for jaw in jaws(case) if jaw.startswith("arch/")]


def order(case: Case) -> list[tuple[object, ...]]:
    """What is ordered, bridges by the teeth that hang together."""
    items = case.prescription.items
    bridges = {
        i.bridge: frozenset(t for o in items if o.bridge == i.bridge for t in o.teeth) for i in items if i.bridge
    }
    return sorted(
        (i.teeth, i.kind, i.material, i.shade or "", tuple(sorted(bridges.get(i.bridge or "", ())))) for i in items
    )


READERS = {"medit.package": ("medit", "exocad")}
"""A Medit package without a bite and without OBJ bears no mark of Medit: it is an exocad-style folder like any other."""

PACKAGES: list[tuple[str, str, str, Mapping[str, Any], Callable[[Case], list[str]]]] = [
    ("medit.package", "medit", "exocad-style", {}, jaws),
    ("medit.package", "medit", "second-vocabulary", {"form": "zip"}, jaws),
    ("medit.package", "itero", "restorative-ply", {}, jaws),
    ("medit.package", "trios", "order-raw-and-processed", {}, jaws),
    ("itero.package", "itero", "restorative-ply", {}, roles),
    ("itero.package", "itero", "ortho-occlusion", {"form": "folder"}, roles),
    ("itero.package", "medit", "exocad-style", {}, without_bites),
    ("itero.package", "trios", "order-folder-stl", {}, without_bites),
    ("trios.package", "trios", "open-export-ply", {}, roles),
    ("trios.package", "trios", "download-arch", {"form": "zip"}, roles),
    ("trios.package", "trios", "order-raw-and-processed", {}, roles),
    ("trios.package", "trios", "order-folder-dcm", {}, roles),
    ("trios.package", "itero", "restorative-ply", {}, roles),
    ("trios.package", "medit", "exocad-style", {}, jaws),
    ("primescan.package", "primescan", "dscore-bite", {}, jaws),
    ("primescan.package", "primescan", "local-obj", {"form": "folder"}, jaws),
    ("primescan.package", "itero", "restorative-ply", {}, jaws),
    ("carestream.package", "carestream", "restoration", {}, jaws),
    ("carestream.package", "carestream", "save-ply", {"form": "zip"}, jaws),
    ("carestream.package", "trios", "order-folder-stl", {}, jaws),
    ("carestream.package", "itero", "restorative-ply", {}, jaws),
    ("exocad.project", "exocad", "bridge", {}, jaws),
    ("exocad.project", "exocad", "implant", {}, jaws),
    ("exocad.project", "medit", "two-occlusions", {}, jaws),
    ("exocad.project", "trios", "open-export-ply", {}, jaws),
    ("exocad.project", "itero", "ortho-occlusion", {}, jaws),
    ("exocad.project", "carestream", "save-ply", {"private": True}, jaws),
]


@pytest.mark.parametrize(
    ("stage", "plugin", "sample", "options", "seen"), PACKAGES, ids=[f"{p[0]}-{p[1]}-{p[2]}" for p in PACKAGES]
)
def test_a_package_is_read_back_as_the_same_case(
    stage: str, plugin: str, sample: str, options: Mapping[str, Any], seen: Callable[[Case], list[str]], tmp_path: Path
) -> None:
    """Roles and arches as far as the layout has words for them; teeth, kinds, bridges, materials and shades whole."""
    case, receipt, path = handed_on(SAMPLES[plugin, sample], stage, tmp_path, lambda case: case, **options)
    again, importer = read_back(path)
    assert importer.partition(".")[0] in READERS.get(stage, (stage.partition(".")[0],))
    assert seen(again) == seen(case)
    assert order(again) == order(case)
    assert again.prescription.due == case.prescription.due
    assert {f.code for f in again.findings} & {"rx.conflict", "arrival.incomplete", "arrival.ambiguous"} == set()
    assert receipt.proof["not carried"]
    colours = {scan.id: scan.colour for scan in case.scans if scan.preferred}
    assert sorted(str(scan.colour) for scan in again.scans) == sorted(map(str, colours.values()))
