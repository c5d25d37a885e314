"""One mesh file to another format, saying what is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attrs import frozen

from casepan.errors import UsageError

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


def convert_mesh(source: Path, target: Path, *, force: bool = False) -> Converted:
    """Read one mesh and write it in the format that the target's extension names.

    Raises:
        UsageError: a missing source, an existing target without ``force``, an unknown extension.
        CorruptFile, ClosedFormat: the source cannot be read.
    """
    from casepan.mesh import read_mesh, write_mesh

    form = target.suffix.lower().lstrip(".")
    if form not in FORMATS:
        raise UsageError(
            f"cannot write {target.suffix or 'a file without extension'}", hint=f"Use .{', .'.join(FORMATS)}."
        )
    if not source.is_file():
        raise UsageError("there is no such file", place=str(source), hint="Check the path.")
    if target.exists() and not force:
        raise UsageError("the target exists", place=str(target), hint="Name another one, or add --force.")
    mesh = read_mesh(source, name=source.name, images=lambda name: _beside(source, name))
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.stem}.part{target.suffix}")
    losses = write_mesh(mesh, part, format=form)
    part.replace(target)
    return Converted(
        target, len(mesh.faces), len(mesh.vertices), mesh.colour, tuple(f"{loss.what}: {loss.why}" for loss in losses)
    )


def _beside(source: Path, name: str) -> bytes | None:
    """A companion (texture, MTL) lying beside the mesh; never one that a path in the file points elsewhere to."""
    companion = source.parent / Path(name.replace("\\", "/")).name
    return companion.read_bytes() if companion.is_file() else None
