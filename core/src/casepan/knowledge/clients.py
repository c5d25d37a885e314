"""Whose case is it: practices matched by what an arrival proves, and their wishes where the order is silent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from attrs import evolve, frozen

from casepan.arrivals.names import folded
from casepan.config.practices import Client
from casepan.model.case import Case
from casepan.model.finding import Finding
from casepan.model.practice import Practice, PracticeDefaults
from casepan.model.prescription import WorkItem
from casepan.model.vocabulary import Provenance

EvidenceKind = Literal["linked", "vendor-id", "licence", "sender", "inbox", "ship-to", "name", "doctor"]
STRONG: tuple[EvidenceKind, ...] = ("linked", "vendor-id", "licence", "sender", "inbox")
"""One of these is proof; the others are words that two practices may share."""
STAGE = "core.practices"
_FIELDS: Mapping[EvidenceKind, str] = {
    "vendor-id": "vendor_ids", "licence": "licences", "sender": "senders", "inbox": "inboxes", "ship-to": "ship_to",
    "doctor": "doctors",
}  # fmt: skip


@frozen
class Match:
    """What the evidence says.

    Attributes:
        practice: None when nobody fits, or more than one.
        evidence: kinds of evidence for it, strongest first; rivals: ids of practices that fit equally well.
    """

    practice: Practice | None = None
    evidence: tuple[EvidenceKind, ...] = ()
    rivals: tuple[str, ...] = ()


def evidence_of(case: Case, inbox: str = "") -> tuple[tuple[EvidenceKind, str], ...]:
    """What a case shows of who sent it: kind and normalised text, strongest first. Private.

    Args:
        inbox: folder that it was dropped into, as ``lab.toml`` writes it.
    """
    order = case.prescription
    raw = list(_texts(order.raw))
    found: list[tuple[EvidenceKind, str | None]] = [
        *(("vendor-id", text) for text in raw),
        ("licence", order.licence),
        *(("sender", text) for text in raw if "@" in text),
        *(("inbox", text) for text in (inbox, inbox.replace("\\", "/").rstrip("/").rpartition("/")[2])),
        ("inbox", case.origin.arrival),
        ("ship-to", order.ship_to),
        ("name", order.practice),
        ("doctor", order.doctor),
    ]
    return tuple(dict.fromkeys((kind, _plain(text)) for kind, text in found if text and _plain(text)))


def match(case: Case, clients: Sequence[Client], linked: Mapping[str, str] = {}, inbox: str = "") -> Match:
    """The practice that a case is from.

    Args:
        linked: evidence that people have linked to a practice (``"name:bright smiles"`` to its id).
    """
    evidence = evidence_of(case, inbox)
    proofs: dict[str, list[EvidenceKind]] = {}
    for client in clients:
        kinds = [kind for kind, text in evidence if _proves(client, kind, text)]
        if any(linked.get(f"{kind}:{text}") == client.practice.id for kind, text in evidence):
            kinds.insert(0, "linked")
        if kinds:
            proofs[client.practice.id] = kinds
    for rank in (STRONG, ("ship-to", "name", "doctor")):
        fitting = [name for name, kinds in proofs.items() if set(kinds) & set(rank)]
        if len(fitting) == 1:
            practice = next(client.practice for client in clients if client.practice.id == fitting[0])
            return Match(practice, tuple(dict.fromkeys(proofs[fitting[0]])))
        if fitting:
            return Match(rivals=tuple(fitting))
    return Match()


def with_client(case: Case, clients: Sequence[Client], linked: Mapping[str, str] = {}, inbox: str = "") -> Case:
    """The case with its practice, and with that practice's wishes in every field that nobody else filled.

    A practice that a person has named (``case.practice``) is taken without further proof.
    """
    if case.practice is not None:
        named = next((client.practice for client in clients if client.practice.id == case.practice), None)
        return _filled(case, named) if named else case.with_findings(_gone(case.practice))
    found = match(case, clients, linked, inbox)
    if found.practice is None:
        return case.with_findings(_unknown(found.rivals))
    return _filled(evolve(case, practice=found.practice.id), found.practice)


def _filled(case: Case, practice: Practice) -> Case:
    items, filled = [], []
    for item in case.prescription.items:
        changed, fields = _with_defaults(item, practice.defaults)
        items.append(changed)
        filled += [f"{field} of item {item.id}" for field in fields]
    made = evolve(case, client=practice, prescription=evolve(case.prescription, items=tuple(items)))
    if not filled:
        return made
    words = f"the order does not say; taken from the wishes of the practice: {', '.join(filled)}"
    return made.with_findings(Finding("practice.defaults", "info", words, stage=STAGE))


def _with_defaults(item: WorkItem, defaults: PracticeDefaults) -> tuple[WorkItem, tuple[str, ...]]:
    wishes: dict[str, Any] = {}
    material = defaults.material.get(item.kind)
    if material and item.material == "unknown" and not item.material_text:
        wishes["material"] = material
    if defaults.shade_guide and item.shade and not item.shade_guide:
        wishes["shade_guide"] = defaults.shade_guide
    if not wishes:
        return item, ()
    origin: dict[str, Provenance] = {**item.provenance, **dict.fromkeys(wishes, "practice")}
    return evolve(item, **wishes, provenance=origin), tuple(wishes)


def _unknown(rivals: Sequence[str]) -> Finding:
    words = f"more than one practice fits: {', '.join(rivals)}" if rivals else "no practice in practices.toml fits"
    hint = "casepan practices link CASE ID says whose it is, for this case and for the next ones."
    return Finding("practice.unknown", "warning", words, hint=hint, stage=STAGE)


def _gone(name: str) -> Finding:
    words = f"practices.toml has no practice {name!r} any more"
    return Finding("practice.unknown", "warning", words, hint="Link it to another one, or put it back.", stage=STAGE)


def _proves(client: Client, kind: EvidenceKind, text: str) -> bool:
    if kind == "name":
        return text in {_plain(name) for name in (client.practice.name, *client.practice.aliases)}
    return text in {_plain(word) for word in getattr(client.keys, _FIELDS[kind])}


def _plain(text: str) -> str:
    """NFC, casefolded, single spaces, no punctuation at the ends."""
    return re.sub(r"\s+", " ", folded(text)).strip(" .,;")


def _texts(raw: Any) -> Iterator[str]:
    """Every text in an order's own words, at most two levels down."""
    for value in raw.values() if isinstance(raw, Mapping) else ():
        if isinstance(value, Mapping):
            yield from (str(inner) for inner in value.values() if isinstance(inner, str | int))
        elif isinstance(value, str | int) and not isinstance(value, bool):
            yield str(value)
