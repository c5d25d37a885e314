"""What each destination of a lab takes, and what of a case will not get there: told by ``casepan check`` before any run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from casepan.contract.specs import ExporterSpec, NameLimits, TransformerSpec

if TYPE_CHECKING:
    from casepan.config.checks import Placed
    from casepan.config.positions import KeyPath

_NAMES: Mapping[str, str] = {
    "kept": "names kept as far as they fit",
    "layout": "names of its own",
    "none": "",
}


@attrs.frozen
class Destination:
    """One export as a destination.

    Attributes:
        place: file and line.
        pipeline, export, use: which export of ``lab.toml`` it is, and its exporter.
        formats: mesh formats it takes, empty for all; colour, max_faces, names: see ``ExporterSpec``.
        not_carried: what of a case does not get there, one phrase each, by what exporter, options and steps before it say.
    """

    place: str
    pipeline: str
    export: str
    use: str
    formats: tuple[str, ...]
    colour: bool
    max_faces: int | None
    names: NameLimits | None
    not_carried: tuple[str, ...]

    @property
    def takes(self) -> str:
        """What it takes, in one line."""
        if self.names is not None and self.names.given == "none":
            return "no files of the case"
        faces = "any number of triangles" if self.max_faces is None else f"at most {self.max_faces:,} triangles a scan"
        formats = " ".join(self.formats).upper() or "meshes of any format"
        return ", ".join((formats, "with colour" if self.colour else "without colour", faces, _named(self.names)))

    def document(self) -> dict[str, Any]:
        """The destination as a JSON object."""
        return {**attrs.asdict(self), "formats": list(self.formats), "not_carried": list(self.not_carried)}


def destinations_of(placed: list[Placed], place: Callable[[KeyPath], str]) -> Iterator[Destination]:
    """Every export whose exporter and options are right, in the order of the file."""
    for one, spec in exports(placed):
        if one.options is None:
            continue
        pipeline, export = str(one.path[1]), one.step.id or spec.short
        lost = tuple(dict.fromkeys(_lost(one, spec, converted_to(one, placed))))
        limits = (spec.formats, spec.colour, spec.max_faces, spec.names)
        yield Destination(place((*one.path, "use")), pipeline, export, spec.name, *limits, lost)


def exports(placed: list[Placed]) -> Iterator[tuple[Placed, ExporterSpec]]:
    """The exports among the steps of a lab, each with its descriptor."""
    return ((one, one.spec) for one in placed if isinstance(one.spec, ExporterSpec))


def converted_to(exported: Placed, placed: list[Placed]) -> Any:
    """Options of the last step before an export that says in which ``format`` it writes, None when none does."""
    before = [
        one.options
        for one in placed
        if one.path[1:3] == (exported.path[1], "steps")
        and isinstance(one.spec, TransformerSpec)
        and isinstance(getattr(one.options, "format", None), str)
    ]
    return before[-1] if before else None


def _lost(one: Placed, spec: ExporterSpec, before: Any) -> Iterator[str]:
    yield from spec.not_carried
    yield from one.options.not_carried() if hasattr(one.options, "not_carried") else ()
    if spec.names is not None and spec.names.given == "none":
        return  # it has no scans whose colour could be missed
    if getattr(before, "format", None) == "stl" or getattr(before, "colour", None) == "drop":
        yield "the colour of the scans: a step before it drops it"
    elif not spec.colour:
        yield "the colour of the scans"
    if spec.max_faces is not None:
        yield f"scans of more than {spec.max_faces:,} triangles: they are refused, put a step that simplifies before it"
    if spec.names is not None and spec.names.given == "layout":
        yield "the names of the scans: the layout has words of its own"


def _named(names: NameLimits | None) -> str:
    if names is None:
        return "names not told"
    limits = [
        f"{most:,} bytes a {what}"
        for what, most in (("name", names.longest), ("path", names.longest_path))
        if most is not None
    ]
    ascii_only = ["ASCII only"] if names.characters == "ascii" else []
    told = "; ".join((*ascii_only, *(f"at most {limit}" for limit in limits)))
    return _NAMES[names.given] + (f" ({told})" if told else "")
