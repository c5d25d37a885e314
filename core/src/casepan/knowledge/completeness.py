"""What a laboratory needs for each kind of work, and what of it a case lacks: one table for checks, letters and intake.

The shipped table is ``completeness.toml`` beside this module; a laboratory's own file replaces single keys of it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from attrs import evolve, frozen

from casepan.config.options import Misfit, Problem, read
from casepan.config.suggest import did_you_mean
from casepan.contract.options import option
from casepan.knowledge.lab_rules import in_force
from casepan.knowledge.teeth import arch_of
from casepan.model.case import Case, Scan
from casepan.model.prescription import Prescription, WorkItem
from casepan.model.vocabulary import KINDS, Arch, Kind, Material, Role

Level = Literal["required", "expected", "recommended"]
LEVELS: tuple[Level, ...] = ("required", "expected", "recommended")
NO_ORDER = "unknown"
_BRIDGED: tuple[Kind, ...] = ("crown", "pontic", "coping", "temporary", "other")
_OPPOSITE: Mapping[Arch, Arch] = {"upper": "lower", "lower": "upper"}


@frozen
class ScanNeed:
    """A scan that work may need."""

    title: str = option(doc="what it is called in findings")
    roles: tuple[Role, ...] = option(doc="roles that will do")
    arch: Literal["same", "opposing", "any"] = option("any", "seen from the ordered teeth")
    count: int = option(1, "how many scans it takes", minimum=1)
    frame: bool = option(False, "arches that share one occlusion frame do as well")


@frozen
class FieldNeed:
    """A field of the order that work may need."""

    title: str = option(doc="what it is called in findings")
    not_for: tuple[Material, ...] = option((), "materials for which nobody needs to ask")


@frozen
class Thing:
    """A thing that may have to come by courier."""

    why: str = option(doc="why no scan replaces it, as the end of a sentence")


@frozen
class Work:
    """What one kind of work needs."""

    title: str = option(doc="what it is called in findings")
    like: str | None = option(None, "work whose keys count where none stand here")
    required: tuple[str, ...] = option((), "scans without which nobody can start")
    expected: tuple[str, ...] = option((), "scans to ask for first")
    recommended: tuple[str, ...] = option((), "scans that help")
    fields: tuple[str, ...] = option((), "fields of the order that must be stated")
    wanted: tuple[str, ...] = option((), "fields of the order that help")
    physical: tuple[str, ...] = option((), "things that may have to come by courier")


@frozen
class Rules:
    """The whole table."""

    schema: Literal[1] = option(doc="version of this format")
    scans: Mapping[str, ScanNeed] = option(doc="scans by name")
    fields: Mapping[str, FieldNeed] = option(doc="fields of the order by name")
    work: Mapping[str, Work] = option(doc="kinds of work by name")
    things: Mapping[str, Thing] = option(factory=dict, doc="things that come by courier, by the word that orders use")


@frozen
class Lack:
    """One thing that a case lacks.

    Attributes:
        what: a scan, a field of the order, or a thing that comes by courier.
        name: its name in the table; title: its words.
        level: how much it is needed; a field that must be stated is ``"expected"``.
        arch: which arch, where that is known.
        teeth: of the work that needs it, ascending; work: titles of that work.
        unnamed: id of a scan that may be it but names no arch.
        why: why no scan replaces a thing.
    """

    what: Literal["scan", "field", "physical"]
    name: str
    title: str
    level: Level
    arch: Arch | None = None
    teeth: tuple[int, ...] = ()
    work: tuple[str, ...] = ()
    unnamed: str | None = None
    why: str = ""

    @property
    def sentence(self) -> str:
        """What is missing, in one English sentence; also the key by which a letter finds its own words for it."""
        whose = f"for the {' and the '.join(self.work)}" if self.work else "for this case"
        if self.what == "physical":
            return f"{self.title} may have to come by courier {whose}{': ' if self.why else ''}{self.why}"
        arch = f" ({self.arch})" if self.arch else ""
        if self.what == "field":
            return f"{self.title} {'are' if self.name == 'teeth' else 'is'} not stated {whose}"
        if self.unnamed:
            return f"no {self.title}{arch} {whose}, unless it is {self.unnamed}, which names no arch"
        return f"there is no {self.title}{arch} {whose}"


NO_BITE = "no bite: there is no bite scan, and nothing says that the arches share one occlusion frame"
NO_ARCH = "there is no {arch} arch"


def plain_lacks() -> Mapping[str, Lack]:
    """What ``core.require-scans`` says is missing, by its sentence: letters have words of their own for these as well."""
    arches: tuple[Arch, ...] = ("upper", "lower")
    found = {NO_ARCH.format(arch=arch): Lack("scan", "arch", "scan of the arch", "required", arch) for arch in arches}
    return {NO_BITE: Lack("scan", "bite", "bite", "required"), **found}


@cache
def shipped_table() -> Mapping[str, Any]:
    """The shipped table as it stands in its file."""
    return tomllib.loads(files(__package__).joinpath("completeness.toml").read_text("utf-8"))


@cache
def shipped_rules() -> Rules:
    """The shipped rules."""
    return rules_from({})


def rules_from(own: Mapping[str, Any]) -> Rules:
    """The shipped rules with a laboratory's own keys over them, every ``like`` followed.

    Raises:
        Misfit: with every key that does not fit.
    """
    table = laid_over(shipped_table(), own)
    try:
        rules: Rules = read(Rules, table)
    except Misfit as misfit:
        raise Misfit((*misfit.problems, *_further_problems(own, misfit))) from None
    problems = tuple(_dangling(rules))
    if problems:
        raise Misfit(problems)
    inherited = {name: _inherited(name, table["work"]) for name in table["work"]}
    return evolve(rules, work=read(Mapping[str, Work], inherited))


def _further_problems(own: Mapping[str, Any], misfit: Misfit) -> tuple[Problem, ...]:
    """What is wrong besides that, with the keys left out that have no place in the table."""
    rest = own
    for problem in misfit.problems:
        rest = _without(rest, problem.path)
    try:
        if rest != own:
            rules_from(rest)
    except Misfit as further:
        return further.problems
    return ()


def _without(table: Mapping[str, Any], path: Sequence[str | int]) -> dict[str, Any]:
    """The table without the key at a path; for a place in a list without the whole list."""
    key, rest = path[0], path[1:]
    inner = table.get(str(key))
    if rest and isinstance(inner, Mapping):
        return {**table, str(key): _without(inner, rest)}
    return {name: value for name, value in table.items() if name != key}


def laid_over(table: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """A table with the keys of another over it, tables inside joined, everything else replaced."""
    merged = dict(table)
    for key, value in own.items():
        below = merged.get(key)
        merged[key] = laid_over(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def completeness_rules(own: Mapping[str, Any]) -> Rules:
    """The rules in force: the shipped ones under the laboratory's (``ctx.rules.get("completeness", {})``).

    Raises:
        ConfigError: the laboratory's table does not fit.
    """
    return in_force("completeness", lambda: rules_from(own)) if own else shipped_rules()


def lacks(case: Case, rules: Rules) -> tuple[Lack, ...]:
    """What the case lacks, worst first; each thing once with all the teeth that need it.

    Scans are not judged where all that came is closed: the names of such files say nothing of what they hold.
    """
    closed = bool(case.closed) and not any(scan.readable for scan in case.scans)
    found: list[Lack] = []
    for item in case.prescription.items or (None,):
        work = rules.work[work_of(item, rules)]
        if not closed:
            found += _scan_lacks(case, item, work, rules)
        if item is not None:
            found += _field_lacks(case.prescription, item, work, rules)
            found += _physical_lacks(case.prescription, item, work, rules)
    return tuple(sorted(_once(_joined(found), rules), key=lambda lack: (LEVELS.index(lack.level), lack.what != "scan")))


def work_of(item: WorkItem | None, rules: Rules) -> str:
    """The name of the rule that counts for an item; units of a bridge and crowns on implants have rules of their own."""
    if item is None:
        return NO_ORDER
    if item.kind in ("crown", "coping", "temporary") and (item.implant or item.scan_body):
        return "implant-crown"
    if item.bridge and item.kind in _BRIDGED:
        return "bridge"
    return item.kind if item.kind in rules.work else "other"


def _dangling(rules: Rules) -> Iterator[Problem]:
    """Names that lead nowhere, and what could never be missing."""
    for name in (NO_ORDER, "other", "bridge", "implant-crown"):
        if name not in rules.work:
            yield Problem(("work", name), "is missing")
    for name, need in rules.scans.items():
        if need.count < 1:
            yield Problem(
                ("scans", name, "count"), "must be 1 or more", "Leave a scan that nobody needs out of the work."
            )
    for name in rules.fields:
        if name not in _STATED:
            yield Problem(("fields", name), "is no field of an order", did_you_mean(name, _STATED))
    followed = {work.like for work in rules.work.values()}
    for name, work in rules.work.items():
        if name not in (*KINDS, "bridge", NO_ORDER) and name not in followed:
            hint = did_you_mean(name, (*KINDS, "bridge"))
            yield Problem(("work", name), "is no kind of work that an order can name", hint)
        yield from _unknown(("work", name, "like"), filter(None, (work.like,)), rules.work)
        for level in LEVELS:
            yield from _unknown(("work", name, level), getattr(work, level), rules.scans)
        for key in ("fields", "wanted"):
            yield from _unknown(("work", name, key), getattr(work, key), rules.fields)
        if _loops(name, rules.work):
            yield Problem(("work", name, "like"), "leads back to itself")


def _unknown(path: tuple[str, ...], names: Iterable[str], known: Mapping[str, Any]) -> Iterator[Problem]:
    return (Problem(path, f"{name!r} is not defined", did_you_mean(name, known)) for name in names if name not in known)


def _loops(name: str, work: Mapping[str, Work]) -> bool:
    seen: list[str] = []
    at: str | None = name
    while at is not None and at in work and at not in seen:
        seen.append(at)
        at = work[at].like
    return at in seen


def _inherited(name: str, tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A work's keys with those it takes over from another filled in."""
    own = tables[name]
    return {**(_inherited(own["like"], tables) if "like" in own else {}), **own}


