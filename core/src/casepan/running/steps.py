"""Child side of an attempt: run the steps of a pipeline, each output complete on disk before it is recorded."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from attrs import evolve, field, frozen

from casepan.config.lab import Pipeline, Step
from casepan.config.options import structure_options
from casepan.contract.specs import ValidatorSpec
from casepan.errors import CaseError, StateError
from casepan.model.case import Case
from casepan.model.documents import converter, to_plain
from casepan.model.finding import Finding
from casepan.model.vocabulary import Verdict
from casepan.registry import Registry
from casepan.running.context import Bench
from casepan.running.durable import (
    new_folder,
    private_folder,
    publish_folder,
    read_document,
    write_document,
    write_new,
)
from casepan.running.plan import digest_of_plain, has_taker, id_of, input_hash, takes_part, without_desk
from casepan.running.verdict import reaches, summary, verdict_of
from casepan.running.wire import Link, Message

STEP_DOCUMENT = "step.json"
RESULT_DOCUMENT = "result.json"
FILES = "files"
ADDED = "added"
"""The store of files that people added to a revision."""
ADDED_FOLDER = "source"
SCHEMA = 1


@frozen
class Outcome:
    """What the steps made of a case.

    Attributes:
        content: hash of the case, part of every delivery key.
        hold: who must look at it whatever the verdict, or None.
        codes: codes of the findings that led to the verdict.
        would: the verdict that ``codes`` led to, when the pipeline only observes: then the case is accepted all the same.
        plain: the case as its document has it.
    """

    case: Case
    verdict: Verdict
    content: str
    hold: str | None
    codes: str
    would: Verdict | None = None
    plain: Mapping[str, Any] = field(factory=dict, repr=False)


@frozen
class StepRun:
    """The steps of one attempt.

    Attributes:
        folder: the case's folder in the state area.
        done: steps that the ledger knows as finished, with the hash of their input.
        closing: what is noticed about the case behind its last step.
        observes: True when nothing holds a case or stops its steps, but that nobody would take it.
        untold: the step that has just finished, of which the ledger is told before the next one begins, or with the verdict.
    """

    folder: Path
    pipeline: Pipeline
    table: Mapping[str, Verdict]
    registry: Registry
    link: Link
    bench: Bench
    done: Mapping[str, str]
    closing: Callable[[Case], Case] = lambda case: case
    observes: bool = False
    untold: list[Message] = field(factory=list)

    def run(self, case: Case) -> Outcome:
        """Run what has not been run yet.

        Raises:
            CaseError: the case cannot be processed. FenceLost: another process owns it.
        """
        if not takes_part(self.pipeline.when, case):
            return self._held(case.with_findings(_no_route("this pipeline does not take such a case")), "review")
        hold, failed = None, False
        for number, step in enumerate(self.pipeline.steps, start=1):
            if not takes_part(step.when, case, verdict_of(case.findings, self.table)):
                continue
            before, case = case.findings, self._step(number, step, case)
            new = case.findings[len(before) :]
            if step.hold and reaches(new, "warning"):
                hold = hold or step.hold
            failed = failed or reaches(new, step.fail_on)
            if failed and not self.observes:
                return self._held(case, hold, "reject")
        if not self._has_route(case):
            lost = _no_route("no destination of its pipeline takes such a case")
            return self._held(case.with_findings(lost), hold or "review")
        held = self._held(case, hold, "reject" if failed else None)
        return _observed(held) if self.observes else held

    def _has_route(self, case: Case) -> bool:
        """False when every destination leaves the case out, as it stands and also once a person has accepted it."""
        found = verdict_of(case.findings, self.table)
        verdicts: tuple[Verdict, ...] = ("accept",) if self.observes else (found, "accept")
        taken = any(has_taker(self.pipeline, case, verdict) for verdict in verdicts)
        return taken or not self.pipeline.export or (found == "reject" and not self.observes)

    def _held(self, case: Case, hold: str | None, verdict: Verdict | None = None) -> Outcome:
        """What the findings and the steps' holds lead to."""
        case = self.closing(case)
        verdict = verdict or verdict_of(case.findings, self.table)
        codes = summary(case.findings, self.table, verdict)
        proposals = [finding for finding in case.findings if finding.code == "case.maybe-completes"]
        if verdict_of(proposals, self.table) != "accept":
            hold, codes = "review", proposals[0].code  # nobody rings for what a late bite lacks: join the two first
        plain = to_plain(case)
        return Outcome(case, verdict, digest_of_plain(without_desk(case, plain)), hold, codes, plain=plain)

    def _step(self, number: int, step: Step, case: Case) -> Case:
        name, spec = id_of(step), self.registry.spec(step.use)
        wanted = input_hash(step, spec, case, self.bench.rules)
        target = private_folder(self.folder / "steps") / f"{number:02d}-{name}"
        self.bench.stores[name] = target / FILES
        finished = _finished(target, wanted, case)
        if finished is not None and self.done.get(name) == wanted:
            return finished
        if self.untold:
            self.link.ask(ask="step", **self.untold.pop())
        begun = time.monotonic()
        result = finished or self._run(step, name, case, target, wanted)
        seconds = time.monotonic() - begun
        self.untold.append(
            {"step": name, "stage": step.use, "version": spec.version, "input": wanted, "seconds": seconds}
        )
        return result

    def _run(self, step: Step, name: str, case: Case, target: Path, wanted: str) -> Case:
        part = target.with_name(f".{target.name}.part")
        if part.exists():
            shutil.rmtree(part, ignore_errors=True)
        out = new_folder(new_folder(part) / FILES)
        result = self._apply(step, name, case, out)
        made: dict[str, Any] = {"case": to_plain(result)}
        if isinstance(self.registry.spec(step.use), ValidatorSpec):
            made = {"findings": to_plain(result.findings[len(case.findings) :])}
        write_new(part / STEP_DOCUMENT, {"schema": SCHEMA, "stage": step.use, "input": wanted, **made})
        publish_folder(part, target, target.with_name(f".{target.name}.old"))
        self.bench.stores[name] = target / FILES
        return result

    def _apply(self, step: Step, name: str, case: Case, out: Path) -> Case:
        options: Any = structure_options(self.registry.options_type(step.use), step.with_, place=f"step {name}")
        stage = self.registry.build(step.use, options)
        ctx = self.bench.working(step.use, name, out)
        if isinstance(self.registry.spec(step.use), ValidatorSpec):
            return case.with_findings(*(_of_stage(finding, step.use) for finding in stage.check(case, ctx)))
        changed = stage.apply(case, ctx)
        if not isinstance(changed, Case) or (changed.ref, changed.revision) != (case.ref, case.revision):
            raise CaseError(
                f"{step.use} returned something that is not this case", hint="Report it to the plugin's author."
            )
        old = len(case.findings)
        return evolve(
            changed, findings=(*changed.findings[:old], *(_of_stage(f, step.use) for f in changed.findings[old:]))
        )


