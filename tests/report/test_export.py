"""The exporters in a lab, and ``casepan report``."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from attrs import evolve
from typer.testing import CliRunner

from casepan.api import Case, FolderPath, Scan
from casepan.cli.app import app
from casepan.config.loader import load_lab
from casepan.errors import CasepanError, UsageError
from casepan.mesh import read_mesh, write_mesh
from casepan.operate.deciding import decide
from casepan.operate.desk import open_desk
from casepan.operate.reporting import ReportWish, report_case
from casepan.registry import Registry
from casepan.running.context import Bench, Errand
from casepan.running.supervisor import run_once
from casepan.testing import ExporterConformance, scan_bytes, small_scan
from casepan_report.export import ReportExport
from casepan_report.options import ReportOptions
from casepan_report.origins import repairs_of
from casepan_report.shapes import shapes_of
from casepan_report.views import Gallery, gallery

LAB = """
version = 1
[lab]
name = "North Lab"
[adapters.report]
[[pipelines.all.import]]
use = "core.inbox"
with = { path = "inbox", settle = "0s" }
[[pipelines.all.steps]]
use = "core.convert"
with = { format = "ply" }
[[pipelines.all.export]]
id = "cad"
use = "core.folder"
with = { path = "out/cad" }
[[pipelines.all.export]]
use = "report.html"
with = { path = "out/reports", variant = "lab", viewer = false }
after = ["cad"]
[[pipelines.all.export]]
use = "report.ticket"
with = { path = "out/tickets" }
"""


@pytest.fixture(scope="module")
def pictures() -> list[Gallery]:
    """Pictures drawn once for all rules."""
    return []


@pytest.fixture
def drawn_once(monkeypatch: pytest.MonkeyPatch, pictures: list[Gallery]) -> None:
    """All rules deliver the same case: its pictures are drawn for the first of them."""

    def kept(*arguments: Any) -> Gallery:
        pictures[:] = pictures or [gallery(*arguments)]
        return pictures[0]

    monkeypatch.setattr("casepan_report.contents.gallery", kept)


@pytest.mark.usefixtures("drawn_once")
class TestReportKeepsThePromisesOfExporters(ExporterConformance):
    """``report.html`` is complete and proven, or not there at all; by default it names nobody."""

    stage = "report.html"
    options: ClassVar[Mapping[str, Any]] = {"path": "out", "viewer": False}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lab that has run one case."""
    folder = tmp_path_factory.mktemp("lab")
    arrival = folder / "inbox" / "Mustermann Jane"
    arrival.mkdir(parents=True)
    for role in ("upper", "lower", "bite"):
        (arrival / f"Mustermann {role}.stl").write_bytes(scan_bytes(small_scan(role), "stl"))
    (arrival / "rx.toml").write_text(
        'version = 1\n[patient]\nlast = "Mustermann"\n[[items]]\nteeth = "14"\nkind = "crown"\n'
    )
    (folder / "lab.toml").write_text(LAB)
    assert run_once(load_lab(folder / "lab.toml")).exit_code == 0
    return folder


def only(folder: Path, pattern: str) -> Path:
    """The one file of a pattern."""
    (found,) = folder.glob(pattern)
    return found


def test_a_run_writes_report_card_and_ticket(lab: Path) -> None:
    """The report knows what earlier exports confirmed; all lie beside their seals."""
    report = only(lab / "out" / "reports", "*/*.html")
    text = report.read_text("utf-8")
    assert "Handed on" in text
    assert "core.generic" in text
    card = json.loads((report.parent / "case.json").read_text("utf-8"))
    assert (card["case"], card["verdict"], card["report"]) == (report.stem, "accept", report.name)
    assert only(lab / "out" / "tickets", "*/*.html").name == f"{report.stem}-ticket.html"
    assert "STOP" not in report.with_suffix(".txt").read_text("utf-8")


