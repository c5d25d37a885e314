"""Answers of the laboratory laid over a case: what may be set, how it is read, and what a later revision inherits.

The case as it was read never changes; answers are applied to it in the order in which they were given, before its first step,
and every field set so has provenance ``lab``. A later revision inherits an answer if what was asked about is still there and
its files say of it what they said when it was answered: a scan counts as the same when its content or its file's name is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NoReturn

from attrs import evolve, frozen

from casepan.arrivals.names import same_name, strip_copy_marks
from casepan.config.suggest import closest
from casepan.errors import CaseError, UsageError
from casepan.knowledge.shades import parse_shade
from casepan.knowledge.teeth import parse_teeth
from casepan.model.case import Case, Scan
from casepan.model.decided import Answer, Desk
from casepan.model.finding import Finding
from casepan.model.prescription import Implant, Prescription, WorkItem
from casepan.model.vocabulary import ARCHES, KINDS, MATERIALS, ROLES

NEW = "new"
"""``item.new.teeth``: all of one command make one item; it gets an id of the lab's own."""
OWN_ITEM = re.compile(r"lab-\d+")
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_SHORT = re.compile(r"[\w .,:+/-]{1,24}")


@frozen
class Target:
    """What an answer sets.

    Attributes:
        area: ``"scan"``, ``"item"``, ``"rx"`` or ``"practice"``; name: id of the scan or item.
        field: the attribute, ``"implant.system"`` for one inside.
    """

    area: str
    name: str = ""
    field: str = ""

    def __str__(self) -> str:
        return ".".join(filter(None, (self.area, self.name, self.field)))


def refuse(reason: str, word: str = "", known: Sequence[str] = (), hint: str = "") -> NoReturn:
    """Raise the usage error of a wrong answer: what is wrong, what comes nearest, and what may be written."""
    near = closest(word, known) if word else None
    advice = [f"Did you mean {near!r}?"] if near else []
    advice += [f"Possible here: {', '.join(known)}."] if known else []
    raise UsageError(reason, hint=" ".join((*advice, *([hint] if hint else ()))) or None)