def _scan_lacks(case: Case, item: WorkItem | None, work: Work, rules: Rules) -> Iterator[Lack]:
    teeth = item.teeth if item else ()
    for arch in _arches(teeth):
        own = tuple(tooth for tooth in teeth if arch is None or arch_of(tooth) == arch)
        for level in LEVELS:
            for name in getattr(work, level):
                need = rules.scans[name]
                wanted = _wanted_arch(need, arch)
                if _is_there(case, need, wanted):
                    continue
                missing = wanted or _other_arch(case, need)
                lack = Lack("scan", name, need.title, level, missing, own, (work.title,) if item else ())
                yield _softened(case, need, lack)


def _arches(teeth: Iterable[int]) -> tuple[Arch | None, ...]:
    """The arches that teeth stand in; a single None when there are none."""
    named: tuple[Arch | None, ...] = tuple(sorted({arch_of(tooth) for tooth in teeth}))
    return named or (None,)


def _wanted_arch(need: ScanNeed, arch: Arch | None) -> Arch | None:
    if need.arch == "any" or arch is None:
        return None
    return arch if need.arch == "same" else _OPPOSITE[arch]


def _other_arch(case: Case, need: ScanNeed) -> Arch | None:
    """The arch opposite the only one that came, where no tooth says which is needed."""
    came = {scan.arch for scan in case.scans if scan.role in need.roles}
    if need.arch != "opposing" or len(came) != 1:
        return None
    (only,) = came
    return _OPPOSITE.get(only) if only else None