def command(*arguments: str) -> tuple[int, str, str]:
    """Run ``casepan`` in this process: exit code, answer, and the error's words."""
    done = CliRunner().invoke(app, list(arguments))
    if isinstance(done.exception, CasepanError):
        return done.exception.exit_code, done.output, str(done.exception)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output, ""


def place_of(lab: Path) -> str:
    """The case's name."""
    return only(lab / "out" / "reports", "*/*.html").stem


def test_a_case_of_the_lab_is_reported_by_name(lab: Path, tmp_path: Path) -> None:
    """``casepan report CASE`` writes one private file and prints its summary."""
    place = place_of(lab)
    told = ["--lab", str(lab / "lab.toml"), "--out", str(tmp_path), "--no-viewer", "--text", "--notation", "universal"]
    code, out, _ = command("report", place, *told)
    written = tmp_path / f"{place}.html"
    assert code == 0
    assert [path.name for path in tmp_path.iterdir()] == [written.name]
    assert written.stat().st_mode & 0o077 == 0
    assert "READY" in out
    assert "5: crown" in out
    assert "North Lab" in written.read_text("utf-8")


def test_reports_are_collected_under_an_index(lab: Path, tmp_path: Path) -> None:
    """``--index DIR`` gives each case its folder and writes the index; alone it writes the index again."""
    place, target = place_of(lab), tmp_path / "reports"
    told = ["--lab", str(lab / "lab.toml"), "--index", str(target)]
    code, out, _ = command("report", place, *told, "--no-viewer", "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["index"] == str(target / "index.html")
    assert [(row["case"], row["verdict"]) for row in answer["reports"]] == [(place, "accept")]
    (target / "index.html").unlink()
    assert command("report", *told)[0] == 0
    assert f'href="{place}/{place}.html"' in (target / "index.html").read_text("utf-8")


def test_a_path_is_checked_and_reported(lab: Path, tmp_path: Path) -> None:
    """``casepan report PATH`` needs no lab; the name of the folder is not the name of the file."""
    told = ["--out", str(tmp_path), "--no-viewer", "--variant", "anonymous", "--lab", str(tmp_path / "none.toml")]
    code, out, _ = command("report", str(lab / "inbox" / "Mustermann Jane"), *told)
    assert code == 0
    assert "Mustermann" not in out
    page = re.sub(r"base64,[A-Za-z0-9+/=]+", "", only(tmp_path, "case-*.html").read_text("utf-8"))
    assert "Mustermann" not in page


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "name a CASE or a PATH"),
        (["X", "--variant", "secret"], "--variant takes lab or office or anonymous"),
        (["X", "--notation", "palmer"], "--notation takes fdi or universal"),
        (["X"], "there is no such file, folder or case"),
        (["--index", "nowhere"], "there is no such folder"),
    ],
    ids=["nothing", "variant", "notation", "path", "index"],
)
def test_a_wrong_command_line_says_what_is_right(
    arguments: list[str], reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 2 and a sentence."""
    monkeypatch.chdir(tmp_path)
    code, _, err = command("report", *arguments)
    assert code == 2
    assert reason in err


def test_a_folder_without_a_case_is_no_report(tmp_path: Path) -> None:
    """Nothing recognised is said, and nothing is written."""
    empty, out = tmp_path / "empty", tmp_path / "out"
    empty.mkdir()
    code, _, err = command("report", str(empty), "--out", str(out))
    assert code == 2
    assert "there is nothing to report on" in err
    assert not out.exists()


def test_an_unknown_case_is_refused(lab: Path, tmp_path: Path) -> None:
    """A name that no case has."""
    with open_desk(lab / "lab.toml") as desk, pytest.raises(UsageError, match="there is no case"):
        report_case(desk, "Z9Z9-Z9", Registry.load(), tmp_path, ReportWish())


def test_a_repair_is_shown_before_and_after(bench: Bench, case: Case, tmp_path: Path) -> None:
    """A scan that a step has changed is compared with what came; a mere change of format is not."""
    came = case.scans[0]
    with bench.open(came.file) as stream:
        mesh = read_mesh(stream, name="x.ply")
    with Bench(bench.listing, tmp_path, history=lambda: (case,)) as kept:
        ctx = kept.working("prepare.repair", "repair")
        made = {}
        for name, surface in (("same", mesh), ("less", evolve(mesh, faces=mesh.faces[200:]))):
            write_mesh(surface, ctx.out / f"{name}.ply")
            made[name] = ctx.keep(ctx.out / f"{name}.ply")
        told = kept.sending("report.html", "report", Errand("key", "K7Q2-M4"))
        changed = {name: evolve(came, file=file, derived_from=came.file.sha256) for name, file in made.items()}
        assert list(repairs_of(shapes_of(with_scan(case, changed["same"]), told), told)) == []
        shapes = shapes_of(with_scan(case, changed["less"]), told)
        (repair,) = repairs_of(shapes, told)
        assert len(repair.after.mesh.faces) == len(repair.before.mesh.faces) - 200
        ((before, after),) = gallery(evolve(shapes, shown=(), bite=None), (), (repair,), (), told).repairs
        assert before.picture.webp != after.picture.webp
        assert "what is gone is orange" in before.about
        assert "what is new is blue" in after.about


def test_the_revision_before_stands_beside_this_one(lab: Path, tmp_path: Path) -> None:
    """The changed scan in both, where it differs coloured; with the state of a case that a person has released."""
    place = place_of(lab)
    again = tmp_path / "lab"
    shutil.copytree(lab, again)
    mesh = small_scan("lower")
    less = evolve(mesh, faces=mesh.faces[: len(mesh.faces) - 300])
    (again / "inbox" / "Mustermann Jane" / "Mustermann lower.stl").write_bytes(scan_bytes(less, "stl"))
    assert run_once(load_lab(again / "lab.toml")).exit_code == 5
    with open_desk(again / "lab.toml") as desk:
        held = report_case(desk, f"{place}-r2", Registry.load(), tmp_path, ReportWish(viewer=False))
        assert "Held: somebody has to look at it" in held.path.read_text("utf-8")
        decide(desk, f"{place}-r2", "accept", by="anna", note="seen")
    assert run_once(load_lab(again / "lab.toml")).exit_code == 0
    report = only(again / "out" / "reports", "*-r2/*.html").read_text("utf-8")
    changes = report[report.index('id="changes"') : report.index('id="decisions"')]
    assert "Changes since revision 1" in changes
    assert changes.count("<img") == 2
    assert "Lower scan, before" in changes
    assert " mm apart" in changes
    assert "anna has accepted the case as it is" in report


def with_scan(case: Case, scan: Scan) -> Case:
    """The case with this scan only."""
    return evolve(case, scans=(scan,))


def test_a_zip_holds_the_same_and_is_found_again(bench: Bench, case: Case, tmp_path: Path) -> None:
    """``form = "zip"`` gives one zip per case; a probe and a second delivery find it and draw nothing."""
    exporter = ReportExport(ReportOptions(path=FolderPath(str(tmp_path)), form="zip", viewer=False))
    ctx = bench.sending("report.html", "report", Errand("key", "K7Q2-M4"))
    receipt = exporter.deliver(evolve(case, scans=()), ctx)
    assert set(receipt.files) == {"K7Q2-M4.html", "K7Q2-M4.txt", "case.json"}
    assert (tmp_path / "K7Q2-M4.zip").is_file()
    found = exporter.probe(ctx)
    assert found is not None
    assert found.files == receipt.files
    assert exporter.deliver(evolve(case, scans=()), ctx).files == receipt.files


def test_the_default_report_names_nobody() -> None:
    """Names leave the laboratory only where it asks for them."""
    assert ReportOptions().variant == "anonymous"
