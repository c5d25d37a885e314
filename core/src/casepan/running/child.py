"""The child process of one attempt: ``python -m casepan.running.child``. It holds no state and may die at any moment."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from casepan.errors import CaseError, StateError
from casepan.running import platform
from casepan.running.wire import Link, Message, describe_error

if TYPE_CHECKING:
    from casepan.config.lab import Lab
    from casepan.registry import Registry


@frozen
class Ready:
    """What a warm process has made ready for its children."""

    lab: Lab
    registry: Registry


def main(ready: Ready | None = None) -> int:
    """Do the one job that comes over standard input, and end.

    Args:
        ready: lab and registry in a forked child; a started one makes its own.
    """
    umask = os.umask(0o077)
    link = Link.on_standard_streams()
    job = link.receive()
    here = platform.current()
    here.end_with_parent(int(job["parent"]))
    here.limit(int(job["memory"]), int(job["file_size"]))
    try:
        end: Message = {"end": run(job, link, umask, ready)}
    except BaseException as error:
        traceback.print_exc()
        end = {"end": {"error": describe_error(error)}}
    link.send(end)
    return 0


def run(job: Message, link: Link, umask: int, ready: Ready | None) -> Message:
    """Take an arrival, or work on a case; the message for the supervisor."""
    ready = ready or get_ready(job)
    if job["do"] == "arrival":
        return _take(job, link, ready.lab, ready.registry)
    return _work(job, link, ready.lab, ready.registry, umask)


def get_ready(job: Message) -> Ready:
    """Lab and registry as a message names them."""
    from casepan.config.lab import Lab
    from casepan.model.documents import from_document

    lab = from_document(job["lab"], Lab)
    return Ready(lab, load_registry(str(job["loader"]), lab))


def load_registry(loader: str, lab: Lab) -> Registry:
    """The registry with the lab's adapters, made by ``"module:function"``."""
    import importlib

    module, _, name = loader.partition(":")
    made: Any = importlib.import_module(module)
    for part in name.split("."):
        made = getattr(made, part)
    registry: Registry = made(tuple(lab.adapters))
    return registry


def _take(job: Message, link: Link, lab: Lab, registry: Registry) -> Message:
    from casepan.running.intake import Intake
    from casepan.running.layout import StateFolder

    state = StateFolder(Path(job["state"]))
    return Intake(state, lab, registry, link, str(job["arrival"]), str(job["pipeline"]), bool(job["patient"])).run()


def _work(job: Message, link: Link, lab: Lab, registry: Registry, umask: int) -> Message:
    from casepan.config.secrets import fetch_secret
    from casepan.knowledge.lab_rules import read_lab_rules
    from casepan.model.documents import to_plain
    from casepan.running.context import Bench
    from casepan.running.deliveries import Sender
    from casepan.running.history import history_of
    from casepan.running.intake import CASE_DOCUMENT, open_source, read_case
    from casepan.running.layout import StateFolder
    from casepan.running.plan import planned
    from casepan.running.steps import StepRun, read_result, stores_of, write_result

    state = StateFolder(Path(job["state"]))
    folder, pipeline = state.case(str(job["ref"]), int(job["revision"])), lab.pipelines[str(job["pipeline"])]
    with _of_this_case():
        listing = open_source(state.arrival(str(job["arrival"])))
        case = read_case(folder / CASE_DOCUMENT) if job["check"] else read_result(folder).case
    with Bench.on(
        listing,
        stores=stores_of(folder),
        base=lab.base,
        secrets=lambda reference: fetch_secret(reference, lab),
        memory=state.memory,
        rules=read_lab_rules(lab.base),
        history=lambda: history_of(folder),
    ) as bench:
        if job["check"]:
            outcome = StepRun(folder, pipeline, lab.verdict, registry, link, bench, job["done"]).run(case)
            write_result(folder, outcome)
            deliveries = planned(pipeline, outcome.case, outcome.verdict, outcome.content)
            link.ask(
                ask="verdict", verdict=outcome.verdict, content=outcome.content, hold=outcome.hold, codes=outcome.codes,
                deliveries=to_plain(deliveries),
            )  # fmt: skip
            case = outcome.case
        Sender(folder, pipeline, registry, link, bench, umask).run(case)
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


if __name__ == "__main__":
    sys.exit(main())