def _observed(outcome: Outcome) -> Outcome:
    """The case goes on as if it had been accepted, and what would have become of it is kept."""
    would: Verdict = "review" if outcome.hold and outcome.verdict == "accept" else outcome.verdict
    return evolve(outcome, verdict="accept", hold=None, would=would)


def _no_route(message: str) -> Finding:
    hint = "Accept or cancel it, or change `when` and `on` in lab.toml and try it again."
    return Finding("case.no-route", "warning", message, hint=hint, stage="core.pipeline")


def _of_stage(finding: Finding, stage: str) -> Finding:
    return finding if finding.stage else evolve(finding, stage=stage)


def _finished(target: Path, wanted: str, case: Case) -> Case | None:
    """The case with what a step made of it, when it was made from this very input and its files are there."""
    if not (target / STEP_DOCUMENT).is_file():
        return None
    document = read_document(target / STEP_DOCUMENT)
    if document.get("input") != wanted:
        return None
    if "findings" in document:
        return case.with_findings(*converter().structure(document["findings"], tuple[Finding, ...]))
    return evolve(converter().structure(document["case"], Case), desk=case.desk)


def write_result(folder: Path, outcome: Outcome) -> None:
    """Keep the outcome for deliveries that come later."""
    document: dict[str, Any] = {
        "schema": SCHEMA, "verdict": outcome.verdict, "hold": outcome.hold, "content": outcome.content,
        "codes": outcome.codes, "would": outcome.would, "case": outcome.plain or to_plain(outcome.case),
    }  # fmt: skip
    write_document(folder / RESULT_DOCUMENT, document)


def read_result(folder: Path) -> Outcome:
    """The outcome of the last finished attempt.

    Raises:
        StateError: there is none, or it is damaged.
    """
    document = read_document(folder / RESULT_DOCUMENT)
    try:
        return Outcome(
            converter().structure(document["case"], Case),
            document["verdict"], document["content"], document["hold"], document["codes"], document.get("would"),
        )  # fmt: skip
    except Exception as error:
        raise StateError("the result of a case is damaged", place=str(folder)) from error


def stores_of(folder: Path) -> dict[str, Path]:
    """Where the files of each finished step lie, by step id, and those that people added."""
    added = {ADDED: folder / ADDED_FOLDER} if (folder / ADDED_FOLDER).is_dir() else {}
    found = sorted((folder / "steps").glob("[0-9][0-9]-*")) if (folder / "steps").is_dir() else []
    return added | {path.name[3:]: path / FILES for path in found}
