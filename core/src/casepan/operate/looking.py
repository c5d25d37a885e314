"""Look at one PATH without a lab: who recognises it, what is inside, what the checks say. Nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from casepan.arrivals.listing import FolderListing
from casepan.arrivals.recognise import recognise
from casepan.config.readers import accepts_closed, check_options, reader_options
from casepan.contract.listing import Recognition
from casepan.contract.specs import ValidatorSpec
from casepan.errors import AdapterError, CaseError, CasepanError, ConfigError, NotReady, UsageError
from casepan.knowledge.lab_rules import read_lab_rules
from casepan.model.case import Case, Scan
from casepan.model.finding import Finding
from casepan.model.vocabulary import Verdict
from casepan.registry import Registry
from casepan.running.closed import without_nagging
from casepan.running.context import Bench
from casepan.running.verdict import summary, verdict_of

if TYPE_CHECKING:
    from casepan.config.lab import Lab


@frozen
class ScanFacts:
    """What a scan's file holds. ``faces`` and ``vertices`` may be known of a closed file, ``extent_mm`` never is."""

    readable: bool
    colour: str | None
    faces: int | None = None
    vertices: int | None = None
    extent_mm: tuple[float, float, float] | None = None


@frozen
class CheckRun:
    """Whether a validator ran, and why not."""

    stage: str
    ran: bool
    why: str | None = None


@frozen
class LookedAt:
    """One case of a PATH with everything noticed about it; ``reason`` names the codes that led to the verdict."""

    recognition: Recognition
    case: Case
    facts: dict[str, ScanFacts]
    findings: tuple[Finding, ...] = ()
    checks: tuple[CheckRun, ...] = ()
    verdict: Verdict = "accept"
    reason: str = ""


@frozen
class Inspection:
    """All of a PATH. ``findings`` are about the arrival as a whole, such as nobody recognising it."""

    path: Path
    cases: tuple[LookedAt, ...]
    findings: tuple[Finding, ...] = ()
    verdict: Verdict = "accept"

    @property
    def worst(self) -> Verdict:
        """The worst verdict over all cases."""
        order: tuple[Verdict, ...] = ("accept", "review", "reject")
        return max((self.verdict, *(case.verdict for case in self.cases)), key=order.index)


Use = Callable[[Inspection, Bench], None]


def _leave(_: Inspection, __: Bench) -> None:
    """Nothing more is wanted."""


@frozen
class LookOptions:
    """How to look.

    Attributes:
        checks: run every installed standalone validator.
        lab: a lab whose verdict table and adapters count, or None.
        rx: a prescription file to merge, or None.
    """

    checks: bool = False
    lab: Lab | None = None
    rx: Path | None = field(default=None)


def look_at(path: Path, registry: Registry, options: LookOptions | None = None, use: Use = _leave) -> Inspection:
    """Recognise and read everything in PATH.

    Args:
        use: is given the outcome while the surfaces can still be opened.

    Raises:
        UsageError: there is no such path.
    """
    options = options or LookOptions()
    if not path.exists():
        raise UsageError("there is no such file or folder", place=str(path), hint="Check the path.")
    try:
        listing = FolderListing.of(path)
        rules = read_lab_rules(options.lab.base) if options.lab else {}
        with Bench.on(listing, rules=rules) as bench:
            inspection = look_on(listing, bench, path, registry, options)
            use(inspection, bench)
            return inspection
    except (CaseError, NotReady, OSError) as error:
        findings = (_failure(error),)
        return Inspection(path, (), findings, verdict_of(findings, _table(options)))


def look_on(listing: FolderListing, bench: Bench, path: Path, registry: Registry, options: LookOptions) -> Inspection:
    """The same on an arrival that is open already, and stays so: its surfaces can be used afterwards.

    Raises:
        CaseError: the arrival cannot be listed. NotReady: it is still being written.
    """
    result = recognise(listing, registry)
    cases = []
    failures = list(result.findings)
    for recognition in result.chosen:
        try:
            cases.append(_look_at_case(recognition, bench, registry, options))
        except (CaseError, NotReady, AdapterError) as error:
            failures.append(_failure(error))
    findings = tuple(failures)
    return Inspection(path, tuple(cases), findings, verdict_of(findings, _table(options)))


def read_cases(bench: Bench, registry: Registry) -> tuple[Case, ...]:
    """Every case of an arrival, read by its own importer with default options.

    Raises:
        CaseError: an arrival or a case that cannot be read.
    """
    assert bench.listing is not None
    chosen = recognise(bench.listing, registry).required()
    return tuple(registry.build(found.stage).read(found, bench.importing(found.stage)) for found in chosen)


