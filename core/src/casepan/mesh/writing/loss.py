"""What a format cannot hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from casepan.mesh.surface import Mesh


@frozen
class Loss:
    """One thing that is not in the written file.

    Attributes:
        what: ``"vertex colour"``, ``"face colour"``, ``"texture"``, ``"texture image"``, ``"untextured faces"`` …
        why: the reason, one sentence.
        delta_e: where colour was changed rather than lost, the colour difference that 95 % of the surface keeps to
            (CIELAB 1976).
    """

    what: str
    why: str
    delta_e: float | None = None


def colour_losses(mesh: Mesh, form: str, *, holds: frozenset[str]) -> tuple[Loss, ...]:
    """A loss for each kind of colour that the mesh has and the format does not hold."""
    present = {
        "vertex colour": mesh.vertex_colours is not None,
        "face colour": mesh.face_colours is not None,
        "texture": mesh.texture is not None,
    }
    return tuple(
        Loss(what, f"{form} has no place for it") for what, there in present.items() if there and what not in holds
    )
