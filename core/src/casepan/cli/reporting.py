"""``casepan report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casepan.cli.console import note, say, say_json, say_lines, styled
from casepan.cli.shared import JsonFlag

if TYPE_CHECKING:
    from casepan.operate.reporting import Reported, ReportWish
    from casepan.registry import Registry

VARIANTS, NOTATIONS = ("lab", "office", "anonymous"), ("fdi", "universal")


def add_to(app: typer.Typer) -> None:
    """Hang the command into the tree."""
    app.command("report")(report)


def report(
    subject: Annotated[
        str | None, typer.Argument(metavar="CASE|PATH", help="A case (K7Q2-M4), or a folder, a zip or a mesh.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder for the report.")] = Path(),
    index: Annotated[
        Path | None, typer.Option("--index", help="Collect reports in this folder; write its index page.")
    ] = None,
    variant: Annotated[str, typer.Option("--variant", help="lab, office or anonymous.")] = "lab",
    notation: Annotated[str | None, typer.Option("--notation", help="Tooth numbers: fdi or universal.")] = None,
    viewer: Annotated[bool, typer.Option("--viewer/--no-viewer", help="Put the 3D viewer into the file.")] = True,
    open_it: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    text: Annotated[bool, typer.Option("--text", help="Print the report as plain text as well.")] = False,
    rx: Annotated[Path | None, typer.Option("--rx", help="A prescription (rx.toml or rx.json) for a PATH.")] = None,
    lab: Annotated[Path, typer.Option("--lab", help="The lab.toml to use.")] = Path("lab.toml"),
    as_json: JsonFlag = False,
) -> None:
    """Write the report of a case: one HTML file with pictures, findings and a 3D viewer.

    For a CASE of the laboratory, or for everything in a PATH. With --index DIR alone: the index over the reports in DIR.

    Example:  casepan report K7Q2-M4 --open
    """
    from casepan.operate.reporting import ReportWish
    from casepan.registry import Registry

    if subject is None and index is None:
        raise _usage("name a CASE or a PATH, or a folder with --index")
    _refuse_other("--variant", variant, VARIANTS)
    _refuse_other("--notation", notation, NOTATIONS)
    registry = Registry.load()
    for problem in registry.problems:
        note(str(problem.as_error()))
    told: Any = {"variant": variant, "notation": notation, "viewer": viewer, "index": index}
    made = _reports(subject, index or out, ReportWish(**told), registry, lab, rx) if subject else ()
    overview = _index(index, registry, lab) if index else None
    _answer(made, overview, as_json=as_json, text=text)
    if open_it:
        import webbrowser

        webbrowser.open((made[0].path if made else overview or out).resolve().as_uri())


def _reports(
    subject: str, target: Path, wish: ReportWish, registry: Registry, lab: Path, rx: Path | None
) -> tuple[Reported, ...]:
    """A path that is there is meant as one; anything else is a case."""
    from casepan.operate.reporting import report_case, report_path

    if Path(subject).exists() or not lab.is_file():
        from casepan.config.loader import load_lab
        from casepan.operate.looking import LookOptions

        look = LookOptions(lab=load_lab(lab) if lab.is_file() else None, rx=rx)
        return report_path(Path(subject), registry, target, wish, look)
    from casepan.operate.desk import open_desk

    with open_desk(lab) as desk:
        return (report_case(desk, subject, registry, target, wish),)


def _index(folder: Path, registry: Registry, lab: Path) -> Path:
    from casepan.operate.reporting import write_index

    if not lab.is_file():
        return write_index(folder, registry)
    from casepan.config.loader import load_lab

    return write_index(folder, registry, load_lab(lab).lab.name)


def _answer(made: tuple[Reported, ...], overview: Path | None, *, as_json: bool, text: bool) -> None:
    if as_json:
        rows = [
            {"case": one.case, "verdict": one.verdict, "path": str(one.path), "bytes": one.path.stat().st_size}
            for one in made
        ]
        say_json({"schema": 1, "reports": rows, "index": str(overview) if overview else None})
        return
    for one in made:
        if text:
            say_lines(one.text)
        say(f"wrote {one.path}: {styled(one.verdict)}, {one.path.stat().st_size / 1e6:.1f} MB")
    if overview:
        say(f"wrote {overview}")


def _refuse_other(option: str, value: str | None, known: tuple[str, ...]) -> None:
    if value is not None and value not in known:
        raise _usage(f"{option} takes {' or '.join(known)}, not {value!r}")


def _usage(reason: str) -> Exception:
    from casepan.errors import UsageError

    return UsageError(reason)
