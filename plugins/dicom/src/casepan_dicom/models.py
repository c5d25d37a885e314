"""The scans of a case as documents to wrap: binary STL, or OBJ with one MTL, each with a preview."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING

from attrs import frozen

from casepan.api import CaseError, DeliveryRefused, ExportContext, Patient, Scan
from casepan_dicom.objects import Kind, Model

if TYPE_CHECKING:
    from casepan.mesh import Mesh

MATERIALS = "materials.mtl"
_COLOURED, _PLAIN = "coloured", "plain"
_MTL = f"newmtl {_COLOURED}\nKd 1 1 1\n\nnewmtl {_PLAIN}\nKd 0.9 0.86 0.78\n".encode()
_HEADER, _COUNT, _FACET = 80, 4, 50
_SHORTEST = 3  # letters of the shortest part of a name that is looked for
_CODES = ("utf-8", "latin-1")
_ICON, _FINER = 64, 6  # pixels of a side, and drawn pixels for each of them


@frozen
class Packed:
    """Models of a case, and one sentence for each thing that the format could not hold."""

    models: tuple[Model, ...]
    lost: tuple[str, ...]


def models_of(scans: Sequence[Scan], ctx: ExportContext, kind: Kind, hidden: Patient | None = None) -> Packed:
    """Each scan as a model of one kind; OBJ models are followed by the materials they share.

    Args:
        hidden: the patient who must not be named, None when the object names them anyway.

    Raises:
        DeliveryRefused: a scan is damaged, or has coordinates that are no numbers: an archive keeps it for decades.
    """
    made, lost = [], []
    for scan in scans:
        try:
            _refuse_not_finite(ctx.mesh(scan))
            content, losses = _stl(scan, ctx, hidden) if kind == "stl" else _obj(scan, ctx)
        except CaseError as error:
            reason = f"a scan cannot be written as {kind.upper()}: {error.reason}"
            raise DeliveryRefused(reason, hint="Look at the findings of the case.") from error
        icon, materials = _icon(scan, ctx), MATERIALS if kind == "obj" else None
        made.append(Model(kind, scan.id, shown(scan), content, scan.frame, icon, materials))
        lost += losses
    if kind == "obj" and made:
        made.append(Model("mtl", "materials", "materials of the models", _MTL, made[0].frame))
    return Packed(tuple(made), tuple(f"{what}: {lost.count(what)}" for what in dict.fromkeys(lost)))


def _refuse_not_finite(mesh: Mesh) -> None:
    if not mesh.is_finite:
        raise DeliveryRefused(
            "a scan has coordinates that are not finite numbers (NaN or infinite)",
            hint="Ask the sender for a new export, or mend it with prepare.repair; then: casepan deliveries resend",
        )


def shown(scan: Scan) -> str:
    """What a scan shows, in words that the reader of this plugin understands again."""
    words = (scan.arch, scan.role, str(scan.number) if scan.number else None)
    return " ".join(word for word in words if word)


def _stl(scan: Scan, ctx: ExportContext, hidden: Patient | None) -> tuple[bytes, list[str]]:
    """A binary STL byte for byte as it is; any other file is written as one, since DICOM takes binary STL only.

    Only a head that names somebody who must not be named is blanked: the object says that the identity was removed.
    """
    if scan.format == "stl":
        content = ctx.read(scan.file)
        if len(content) == _HEADER + _COUNT + _FACET * int.from_bytes(content[_HEADER : _HEADER + _COUNT], "little"):
            if hidden is None or not _names(content[:_HEADER], hidden):
                return content, []
            return bytes(_HEADER) + content[_HEADER:], ["heads of meshes that named the patient"]
    return _as(ctx.mesh(scan), "stl")


def _names(head: bytes, patient: Patient) -> bool:
    """True when a part of the patient's name or reference stands in the head of a file."""
    told = (patient.name, patient.first, patient.last, patient.reference, patient.guid)
    parts = {part.casefold() for text in told if text for part in re.split(r"[\W_]+", text) if len(part) >= _SHORTEST}
    return any(part in head.decode(code, "replace").casefold() for code in _CODES for part in parts)


def _obj(scan: Scan, ctx: ExportContext) -> tuple[bytes, list[str]]:
    """Written anew with colours on the vertices, because OBJ objects cannot hold pictures; no word of the source goes along."""
    from casepan.mesh.colouring import fit_colour

    mesh, changes = fit_colour(ctx.mesh(scan), "vertex", "obj")
    content, losses = _as(mesh, "obj")
    material = _COLOURED if mesh.colour == "vertex" else _PLAIN
    first = f"mtllib {MATERIALS}\nusemtl {material}\n".encode()
    return first + content, [f"{loss.what} ({loss.why})" for loss in changes] + losses


def _as(mesh: Mesh, form: Kind) -> tuple[bytes, list[str]]:
    from casepan.mesh import write_mesh

    stream = BytesIO()
    losses = write_mesh(mesh, stream, format=form)
    return stream.getvalue(), [f"{loss.what} ({loss.why})" for loss in losses]


def _icon(scan: Scan, ctx: ExportContext) -> bytes | None:
    """64 x 64 grey pixels, row by row from the top; None for a scan that cannot be drawn."""
    from casepan.mesh import draw

    try:
        picture = draw([(ctx.mesh(scan), None)], size=(_ICON * _FINER, _ICON * _FINER), scale_bar=False)
    except CaseError:
        return None
    grey = picture.pixels[..., :3] @ (0.299, 0.587, 0.114)
    fine = grey.reshape(_ICON, _FINER, _ICON, _FINER).mean(axis=(1, 3))
    return bytes(fine.round().astype("uint8").tobytes())
