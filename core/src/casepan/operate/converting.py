"""One mesh file to another format, saying what is lost."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from casepan.errors import UsageError

if TYPE_CHECKING:
    from casepan.mesh import Mesh
    from casepan.mesh.colouring import Wish

FORMATS = ("stl", "ply", "obj", "glb")


@frozen
class Converted:
    """What came out of a conversion; ``losses`` are sentences for people."""

    target: Path
    faces: int
    vertices: int
    colour: str
    losses: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """The answer as a JSON object."""
        return {
            "target": str(self.target),
            "faces": self.faces,
            "vertices": self.vertices,
            "colour": self.colour,
            "losses": list(self.losses),
        }


def convert_path(
    source: Path, target: Path, *, form: str | None = None, colour: str = "keep", force: bool = False
) -> tuple[Converted, ...]:
    """Convert one mesh into a file, or every readable scan of a folder or zip into a folder.

    Args:
        target: a file whose extension names the format, or for a folder or zip the folder to write into.
        form: the format for a folder or zip; PLY when none is given, because it keeps colour.
        colour: ``"keep"``, ``"vertex"``, ``"texture"`` or ``"drop"``, as the option of ``core.convert``.

    Raises:
        UsageError: see ``convert_mesh``; also a folder or zip in which nobody recognises a scan.
        CorruptFile, ClosedFormat: a scan cannot be read.
    """
    if source.is_file() and source.suffix.lower() != ".zip":
        return (convert_mesh(source, target, colour=colour, force=force),)
    from casepan.arrivals.listing import FolderListing
    from casepan.operate.looking import read_cases
    from casepan.registry import Registry
    from casepan.running.context import Bench

    wish = _wish(colour)
    if not source.exists():
        raise UsageError("there is no such file or folder", place=str(source), hint="Check the path.")
    if target.suffix and not target.is_dir():
        raise UsageError("a folder or zip is converted into a folder", place=str(target), hint="Name a folder.")
    made = []
    with Bench.on(FolderListing.of(source)) as bench:
        for number, case in enumerate(read_cases(bench, Registry.load()), 1):
            for scan in case.scans:
                if scan.readable:
                    name = f"{f'case-{number}-' if number > 1 else ''}{scan.id}.{form or 'ply'}"
                    made.append(_written(bench.mesh(scan), target / name, wish, force=force))
    if not made:
        raise UsageError("nothing in it is a readable scan", place=str(source), hint="casepan inspect PATH tells more.")
    return tuple(made)


def convert_mesh(source: Path, target: Path, *, colour: str = "keep", force: bool = False) -> Converted:
    """Read one mesh and write it in the format that the target's extension names.

    Raises:
        UsageError: a missing source, an existing target without ``force``, an unknown extension or wish for colour.
        CorruptFile, ClosedFormat: the source cannot be read.
    """
    from casepan.mesh import read_mesh

    if not source.is_file():
        raise UsageError("there is no such file", place=str(source), hint="Check the path.")
    wish = _wish(colour)
    _check_target(target, force=force)
    mesh = read_mesh(source, name=source.name, images=lambda name: _beside(source, name))
    return _written(mesh, target, wish, force=force)


def _wish(colour: str) -> Wish:
    from casepan.mesh.colouring import WISHES

    for wish in WISHES:
        if wish == colour:
            return wish
    raise UsageError(f"colour cannot be {colour!r}", hint=f"Choose one of {', '.join(WISHES)}.")


def _check_target(target: Path, *, force: bool) -> None:
    if target.suffix.lower().lstrip(".") not in FORMATS:
        written = target.suffix or "a file without extension"
        raise UsageError(f"cannot write {written}", hint=f"Use .{', .'.join(FORMATS)}.")
    if target.exists() and not force:
        raise UsageError("the target exists", place=str(target), hint="Name another one, or add --force.")


def _written(mesh: Mesh, target: Path, wish: Wish, *, force: bool) -> Converted:
    from casepan.mesh import write_mesh
    from casepan.mesh.colouring import fit_colour
    from casepan.stages.convert import held_colour

    _check_target(target, force=force)
    form = target.suffix.lower().lstrip(".")
    wanted, changes = fit_colour(mesh, wish, form)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".casepan-", dir=target.parent) as scratch:
        losses = write_mesh(wanted, Path(scratch) / target.name, format=form)
        for written in sorted(Path(scratch).iterdir()):  # an OBJ comes with its MTL and image
            written.replace(target.parent / written.name)
    said = tuple(f"{loss.what}: {loss.why}" for loss in (*changes, *losses))
    return Converted(target, len(wanted.faces), len(wanted.vertices), held_colour(wanted, losses), said)


def _beside(source: Path, name: str) -> bytes | None:
    """A companion (texture, MTL) lying beside the mesh; never one that a path in the file points elsewhere to."""
    companion = source.parent / Path(name.replace("\\", "/")).name
    return companion.read_bytes() if companion.is_file() else None
