"""rx.toml and rx.json: reading."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import jsonschema
import pytest

from casepan.errors import CorruptFile
from casepan.knowledge.rx import RxFile, RxMisfit, find_rx, read_rx, rx_schema, unreadable_rx
from casepan.model.case import Patient
from casepan.model.prescription import Implant

FULL = """
version = 1
notation = "universal"
reference = "R-1042"
due = 2026-01-31
appointment = 2026-02-03T10:30:00Z
rush = true
remake_of = "R-0990"
practice = "Practice at the Park"
doctor = "Dr. Synthetic"
licence = "L-1"
ship_to = "Park Street 1"
physical = ["impression"]
notes = "light contacts"
raw = { portal = 7 }

[patient]
name = "Synthetic, Sam"
first = "Sam"
last = "Synthetic"
reference = "P-1"
guid = "0000"
raw = { chart = 3 }

[[items]]
id = "left"
teeth = ["14"]
kind = "implant-crown"
bridge = "b"
material = "zirconia"
material_text = "Zirconia HT"
shade = "vita a2"
stump_shade = "nd3"
implant = { manufacturer = "Maker", system = "System", platform = "4.1" }
scan_body = "SB-1"
retention = "screw-retained"
margin = "chamfer"
contacts = "light"
pontic_design = "ovate"
raw = { colour = 1 }
"""


def read(text: str, name: str = "rx.toml") -> RxFile:
    """Read a prescription text."""
    return read_rx(text.encode(), name=name, place=f"somewhere/{name}")


def refusal(text: str, name: str = "rx.toml") -> CorruptFile:
    """The error that a prescription text raises."""
    with pytest.raises(CorruptFile) as caught:
        read(text, name)
    return caught.value


def refusal_of(text: str) -> tuple[str, ...]:
    """Its problems."""
    error = refusal(text)
    assert isinstance(error, RxMisfit)
    return error.problems


def test_every_field_of_the_order_is_filled() -> None:
    """The file reaches every field of prescription, item and patient."""
    rx = read(FULL)
    order, item = rx.prescription, rx.prescription.items[0]
    assert (order.reference, order.due, order.rush) == ("R-1042", date(2026, 1, 31), True)
    assert order.appointment == datetime(2026, 2, 3, 10, 30, tzinfo=UTC)
    assert (order.remake_of, order.practice, order.doctor) == ("R-0990", "Practice at the Park", "Dr. Synthetic")
    assert (order.licence, order.ship_to, order.physical) == ("L-1", "Park Street 1", ("impression",))
    assert (order.notes, order.raw) == ("light contacts", {"portal": 7})
    assert (item.id, item.teeth, item.kind, item.bridge) == ("left", (26,), "implant-crown", "b")
    assert (item.material, item.material_text) == ("zirconia", "Zirconia HT")
    assert (item.shade, item.shade_guide, item.stump_shade) == ("A2", "VITA Classical", "ND3")
    assert item.implant == Implant("Maker", "System", "4.1")
    assert (item.scan_body, item.retention, item.margin) == ("SB-1", "screw-retained", "chamfer")
    assert (item.contacts, item.pontic_design, item.raw) == ("light", "ovate", {"colour": 1})
    assert rx.patient == Patient("Synthetic, Sam", "Sam", "Synthetic", "P-1", "0000", {"chart": 3})


def test_given_fields_carry_their_provenance() -> None:
    """What the file gives comes from "rx"; what it does not give comes from nowhere."""
    rx = read('version = 1\nrush = false\n[[items]]\nteeth = "11"\nkind = "crown"\n')
    assert rx.prescription.provenance == {"rush": "rx", "items": "rx"}
    assert rx.prescription.items[0].provenance == {"teeth": "rx", "kind": "rx"}
    assert rx.prescription.items[0].material == "unknown"


def test_json_reads_like_toml() -> None:
    """The same order in JSON, with dates as text, gives the same values."""
    document = {"version": 1, "due": "2026-01-31", "items": [{"teeth": [24], "kind": "crown", "shade": "A2"}]}
    toml = 'version = 1\ndue = 2026-01-31\n[[items]]\nteeth = [24]\nkind = "crown"\nshade = "A2"\n'
    assert read(json.dumps(document), "RX.JSON") == read(toml)


def test_a_range_of_teeth_makes_units() -> None:
    """A crown with a range of teeth is one unit per tooth, all in its bridge."""
    items = read('version = 1\n[[items]]\nteeth = "13-11"\nkind = "crown"\nbridge = "front"\n').prescription.items
    assert [(item.id, item.teeth, item.bridge) for item in items] == [
        ("1", (13,), "front"),
        ("2", (12,), "front"),
        ("3", (11,), "front"),
    ]


def test_a_splint_stays_one_piece() -> None:
    """What covers several teeth in one piece is one item."""
    items = read('version = 1\n[[items]]\nid = "night"\nteeth = "17-27"\nkind = "splint"\n').prescription.items
    assert len(items) == 1
    assert len(items[0].teeth) == 14


def test_material_is_read_from_its_words() -> None:
    """A certain word for a material names it; the words stay."""
    item = read('version = 1\n[[items]]\nmaterial_text = "ZrO2"\n').prescription.items[0]
    assert (item.material, item.material_text) == ("zirconia", "ZrO2")


def test_all_problems_are_told_at_once() -> None:
    """Each problem stands with its line and a remedy, and names of files stay out of the reason."""
    error = refusal(
        'version = 1\nduee = 1\ndue = "soon"\n[[items]]\nteeth = "24"\nkind = "crwn"\nimplant = { make = "x" }\n'
    )
    assert "line 2: duee: is not a key here (Did you mean 'due'?)" in error.reason
    assert "line 3: due: must be a date (Write 2026-01-31.)" in error.reason
    assert "line 6: items[1].kind: 'crwn' is not one of" in error.reason
    assert "line 7: items[1].implant.make: is not a key here" in error.reason
    assert "rx.toml" not in error.reason
    assert error.place == "somewhere/rx.toml"


def test_wrong_teeth_are_told_with_their_line() -> None:
    """Teeth are checked in the notation that the file names, all of them."""
    error = refusal('version = 1\n[[items]]\nteeth = "99"\n[[items]]\nteeth = [11, 1]\n')
    assert "line 3: items[1].teeth: not a tooth number in FDI notation: '99'" in error.reason
    assert "line 5: items[2].teeth: not a tooth number in FDI notation: '1'" in error.reason


def test_a_wrong_tooth_is_told_beside_other_mistakes() -> None:
    """One round of corrections is enough; a notation or teeth of a wrong type are told once."""
    error = refusal('version = 1\n[[items]]\nteeth = "99"\nkind = "crwn"\n[[items]]\nteeth = 24\n')
    assert isinstance(error, RxMisfit)
    assert sorted(problem.partition(": ")[0] for problem in error.problems) == ["line 3", "line 4", "line 6"]
    (only,) = refusal_of('version = 1\nnotation = "x"\n[[items]]\nteeth = "99"\n')
    assert only.startswith("line 2: notation: ")


def test_each_problem_is_a_finding_of_one_line() -> None:
    """So that lists, reports and the ledger can show it; a file that is no TOML has one."""
    told = unreadable_rx(refusal('version = 1\nrush = 3\n[[items]]\nteeth = "99"\n'))
    assert [finding.code for finding in told] == ["rx.unreadable"] * 2
    assert all(finding.message.isprintable() and finding.hint for finding in told)
    assert len(unreadable_rx(refusal("version = "))) == 1


def test_double_ids_are_refused() -> None:
    """Two items of one name could not be told apart."""
    error = refusal('version = 1\n[[items]]\nid = "a"\n[[items]]\nid = "a"\n')
    assert "items: the id 'a' stands twice" in error.reason


def test_a_newer_version_is_refused_by_number() -> None:
    """A file made for a later casepan is not half read."""
    error = refusal("version = 2\nunknown = 1\n")
    assert error.reason == "the prescription file has version 2; this casepan knows up to 1"
    assert error.hint == "Upgrade casepan on this machine."


def test_a_missing_version_is_told() -> None:
    """Without its number nobody knows how to read it later."""
    assert "version: is missing" in refusal("rush = true\n").reason


@pytest.mark.parametrize(
    ("text", "name", "reason"),
    [
        ("version = ", "rx.toml", "not valid TOML"),
        ("a = " + "[" * 100_000, "rx.toml", "not valid TOML"),
        ("{", "rx.json", "not valid JSON"),
        ("[" * 100_000, "rx.json", "not valid JSON"),
        ("[]", "rx.json", "not a JSON object"),
        ('{"version": 1, "version": 1}', "rx.json", "a key stands twice"),
        ('{"version": 1, "due": null}', "rx.json", "due: must be a date"),
        ('{"version": 1, "doctor": null}', "rx.json", "doctor: must be a string, not null"),
    ],
)
def test_broken_files_raise_a_typed_error(text: str, name: str, reason: str) -> None:
    """Syntax errors, endless nesting, doubles and nulls are refused with words."""
    assert reason in refusal(text, name).reason


def test_a_file_that_is_not_utf8_is_refused() -> None:
    """Bytes of another encoding are not guessed."""
    with pytest.raises(CorruptFile, match="not UTF-8") as caught:
        read_rx("notes = 'Brücke'".encode("latin-1"), name="rx.toml", place="rx.toml")
    assert caught.value.offset == 11


def test_a_byte_order_mark_and_windows_line_ends_are_fine() -> None:
    """Editors on Windows write both."""
    data = b"\xef\xbb\xbfversion = 1\r\nrush = true\r\n"
    assert read_rx(data, name="rx.toml", place="rx.toml").prescription.rush


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        (("a/b.stl", "a/rx.toml"), "a/rx.toml"),
        (("a/b/rx.toml", "a/RX.json"), "a/RX.json"),
        (("rx.json", "rx.toml"), "rx.toml"),
        (("a.zip!rx.toml",), "a.zip!rx.toml"),
        (("a/rx.toml.bak", "my rx.toml"), None),
        ((), None),
    ],
)
def test_the_file_is_found_by_its_name(paths: tuple[str, ...], found: str | None) -> None:
    """The least deep one is taken, TOML before JSON, and only by its whole name."""
    assert find_rx(paths) == found


def test_schema_accepts_what_is_read_and_refuses_what_is_not() -> None:
    """Editors and programs see the same rules as the reader."""
    jsonschema.Draft202012Validator.check_schema(rx_schema())
    validator = jsonschema.Draft202012Validator(rx_schema())
    good = {
        "version": 1,
        "due": "2026-01-31",
        "items": [{"teeth": [24, "25"], "kind": "crown", "implant": {"system": "X"}}],
    }
    read(json.dumps(good), "rx.json")
    assert validator.is_valid(good)
    for bad in ({}, {"version": 2}, {"version": 1, "duee": 1}, {"version": 1, "items": [{"kind": "crwn"}]}):
        assert not validator.is_valid(bad)
        refusal(json.dumps(bad), "rx.json")


def test_every_key_of_the_schema_is_documented() -> None:
    """The schema is the documentation of the file."""
    properties = rx_schema()["properties"]
    for table in (properties, properties["items"]["items"]["properties"], properties["patient"]["properties"]):
        assert all(key.get("description") for key in table.values())