def _is_there(case: Case, need: ScanNeed, arch: Arch | None) -> bool:
    fitting = [scan for scan in case.scans if scan.role in need.roles]
    if need.frame and _share_a_frame(case):
        return True
    if arch is not None:
        fitting = [scan for scan in fitting if scan.arch in (arch, "both") or _speaks_for_itself(scan, need)]
    elif need.arch == "opposing":
        return _are_opposed(fitting)
    return len(fitting) >= need.count


def _speaks_for_itself(scan: Scan, need: ScanNeed) -> bool:
    """A preparation needs no arch in its name to be the ordered one, an antagonist none to be the opposing one."""
    if scan.arch is not None or need.arch == "any":
        return False
    own = ("antagonist",) if need.arch == "opposing" else ("preparation", "scanbody", "gingiva", "preop")
    return scan.role in own


def _are_opposed(scans: Iterable[Scan]) -> bool:
    """Two arches, where no tooth says which of them is the opposing one."""
    found = list(scans)
    arches = {scan.arch for scan in found}
    roles = {scan.role for scan in found}
    return "both" in arches or {"upper", "lower"} <= arches or ("antagonist" in roles and len(roles) > 1)


def _share_a_frame(case: Case) -> bool:
    """True when the layout promises that an upper and a lower scan stand in occlusion, or one scan shows both."""
    framed = {arch: {scan.frame for scan in case.scans if scan.arch == arch} - {None} for arch in _OPPOSITE}
    both = any(scan.arch == "both" and scan.role not in ("design", "photo") for scan in case.scans)
    return both or bool(framed["upper"] & framed["lower"])


