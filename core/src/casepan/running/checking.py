"""Around the steps of a check, in the child: answers go over the case before them, and others are asked about it behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define, evolve

from casepan.errors import StateError
from casepan.knowledge.completeness import Rules, completeness_rules
from casepan.model.case import Case
from casepan.model.decided import Desk
from casepan.model.documents import converter
from casepan.running.answers import overlaid
from casepan.running.comparing import differences, finding_of, measured
from casepan.running.context import Bench
from casepan.running.facts import meshes_of, tokens_of
from casepan.running.intake import CASE_DOCUMENT, open_source, read_case
from casepan.running.layout import StateFolder
from casepan.running.relatives import Relations, relations_of
from casepan.running.steps import read_result, stores_of
from casepan.running.wire import Link

if TYPE_CHECKING:
    from casepan.running.wire import Message


@define
class Check:
    """One check of one revision.

    Attributes:
        case: as it was read; desk: what people answered and decided.
        previous: revision and arrival that were handed on before, None when none was.
        relations: found behind the steps.
    """

    state: StateFolder
    bench: Bench
    link: Link
    case: Case
    desk: Desk
    previous: tuple[int, str] | None
    relations: Relations = Relations()

    @classmethod
    def of(cls, job: Message, state: StateFolder, bench: Bench, link: Link, case: Case) -> Check:
        """The check that a job asks for."""
        previous = (int(job["previous"][0]), str(job["previous"][1])) if job["previous"] else None
        return cls(state, bench, link, case, desk_of(job), previous)

    def prepared(self) -> Case:
        """The case as the steps get it: with the answers over it, and what it changed of what was handed on."""
        made = overlaid(self.case, self.desk, self._earlier)
        if self.previous is None:
            return made
        old = self._earlier(self.previous[0])
        if old is None:
            return made
        old = overlaid(old, evolve(self.desk, answers=self._answers_of(old.revision)), self._earlier)
        changes = differences(old, made)
        with Bench.on(
            open_source(self.state.arrival(self.previous[1])), stores=stores_of(self._folder(old.revision))
        ) as bench:
            changes = measured(changes, old, made, bench.mesh, self.bench.mesh)
        return evolve(made, desk=evolve(made.desk, changes=changes))

    def finished(self, case: Case) -> Case:
        """The case behind its last step, with findings about earlier revisions and other cases."""
        answer = self.link.ask(ask="relatives", meshes=meshes_of(self.case), tokens=tokens_of(case))
        waiting = [(str(ref), int(revision)) for ref, revision in answer["waiting"]]
        self.relations = relations_of(case, answer["twins"], waiting, self._rules, self._result)
        revised = () if self.previous is None else (finding_of(case.desk.changes),)
        return case.with_findings(*revised, *self.relations.findings)

    def _rules(self) -> Rules:
        return completeness_rules(self.bench.rules.get("completeness", {}))

    def _result(self, ref: str, revision: int) -> Case:
        return read_result(self.state.case(ref, revision)).case

    def _folder(self, revision: int) -> Any:
        return self.state.case(self.case.ref, revision)

    def _earlier(self, revision: int) -> Case | None:
        try:
            return read_case(self._folder(revision) / CASE_DOCUMENT)
        except StateError:
            return None

    def _answers_of(self, revision: int) -> Any:
        return tuple(answer for answer in self.desk.answers if answer.revision <= revision)


def desk_of(job: Message) -> Desk:
    """What people answered and decided, as a job tells it."""
    return converter().structure(job["desk"], Desk)
