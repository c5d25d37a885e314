"""Primescan: what names and the case record mean."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from casepan.api import Entry, read_xml
from casepan_primescan.layout import part_of
from casepan_primescan.rx import CaseRecord, prescription_of, record_of, teeth_in_name
from casepan_primescan.testing import GUID, record

NAMES = [
    ("2026-09-10-00000-000-upperjaw.ply", "arch", "upper", "dscore"),
    ("2026-09-10-00000-000-upperjaw-gingiva.ply", "gingiva", "upper", "dscore"),
    ("2026-09-10-00000-000-lowerjaw (1).ply", "arch", "lower", "dscore"),
    ("2026-09-10-00000-000-bite.ply", "bite", None, "dscore"),
    ("2026-09-10-00000-000-upperjaw-tissue.ply", "other", "upper", "dscore"),
    ("UpperJaw.stl", "arch", "upper", "bare"),
    ("upperjaw.stl", "arch", "upper", "unknown"),
    ("UpperJaw/Data.obj", "arch", "upper", "folders"),
    ("ScanbodyLower/Data.obj", "scanbody", "lower", "folders"),
    ("PreOpUpper/Data.obj", "preop", "upper", "folders"),
    ("Wings/Data.obj", "other", None, "unknown"),
    ("Roe-UpperJaw.stl", "other", None, "unknown"),
]


@pytest.mark.parametrize(("name", "role", "arch", "layout"), NAMES)
def test_names_and_folders_tell_the_role(name: str, role: str, arch: str | None, layout: str) -> None:
    """The role stands in the file name, or in the folder around Data.obj."""
    part = part_of(Entry(f"PAT001/{name}", 1, 0.0))
    assert part is not None
    assert (part.role, part.arch, part.layout, part.root) == (role, arch, layout, "PAT001")


def test_the_record_gives_identity_patient_and_time() -> None:
    """Elements are found wherever they stand; the time is UTC."""
    found = record_of(read_xml(record(teeth=(21, 11)).encode("utf-16-le")))
    assert found.guid == GUID
    assert (found.patient.name, found.patient.first, found.patient.last) == ("Anna Muster", "Anna", "Muster")
    assert found.patient.reference == "24447"
    assert found.scanned_at == datetime(2026, 9, 8, 2, 35, 10, tzinfo=UTC)
    assert found.teeth == (11, 21)
    assert found.arch == "both"
    assert found.restorations == ("ScanOnly",)


def test_the_date_of_birth_is_never_read() -> None:
    """What the lab does not need does not enter the case."""
    assert "1900" not in repr(record_of(read_xml(record().encode()))) + str(
        record_of(read_xml(record().encode())).patient.raw
    )


def test_an_empty_guid_is_no_identity() -> None:
    """Two cases with a zero GUID must not become one."""
    empty = record(guid="00000000-0000-0000-0000-000000000000")
    assert record_of(read_xml(empty.encode())).guid is None


def test_odd_times_and_teeth_are_left_out() -> None:
    """A 31st of February and tooth 99 are not known, not guessed."""
    found = record_of(
        read_xml(
            b'<DentalCase><FileHistory><DateTime day="31" month="2" year="2026"/><DateTime/></FileHistory>'
            b"<ToothNumber>99</ToothNumber><ModelType>LowerJaw</ModelType></DentalCase>"
        )
    )
    assert found.scanned_at is None
    assert found.teeth == ()
    assert found.arch == "lower"


def test_teeth_of_the_record_win_over_the_name() -> None:
    """Provenance says where teeth come from."""
    from_file = prescription_of(CaseRecord(teeth=(36,)), name="Roe #11", reference=None)
    from_name = prescription_of(CaseRecord(), name="Roe #11", reference=None)
    assert [item.provenance["teeth"] for item in from_file.items] == ["file"]
    assert from_file.teeth == (36,)
    assert from_name.items[0].provenance == {"teeth": "name"}
    assert from_name.teeth == (11,)


@pytest.mark.parametrize(
    ("name", "teeth"),
    [("A #11,21 Dr B", (11, 21)), ("A 11 21", ()), ("A #11-21", ()), ("24447_DI_2026-10", ()), ("A # 36", (36,))],
)
def test_only_marked_teeth_are_offered(name: str, teeth: tuple[int, ...]) -> None:
    """Two-digit numbers without # are dates or chart numbers."""
    assert teeth_in_name(name) == teeth