def _one_of(what: str, known: Sequence[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in known:
            refuse(f"{_quoted(text)} is no {what}", text, known)
        return text

    return read


def _quoted(text: str) -> str:
    """What was typed, when it is short and plain enough to be a word of the vocabulary."""
    return repr(text) if _SHORT.fullmatch(text) else "this"


def _arch(text: str) -> str | None:
    return None if text in ("", "unknown") else _one_of("arch", ARCHES)(text)


def _teeth(text: str) -> tuple[int, ...]:
    try:
        return parse_teeth(text)
    except CaseError as error:
        raise UsageError(error.reason, hint=f"{error.hint} Teeth are written in FDI: 26 or 13-11.") from error


def _number(text: str) -> int | None:
    if text and not (text.isdigit() and 0 < int(text) < 1000):
        refuse(f"{_quoted(text)} is no number of a scan", hint="Write 1, 2 … or nothing.")
    return int(text) if text else None


def _flag(text: str) -> bool:
    if text.lower() not in _FLAGS:
        refuse(f"{_quoted(text)} is neither yes nor no", text, ("yes", "no"))
    return _FLAGS[text.lower()]


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        refuse(f"{_quoted(text)} is no day", hint="Write 2026-01-31.")


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        refuse(f"{_quoted(text)} is no time", hint="Write 2026-01-31T10:30.")


def _text(text: str) -> str | None:
    return text.strip() or None


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _shade(text: str) -> str | None:
    return parse_shade(text)[0] if text.strip() else None


Reader = Callable[[str], Any]
SCAN_ROLES = tuple(role for role in ROLES if role != "photo")
SCAN: Mapping[str, Reader] = {
    "role": _one_of("role that a scan can have", SCAN_ROLES),
    "arch": _arch, "teeth": _teeth, "number": _number, "label": _text, "preferred": _flag,
}  # fmt: skip
ITEM: Mapping[str, Reader] = {
    "teeth": _teeth, "kind": _one_of("kind of work", KINDS), "material": _one_of("material", MATERIALS), "shade": _shade,
    "stump_shade": _shade, "implant.manufacturer": _text, "implant.system": _text, "implant.platform": _text,
    **dict.fromkeys(("bridge", "material_text", "shade_guide", "scan_body", "retention", "margin", "contacts",
                     "pontic_design"), _text),
}  # fmt: skip
ORDER: Mapping[str, Reader] = {
    "due": _date, "appointment": _moment, "rush": _flag, "physical": _words,
    **dict.fromkeys(("reference", "remake_of", "practice", "doctor", "licence", "ship_to", "notes"), _text),
}  # fmt: skip
READERS: Mapping[str, Mapping[str, Reader]] = {"scan": SCAN, "item": ITEM, "rx": ORDER, "practice": {"": _text}}


def parse_target(text: str, case: Case) -> Target:
    """``scan.bite-1.role`` as a target of this case.

    Raises:
        UsageError: no such area, scan, item or field; says what comes near.
    """
    area, _, rest = text.partition(".")
    if area not in READERS:
        refuse(f"{_quoted(area)} is nothing that can be set", area, tuple(READERS), "As in scan.bite-1.role=bite.")
    name, field = ("", rest) if area in ("rx", "practice") else _name_and_field(area, rest, case)
    if field not in READERS[area]:
        refuse(f"{_quoted(field)} is no field of {area} that can be set", field, tuple(READERS[area]))
    return Target(area, name, field)


def _name_and_field(area: str, rest: str, case: Case) -> tuple[str, str]:
    known = [scan.id for scan in case.scans] if area == "scan" else [item.id for item in case.prescription.items]
    allowed = [*known, NEW] if area == "item" else known
    # Ids may hold dots of their own: the longest one that fits is meant.
    for name in sorted(allowed, key=len, reverse=True):
        if rest.startswith(f"{name}."):
            return name, rest[len(name) + 1 :]
    what = "scan" if area == "scan" else "item of the order"
    return refuse(f"this case has no {what} {_quoted(rest.partition('.')[0])}", rest.partition(".")[0], allowed)


def checked(assignments: Sequence[str], case: Case) -> tuple[tuple[str, str], ...]:
    """Targets and values of ``TARGET=VALUE`` texts, each held against the case; nothing is returned unless all fit.

    Args:
        case: with the answers that it already has.

    Raises:
        UsageError: the first that does not fit, with what may be written instead.
    """
    found: dict[str, str] = {}
    own = f"lab-{1 + sum(bool(OWN_ITEM.fullmatch(item.id)) for item in case.prescription.items)}"
    for text in assignments:
        target, mark, value = text.partition("=")
        if not mark:
            refuse(f"{_quoted(text)} sets nothing", hint="Write TARGET=VALUE, as in item.1.teeth=26.")
        wanted = parse_target(target.strip(), case)
        READERS[wanted.area][wanted.field](value.strip())
        wanted = evolve(wanted, name=own) if wanted.name == NEW else wanted
        if found.setdefault(str(wanted), value.strip()) != value.strip():
            refuse(f"{wanted} is set twice, to different values", hint="Say it once.")
    if not found:
        refuse("nothing is set", hint="As in: casepan cases set CASE scan.bite-1.role=bite --by NAME")
    if f"item.{own}.kind" not in found and any(target.startswith(f"item.{own}.") for target in found):
        refuse("a new item needs its kind of work", hint=f"Add item.new.kind=KIND: {', '.join(KINDS)}.")
    return tuple(found.items())


def apply(case: Case, target: Target, value: str) -> Case:
    """The case with one answer over it.

    Raises:
        UsageError: the case has nothing to set it on, or the value is none.
    """
    read = READERS[target.area][target.field](value)
    if target.area == "practice":
        return evolve(case, practice=read)
    if target.area == "rx":
        order = case.prescription
        marked: Mapping[str, Any] = {**order.provenance, target.field: "lab"}
        return evolve(case, prescription=evolve(order, **{target.field: read}, provenance=marked))
    if target.area == "scan":
        _must_have(target, [scan.id for scan in case.scans])
        scans = (evolve(s, **{target.field: read}) if s.id == target.name else s for s in case.scans)
        return evolve(case, scans=tuple(scans))
    return evolve(case, prescription=_with_item(case.prescription, target, read))


def _must_have(target: Target, known: Sequence[str]) -> None:
    if target.name not in known:
        refuse(f"this case has no {target.area} {_quoted(target.name)}", target.name, known)


def _with_item(order: Prescription, target: Target, value: Any) -> Prescription:
    ids = [item.id for item in order.items]
    if target.name not in ids and OWN_ITEM.fullmatch(target.name):
        order = evolve(order, items=(*order.items, WorkItem(target.name)))
    else:
        _must_have(target, ids)
    items = (_set(item, target.field, value) if item.id == target.name else item for item in order.items)
    return evolve(order, items=tuple(items))


def _set(item: WorkItem, field: str, value: Any) -> WorkItem:
    name, _, inside = field.partition(".")
    new: dict[str, Any] = {name: evolve(item.implant or Implant(), **{inside: value}) if inside else value}
    if field == "shade" and value and item.provenance.get("shade_guide") != "lab":
        new["shade_guide"] = parse_shade(value)[1] or item.shade_guide
    return evolve(item, **new, provenance={**item.provenance, name: "lab"})


def overlaid(case: Case, desk: Desk, earlier: Callable[[int], Case | None]) -> Case:
    """The case with everything that the desk answered, and a finding for each answer that no longer fits.

    Args:
        case: as it was read.
        earlier: gives an earlier revision as it was read, None when its folder is gone.
    """
    made, dropped = case, []
    for answer in desk.answers:
        target = _target_of(answer.target)
        then = case if answer.revision >= case.revision else earlier(answer.revision)
        why = None if then is case else _no_heir(target, then, case)
        if why is None:
            try:
                made = apply(made, target, answer.value)
            except UsageError as error:
                why = ("info", error.reason)
        dropped += [_dropped(answer, *why)] if why else []
    settled = tuple(_settled(finding, desk.answers, made) for finding in made.findings)
    return evolve(made, desk=desk, findings=(*settled, *dropped))


def _target_of(text: str) -> Target:
    area, _, rest = text.partition(".")
    if area in ("rx", "practice"):
        return Target(area, "", rest)
    # Fields of items and scans are known words, ids are not.
    field = max((f for f in READERS.get(area, {}) if rest.endswith(f".{f}")), key=len, default="")
    return Target(area, rest.removesuffix(f".{field}"), field)


def _no_heir(target: Target, then: Case | None, now: Case) -> tuple[str, str] | None:
    """Why an answer to an earlier revision says nothing of this one: severity and words; None when it still counts."""
    if target.area == "practice":
        return None
    if then is None:
        return "warning", "the revision it was given for is gone"
    if OWN_ITEM.fullmatch(target.name):
        same = then.prescription.items == now.prescription.items
        return None if same else ("warning", "the order has other items now")
    if target.area == "scan" and not _same_scan(_find(then.scans, target.name), _find(now.scans, target.name)):
        return "info", "that scan is not in this revision"
    if target.area == "item" and _find(now.prescription.items, target.name) is None:
        return "info", "that item is not in this revision"
    if _said(then, target) != _said(now, target):
        return "warning", "the files say something else than they did then"
    return None


def _find(among: Sequence[Any], name: str) -> Any:
    return next((one for one in among if one.id == name), None)


def _same_scan(then: Scan | None, now: Scan | None) -> bool:
    if then is None or now is None:
        return False
    names = (strip_copy_marks(scan.file.name) for scan in (then, now))
    return then.file.sha256 == now.file.sha256 or same_name(*names)


def _said(case: Case, target: Target) -> Any:
    """What the files say of a target; None where they say nothing."""
    if target.area == "rx":
        found: Any = case.prescription
    else:
        found = _find(case.scans if target.area == "scan" else case.prescription.items, target.name)
    for name in target.field.split("."):
        found = getattr(found, name, None)
    return found


def _dropped(answer: Answer, severity: Any, why: str) -> Finding:
    message = f"the answer {answer.by} gave for {answer.target} is not taken over: {why}"
    hint = "If it still holds, answer again."
    return Finding("case.answer-dropped", severity, message, hint=hint, stage="core.pipeline")


def _settled(finding: Finding, answers: Sequence[Answer], case: Case) -> Finding:
    """What the reader asked and somebody has answered is mere information; what checks ask they ask again by themselves."""
    if finding.severity != "info" and any(_settles(_target_of(answer.target), finding, case) for answer in answers):
        return evolve(finding, severity="info", message=f"{finding.message}; answered by the laboratory", hint=None)
    return finding


def _settles(target: Target, finding: Finding, case: Case) -> bool:
    if finding.code == "arrival.teeth-marked":
        return target.area == "item" and target.field == "teeth"
    if finding.code != "rx.conflict":
        return False
    # The merge of both orders names the field in its message, and the teeth of the item.
    words = target.field.replace("_", " ").replace("implant.", "implant ")
    item = _find(case.prescription.items, target.name) if target.area == "item" else None
    concerned = set(item.teeth) & set(finding.teeth) if item else target.area == "rx" and not finding.teeth
    return bool(concerned) and f"{words} differs" in finding.message
