"""A client of the laboratory, as ``practices.toml`` describes it."""

from __future__ import annotations

from attrs import field, frozen

from casepan.model.vocabulary import Kind, Material


@frozen
class PracticeDefaults:
    """What a practice wants when its order does not say; fills only unknown fields, visibly.

    Attributes:
        shade_guide: ``"VITA classical"``; material: kind of work to material.
        design_notes: shown to the technician, never merged into the order's own notes.
    """

    shade_guide: str | None = None
    material: dict[Kind, Material] = field(factory=dict)
    design_notes: str | None = field(default=None, repr=False)


@frozen
class Practice:
    """One client. Its names and numbers are private; ``id`` is the lab's own word and may be logged.

    Attributes:
        id: short name in the laboratory (``"bright"``).
        name, aliases: what orders call it.
        phone, email: whom to ring and write; language: of letters (``"en"``); notation: ``"fdi"`` or ``"universal"``.
        formats: mesh formats it prefers to get back; destination: id of an export; ship_days: weekdays, 0 is Monday.
    """

    id: str
    name: str = field(default="", repr=False)
    aliases: tuple[str, ...] = field(default=(), repr=False)
    phone: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    language: str = "en"
    notation: str = "fdi"
    defaults: PracticeDefaults = field(factory=PracticeDefaults)
    formats: tuple[str, ...] = ()
    destination: str | None = None
    ship_days: tuple[int, ...] = ()