def _softened(case: Case, need: ScanNeed, lack: Lack) -> Lack:
    """A scan that names no arch may be the missing one: then ask instead of refusing."""
    for scan in case.scans:
        if need.arch != "any" and scan.role in need.roles and scan.arch is None:
            level: Level = "expected" if lack.level == "required" else lack.level
            return evolve(lack, level=level, unnamed=scan.id)
    return lack


def _field_lacks(order: Prescription, item: WorkItem, work: Work, rules: Rules) -> Iterator[Lack]:
    levels: tuple[tuple[Level, tuple[str, ...]], ...] = (("expected", work.fields), ("recommended", work.wanted))
    for level, names in levels:
        for name in names:
            need = rules.fields[name]
            if item.material not in need.not_for and not _STATED[name](order, item):
                yield Lack("field", name, need.title, level, None, item.teeth, (work.title,))


_STATED: Mapping[str, Callable[[Prescription, WorkItem], Any]] = {
    "teeth": lambda _, item: item.teeth,
    "material": lambda _, item: item.material != "unknown" or item.material_text,
    "shade": lambda _, item: item.shade,
    "stump_shade": lambda _, item: item.stump_shade,
    "implant": lambda _, item: item.implant and item.implant.system,
    "platform": lambda _, item: item.implant and item.implant.platform,
    "scan_body": lambda _, item: item.scan_body,
    "retention": lambda _, item: item.retention,
    "margin": lambda _, item: item.margin,
    "contacts": lambda _, item: item.contacts,
    "pontic_design": lambda _, item: item.pontic_design or item.kind != "pontic",
    "due": lambda order, _: order.due,
    "doctor": lambda order, _: order.doctor,
    "practice": lambda order, _: order.practice,
    "reference": lambda order, _: order.reference,
}
"""How each field is found; False or empty when the order does not state it."""


def _physical_lacks(order: Prescription, item: WorkItem, work: Work, rules: Rules) -> Iterator[Lack]:
    announced = " ".join(order.physical).casefold()
    for name in work.physical:
        if name.casefold() not in announced:
            why = rules.things[name].why if name in rules.things else ""
            yield Lack("physical", name, name, "recommended", None, item.teeth, (work.title,), why=why)


def _once(found: Sequence[Lack], rules: Rules) -> Iterator[Lack]:
    """Without the opposing arch where that arch is asked for anyway, for work of its own."""
    scans = [lack for lack in found if lack.what == "scan"]
    own = [lack for lack in scans if rules.scans[lack.name].arch == "same" and "arch" in rules.scans[lack.name].roles]
    for lack in found:
        opposing = lack in scans and rules.scans[lack.name].arch == "opposing"
        urgency = LEVELS.index(lack.level)
        if not opposing or all(one.arch != lack.arch or LEVELS.index(one.level) > urgency for one in own):
            yield lack


def _joined(found: Iterable[Lack]) -> tuple[Lack, ...]:
    """Each thing once: with all its teeth and work, at the highest level that any of them asks for."""
    joined: dict[tuple[Any, ...], Lack] = {}
    for lack in found:
        key = (lack.what, lack.name, lack.arch, lack.unnamed)
        before = joined.get(key, lack)
        joined[key] = evolve(
            lack,
            level=min(before.level, lack.level, key=LEVELS.index),
            teeth=tuple(sorted({*before.teeth, *lack.teeth})),
            work=tuple(dict.fromkeys((*before.work, *lack.work))),
        )
    return tuple(joined.values())
