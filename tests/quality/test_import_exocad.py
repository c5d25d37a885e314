"""``casepan rules import-exocad``: made library folders into the laboratory's own table of implants."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from casepan.api import Implant, implant_table, match_system
from casepan.cli.app import app
from casepan.errors import AdapterError, ConfigError, UsageError
from casepan.operate import implant_libraries
from casepan.operate.implant_libraries import plan_import, write_import
from casepan.operate.ruling import check_rules

ENTRY = """<?xml version="1.0" encoding="utf-8"?>
<ImplantLibraryEntry>
  <DisplayInformation>{name}</DisplayInformation>
  {maker}
  <Keyword>{keyword}</Keyword>
  <MarkerFilename>{marker}</MarkerFilename>
  <TypeConfig>
    <ImplantTypeConfig>
      <DisplayInformation>4.1 engaging</DisplayInformation>
      <MarkerFilename>sub\\{marker}</MarkerFilename>
      <SubtypeConfig><ImplantSubtypeConfig><MarkerFilename>Short.sdfa</MarkerFilename></ImplantSubtypeConfig></SubtypeConfig>
    </ImplantTypeConfig>
  </TypeConfig>
</ImplantLibraryEntry>
"""


def library(root: Path, folder: str, name: str, maker: str, keyword: str = "", marker: str = "SB Long.stl") -> Path:
    """A library's folder with its description."""
    path = root / folder / "Config.XML"
    path.parent.mkdir(parents=True)
    supplier = f"<Supplier>{maker}</Supplier>"
    path.write_text(ENTRY.format(name=name, maker=supplier, keyword=keyword, marker=marker), encoding="utf-8")
    return path


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """A lab.toml without rules."""
    path = tmp_path / "lab" / "lab.toml"
    path.parent.mkdir()
    path.write_text("version = 1\n", encoding="utf-8")
    return path


@pytest.fixture
def libraries(tmp_path: Path) -> Path:
    """One system that casepan knows by name, and one that it has never heard of."""
    root = tmp_path / "library"
    library(root, "implant/Straumann BL", "Bone Level", "Straumann")
    library(root, "implant/Made Systems M4", "M4 (internal)", "Made &amp; Sons", "M4")
    return root


def table_of(lab: Path) -> dict[str, dict[str, object]]:
    """The systems in the laboratory's file."""
    text = (lab.parent / "rules/implants.toml").read_text("utf-8")
    return tomllib.loads(text)["systems"]  # type: ignore[no-any-return]


def test_libraries_fill_the_table(lab: Path, libraries: Path) -> None:
    """A known system gets its library and scan bodies, an unknown one a place of its own; orders find both."""
    write_import(plan_import(lab, libraries))
    assert table_of(lab) == {
        "straumann-bone-level": {"library": "Straumann BL", "scan_bodies": ["SB Long", "Short"]},
        "made-sons-m4-internal": {
            "maker": "Made & Sons",
            "name": "M4 (internal)",
            "also": ["M4"],
            "library": "Made Systems M4",
            "scan_bodies": ["SB Long", "Short"],
        },
    }
    assert check_rules(lab).problems == ()
    table = implant_table({"systems": table_of(lab)})
    found = match_system(Implant(manufacturer="Made & Sons", system="m4"), table).system
    assert found is not None
    assert found.library == "Made Systems M4"


def test_types_of_a_library_are_no_platforms(lab: Path, libraries: Path) -> None:
    """They are often kinds of abutment: a comment tells them, and no order is held to them."""
    planned = plan_import(lab, libraries)
    assert "# the library distinguishes: 4.1 engaging\n" in planned.text
    assert "platforms" not in planned.text


def test_a_second_import_changes_nothing(lab: Path, libraries: Path) -> None:
    """Byte by byte."""
    write_import(plan_import(lab, libraries))
    before = (lab.parent / "rules/implants.toml").read_bytes()
    again = plan_import(lab, libraries)
    write_import(again)
    assert not again.additions
    assert not again.kept
    assert (lab.parent / "rules/implants.toml").read_bytes() == before


def test_what_the_lab_wrote_stays(lab: Path, libraries: Path) -> None:
    """Its comments, its order, its library and its other systems; only keys that it left out are added."""
    own = (
        "# ours\ncomplete = true\n\n[systems.straumann-bone-level]  # do not touch\n"
        'library = "CARES"\n\n[systems.mine]\nmaker = "X"\nname = "Y"'
    )
    path = lab.parent / "rules/implants.toml"
    path.parent.mkdir()
    path.write_text(own, encoding="utf-8")
    planned = plan_import(lab, libraries)
    write_import(planned)
    text = path.read_text("utf-8")
    assert [line for line in own.splitlines() if line not in text.splitlines()] == []
    assert table_of(lab)["straumann-bone-level"] == {"library": "CARES", "scan_bodies": ["SB Long", "Short"]}
    assert planned.kept == ("Straumann Bone Level: library = 'CARES' stays; found 'Straumann BL'",)


def test_a_system_in_braces_is_left_alone_and_told(lab: Path, libraries: Path) -> None:
    """Lines cannot be added to it."""
    path = lab.parent / "rules/implants.toml"
    path.parent.mkdir()
    path.write_text('[systems]\nstraumann-bone-level = { also = ["BL"] }\n', encoding="utf-8")
    planned = plan_import(lab, libraries)
    assert [one.key for one in planned.additions] == ["made-sons-m4-internal"]
    assert planned.kept == ("Straumann Bone Level: written in a form that cannot be added to",)


