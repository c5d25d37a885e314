"""What a child does with its job: take an arrival, or work on a case. A warm process imports this before it forks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import asdict, evolve

from casepan.arrivals.listing import FolderListing
from casepan.config.lab import Lab
from casepan.config.secrets import fetch_secret
from casepan.errors import CaseError, StateError
from casepan.knowledge.lab_rules import read_lab_rules
from casepan.model.documents import to_plain
from casepan.registry import Registry
from casepan.running.checking import Check, desk_of
from casepan.running.clients import with_knowledge
from casepan.running.context import Bench
from casepan.running.deliveries import Sender
from casepan.running.facts import facts_of
from casepan.running.history import history_of
from casepan.running.intake import CASE_DOCUMENT, Intake, open_source, read_case
from casepan.running.layout import StateFolder, base_of
from casepan.running.plan import planned
from casepan.running.previous import open_previous
from casepan.running.steps import StepRun, read_result, stores_of, write_result
from casepan.running.wire import Link, Message

Opened = dict[str, FolderListing]
"""The listing of the arrival that this child has taken, by its id."""


def take(job: Message, link: Link, lab: Lab, registry: Registry, opened: Opened) -> Message:
    """Take an arrival; what the child ends with."""
    state, arrival, pipeline = StateFolder(Path(job["state"])), str(job["arrival"]), str(job["pipeline"])
    return Intake(state, lab, registry, link, arrival, pipeline, bool(job["patient"]), opened).run()


def work(job: Message, link: Link, lab: Lab, registry: Registry, umask: int, opened: Opened) -> Message:
    """Check a case if that is still to be done, and send whatever is due."""
    state = StateFolder(Path(job["state"]))
    folder, pipeline = state.case(str(job["ref"]), int(job["revision"])), lab.pipelines[str(job["pipeline"])]
    previous = (int(job["previous"][0]), str(job["previous"][1])) if job["previous"] else None
    base = base_of(lab.path)
    with _of_this_case():
        listing = opened.pop(str(job["arrival"]), None) or open_source(state.arrival(str(job["arrival"])))
        outcome = None if job["check"] else read_result(folder)
        case = read_case(folder / CASE_DOCUMENT) if outcome is None else outcome.case
    with Bench.on(
        listing,
        stores=stores_of(folder),
        base=base,
        secrets=lambda reference: fetch_secret(reference, lab),
        memory=state.memory,
        rules=read_lab_rules(base),
        history=lambda: history_of(folder),
        earlier_revision=lambda: open_previous(state, str(job["ref"]), previous),
    ) as bench:
        if outcome is None:
            check = Check.of(job, state, bench, link, case)
            observes = (pipeline.mode or lab.lab.mode) == "observe"
            run = StepRun(folder, pipeline, lab.verdict, registry, link, bench, job["done"], check.finished, observes)
            outcome = run.run(with_knowledge(check.prepared(), lab, state, str(job["arrival"])))
            write_result(folder, outcome)
            deliveries = planned(pipeline, outcome.case, outcome.verdict, outcome.content)
            facts = asdict(facts_of(outcome.case, check.relations.links, outcome.would), recurse=False)
            order = link.ask(
                ask="verdict", steps=run.untold, verdict=outcome.verdict, content=outcome.content, hold=outcome.hold,
                codes=outcome.codes, deliveries=to_plain(deliveries), facts=facts,
            )  # fmt: skip
            case = outcome.case
        else:
            case = evolve(case, desk=evolve(desk_of(job), changes=case.desk.changes, rush_reason=case.desk.rush_reason))
            order = link.ask(ask="next")
        Sender(folder, pipeline, registry, link, bench, umask, outcome.verdict).run(case, order)
    return {}


@contextmanager
def _of_this_case() -> Iterator[None]:
    """Damaged or missing documents of one case are that case's trouble; the state folder itself may be well."""
    try:
        yield
    except StateError as error:
        raise CaseError(
            error.reason, place=error.place, hint="Restore the folder from a back-up, or import it again."
        ) from error