def _look_at_case(recognition: Recognition, bench: Bench, registry: Registry, options: LookOptions) -> LookedAt:
    importer = registry.build(recognition.stage, reader_options(options.lab, registry, recognition.stage))
    case = importer.read(recognition, bench.importing(recognition.stage))
    if accepts_closed(options.lab, case.key.adapter):
        case = without_nagging(case)
    case = _with_rx(case, options.rx)
    facts, noticed = _facts(case, bench)
    checks, found = _run_checks(case, bench, registry, options.lab) if options.checks else ((), ())
    findings = _each_once((*case.findings, *noticed, *found))
    verdict, reason = _judged(findings, checks, _table(options))
    return LookedAt(recognition, case, facts, findings, checks, verdict, reason)


def _judged(
    findings: tuple[Finding, ...], checks: Iterable[CheckRun], table: Mapping[str, Verdict]
) -> tuple[Verdict, str]:
    """Verdict and why; nobody accepts what a check could not look at."""
    verdict = verdict_of(findings, table)
    failed = [check.stage for check in checks if not check.ran]
    if verdict == "accept" and failed:
        return "review", f"checks that did not run: {', '.join(failed)}"
    return verdict, "" if verdict == "accept" else summary(findings, table, verdict)


def _with_rx(case: Case, rx: Path | None) -> Case:
    if rx is None:
        return case
    from casepan.knowledge.rx import merge_rx, read_rx, unreadable_rx

    if not rx.is_file():
        raise UsageError("there is no such prescription file", place=str(rx), hint="Check the path after --rx.")
    try:
        file = read_rx(rx.read_bytes(), name=rx.name, place=str(rx))
    except CaseError as error:
        return case.with_findings(*unreadable_rx(error))
    prescription, patient, findings = merge_rx(case.prescription, case.patient, file)
    return evolve(case, prescription=prescription, patient=patient).with_findings(*findings)


def _facts(case: Case, bench: Bench) -> tuple[dict[str, ScanFacts], tuple[Finding, ...]]:
    from casepan.stages.mesh_sanity import unreadable

    facts, findings = {}, []
    for scan in case.scans:
        try:
            facts[scan.id] = _facts_of(scan, bench)
        except CaseError as error:
            facts[scan.id] = ScanFacts(readable=False, colour=scan.colour, faces=scan.faces, vertices=scan.vertices)
            findings.append(unreadable(scan, error))
    return facts, tuple(findings)


def _facts_of(scan: Scan, bench: Bench) -> ScanFacts:
    if not scan.readable or scan.role == "photo":
        return ScanFacts(readable=False, colour=scan.colour, faces=scan.faces, vertices=scan.vertices)
    mesh = bench.mesh(scan)
    extent = mesh.extent_mm if mesh.is_finite else None
    return ScanFacts(True, mesh.colour, len(mesh.faces), len(mesh.vertices), extent)


def _run_checks(
    case: Case, bench: Bench, registry: Registry, lab: Lab | None
) -> tuple[tuple[CheckRun, ...], tuple[Finding, ...]]:
    runs, findings = [], []
    for spec in registry.stages(ValidatorSpec):
        if not (isinstance(spec, ValidatorSpec) and spec.standalone):
            continue
        try:
            stage = registry.build(spec.name, check_options(lab, registry, spec.name))
            found = tuple(stage.check(case, bench.working(spec.name, spec.name)))
        except ConfigError:
            raise  # the laboratory's own rules are wrong: whatever else is said would be half
        except Exception as error:  # a plugin's bug must not hide what the other checks say
            runs.append(CheckRun(spec.name, ran=False, why=_reason(error)))
            continue
        runs.append(CheckRun(spec.name, ran=True))
        findings += [evolve(finding, stage=spec.name) for finding in found]
    return tuple(runs), tuple(findings)


def _reason(error: Exception) -> str:
    return error.reason if isinstance(error, CasepanError) else f"{type(error).__name__}: {error}"


def _each_once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The first of each (code, scan, place): two stages may notice the same unreadable file."""
    seen: dict[tuple[Any, ...], Finding] = {}
    for finding in findings:
        seen.setdefault((finding.code, finding.scan, finding.where_mm, finding.message), finding)
    return tuple(seen.values())


def _failure(error: Exception) -> Finding:
    if isinstance(error, CasepanError):
        code = "arrival.incomplete" if isinstance(error, NotReady) else "arrival.unreadable"
        return Finding(code, "error", f"{error.reason} [{error.code}]", hint=error.hint)
    words = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return Finding(
        "arrival.unreadable", "error", f"cannot be read: {words}", hint="Check the rights of the file or folder."
    )


def _table(options: LookOptions) -> dict[str, Verdict]:
    return dict(options.lab.verdict) if options.lab else {}