def test_the_maker_of_a_library_need_not_be_that_of_the_implant(lab: Path, tmp_path: Path) -> None:
    """The whole name says which system is meant."""
    library(tmp_path / "library", "third", "Straumann Bone Level", "Parts Ltd")
    assert [one.key for one in plan_import(lab, tmp_path / "library").additions] == ["straumann-bone-level"]


def test_a_key_that_means_another_system_is_not_taken(lab: Path, tmp_path: Path) -> None:
    """The laboratory's own names for systems are its own."""
    path = lab.parent / "rules/implants.toml"
    path.parent.mkdir()
    path.write_text('[systems.maker-sys]\nmaker = "Else"\nname = "Other"\n', encoding="utf-8")
    library(tmp_path / "library", "a", "Sys", "Maker")
    assert [one.key for one in plan_import(lab, tmp_path / "library").additions] == ["maker-sys-2"]


def test_two_libraries_of_one_system_are_joined(lab: Path, tmp_path: Path) -> None:
    """Both names, every scan body once."""
    for folder, marker in (("a", "One.stl"), ("b", "Two.stl")):
        library(tmp_path / "library", folder, "Sys", "Maker", marker=marker)
    (one,) = plan_import(lab, tmp_path / "library").additions
    assert (one.fields["library"], one.fields["scan_bodies"]) == ("a, b", ("One", "Short", "Two"))


def test_what_cannot_be_read_is_refused_with_place_and_reason(lab: Path, tmp_path: Path) -> None:
    """The others are taken."""
    root = tmp_path / "library"
    library(root, "good", "Sys", "Maker")
    library(root, "nameless", "", "Maker")
    library(root, "nobody", "Sys", "")
    for folder, text in (("broken", "<ImplantLibraryEntry>"), ("teeth", "<ToothLibrary/>"), ("empty", "")):
        (root / folder).mkdir()
        (root / folder / "config.xml").write_text(text, encoding="utf-8")
    entity = '<!DOCTYPE x [<!ENTITY a "b">]><ImplantLibraryEntry>&a;</ImplantLibraryEntry>'
    (root / "entity").mkdir()
    (root / "entity/config.xml").write_text(entity, encoding="utf-8")
    planned = plan_import(lab, root)
    assert [one.title for one in planned.additions] == ["Maker Sys"]
    told = {Path(str(one.place)).parent.name: one.reason for one in planned.refused}
    assert set(told) == {"nameless", "nobody", "broken", "teeth", "empty", "entity"}
    assert "ToothLibrary" in told["teeth"]
    assert "names no maker" in told["nobody"]
    assert not [reason for reason in told.values() if str(root) in reason]


def test_a_description_without_end_is_refused(lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A film named config.xml is not read into memory."""
    library(tmp_path / "library", "large", "Sys", "Maker")
    monkeypatch.setattr(implant_libraries, "LARGEST", 100)
    (refused,) = plan_import(lab, tmp_path / "library").refused
    assert "larger than" in refused.reason


def test_names_from_a_library_end_no_line(lab: Path, tmp_path: Path) -> None:
    """Quotation marks, brackets and line ends are text."""
    library(tmp_path / "library", "odd", 'A"\n[systems.x]\nb = 1', "M]\n#", marker='q".stl')
    write_import(plan_import(lab, tmp_path / "library"))
    (system,) = table_of(lab).values()
    assert (system["maker"], system["name"]) == ("M] #", 'A" [systems.x] b = 1')


def test_wrong_folders_are_said(lab: Path, tmp_path: Path) -> None:
    """No such folder, no library in it, no lab."""
    with pytest.raises(UsageError, match="no such folder"):
        plan_import(lab, tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"no config\.xml"):
        plan_import(lab, lab.parent)
    with pytest.raises(UsageError, match="no lab here"):
        plan_import(tmp_path / "lab.toml", tmp_path)


def test_a_broken_table_is_not_written_over(lab: Path, libraries: Path) -> None:
    """First mend it."""
    path = lab.parent / "rules/implants.toml"
    path.parent.mkdir()
    path.write_text("systems = 3\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="systems"):
        plan_import(lab, libraries)
    assert path.read_text("utf-8") == "systems = 3\n"


def test_the_distribution_is_named_when_it_is_missing(
    lab: Path, libraries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Core reads no vendor's files."""
    monkeypatch.setitem(__import__("sys").modules, "casepan_exocad.implants", None)
    with pytest.raises(AdapterError) as caught:
        plan_import(lab, libraries)
    assert "casepan-exocad" in str(caught.value.hint)


def test_the_command_line_shows_before_it_writes(lab: Path, libraries: Path) -> None:
    """``--dry-run`` writes nothing; a refused library ends 5."""
    arguments = ["rules", "import-exocad", str(libraries), "--lab", str(lab)]
    dry = CliRunner().invoke(app, [*arguments, "--dry-run"])
    assert (dry.exit_code, (lab.parent / "rules").exists()) == (0, False)
    assert "Made & Sons M4 (internal): new, maker, name, also, library, scan_bodies" in dry.stdout
    assert "2 systems would be added" in dry.stdout
    (libraries / "config.xml").write_text("<Other/>", encoding="utf-8")
    real = CliRunner().invoke(app, [*arguments, "--json"])
    answer = json.loads(real.stdout)
    assert (real.exit_code, answer["written"], len(answer["added"]), len(answer["refused"])) == (5, True, 2, 1)
    assert check_rules(lab).files == ("rules/implants.toml",)
