"""What a stage is: a small class built with its options; values and a context in, values out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, Protocol

from attrs import field, frozen

from casepan.contract.context import Context, ExportContext, ImportContext, ObserverContext
from casepan.contract.listing import Recognition
from casepan.contract.specs import Event
from casepan.model.case import Case
from casepan.model.finding import Finding
from casepan.model.records import Receipt


@frozen
class Watch:
    """Where and how a watching importer wants an inbox observed. The supervisor lists names and sizes, nothing more.

    Attributes:
        path: the inbox.
        settle: seconds between two equal listings before an arrival is taken.
        give_up: seconds after which an arrival with missing files is taken all the same.
        done: ``"leave"`` or ``"move:FOLDER"``, what happens to the source after all receipts.
        names: patterns of top-level names to take; empty means all.
        skip: patterns of names that are still being written or never a case.
    """

    path: str
    settle: float = 30.0
    give_up: float = 7200.0
    done: str = "leave"
    names: tuple[str, ...] = ()
    skip: tuple[str, ...] = field(
        default=("*.part", "*.crdownload", "*.download", "*.tmp", "~$*", ".*", "Thumbs.db", "desktop.ini")
    )


class WatchingImporter(Protocol):
    """An importer that a pipeline names under ``import``."""

    def watch(self) -> Watch:
        """The inbox to observe."""


class Importer(Protocol):
    """An importer that reads what it recognised."""

    def candidates(self, ctx: ImportContext) -> Iterable[Recognition]:
        """The cases of this layout in ``ctx.listing``."""

    def read(self, candidate: Recognition, ctx: ImportContext) -> Case:
        """The case. ``casepan.api.assemble_case`` does what all layouts have in common."""


class Validator(Protocol):
    """A check. It never changes anything."""

    def check(self, case: Case, ctx: Context) -> Iterable[Finding]:
        """What was noticed; nothing when all is well."""


class Transformer(Protocol):
    """A change. It writes new files below ``ctx.out`` and returns the changed case."""

    def apply(self, case: Case, ctx: Context) -> Case:
        """The case after the change; what was lost on the way is in its findings."""


class Exporter(Protocol):
    """A destination.

    One that can be asked without sending anything may have a third method, ``health(ctx) -> str``: a sentence for
    ``casepan check --online``, or an error that says what is wrong. ``ctx.key`` and ``ctx.place`` are empty then.
    """

    def deliver(self, case: Case, ctx: ExportContext) -> Receipt:
        """Hand the case on and prove it.

        Raises:
            DeliveryError: or one of its kinds; anything else counts as an unknown outcome.
        """

    def probe(self, ctx: ExportContext) -> Receipt | None:
        """The receipt of ``ctx.key`` if the destination has it, None if it certainly has not (``ExporterSpec.probe``).

        Raises:
            DeliveryError: it cannot be asked now. OutcomeUnknown: it can never tell; the export's ``on_unknown`` decides.
        """


class Observer(Protocol):
    """Somebody who is told what happens, in a thread of its own: it may take its time and cannot stop the run.

    One that can send the morning to people may have a second method, ``digest(document, ctx, *, day, again) -> str | None``,
    for ``casepan today --send``: what the other side answered, or None when the document of that day was sent already. One
    that can be asked without sending anything may have ``health(ctx) -> str``, as exporters have.
    """

    def observe(self, events: Sequence[Event], ctx: ObserverContext) -> None:
        """What happened since the last call, oldest first. Now and then a call without events: a chance to try again.

        When the run ends, the last call has a few seconds; what must not be lost belongs into ``ctx.memory`` first.
        """


def _stage(method: Literal["check", "apply", "deliver"], function: Callable[..., Any]) -> type:
    def init(self: Any, options: Any) -> None:
        self.options = options

    def run(self: Any, case: Case, ctx: Any) -> Any:
        return function(case, ctx, self.options)

    body = {"__init__": init, method: run, "__doc__": function.__doc__, "__module__": function.__module__}
    return type(function.__name__, (), body)


def validator(function: Callable[[Case, Context, Any], Iterable[Finding]]) -> type:
    """Turn ``check(case, ctx, options)`` into a validator that a spec's ``factory`` can name."""
    return _stage("check", function)


def transformer(function: Callable[[Case, Context, Any], Case]) -> type:
    """Turn ``apply(case, ctx, options)`` into a transformer."""
    return _stage("apply", function)


def exporter(function: Callable[[Case, ExportContext, Any], Receipt]) -> type:
    """Turn ``deliver(case, ctx, options)`` into an exporter without a probe."""
    return _stage("deliver", function)
