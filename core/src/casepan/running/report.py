"""What a run did, for people and for ``--json``."""

from __future__ import annotations

from collections.abc import Container

from attrs import frozen

from casepan.errors import StateError
from casepan.running.ledger import ArrivalRow, CaseRow, DeliveryRow, Ledger
from casepan.running.ledger.rows import NEEDS_PERSON

DONE, NEEDS_SOMEBODY, DELIVERIES_WAIT, INTERRUPTED = 0, 5, 6, 130


@frozen
class CaseReport:
    """One case that the run worked on, with its deliveries."""

    case: CaseRow
    deliveries: tuple[DeliveryRow, ...]

    @property
    def needs_person(self) -> bool:
        """True when nothing more happens without a decision."""
        return self.case.state in NEEDS_PERSON or any(delivery.needs_person for delivery in self.deliveries)


@frozen
class RunReport:
    """What a run did.

    Attributes:
        cases: every case that it worked on or saw again, in the order in which they came; of a watch the latest 10,000.
        quarantined: arrivals that became no case, with reason; waiting: arrivals that are not complete yet.
        unreachable: inboxes that could not be listed, as ``pipeline/step``.
        paused: why no new arrivals were taken, None when they were.
        deliveries_waiting: deliveries of any case that are tried or asked about again later.
        interrupted: True when somebody stopped it; everything goes on with the next run.
        error: the state folder's own trouble that ended the run early.
    """

    cases: tuple[CaseReport, ...] = ()
    quarantined: tuple[ArrivalRow, ...] = ()
    waiting: tuple[ArrivalRow, ...] = ()
    unreachable: tuple[str, ...] = ()
    paused: str | None = None
    deliveries_waiting: int = 0
    interrupted: bool = False
    error: StateError | None = None

    @property
    def exit_code(self) -> int:
        """0 done, 5 something needs a person, 6 deliveries wait, 7 state, 130 interrupted."""
        if self.interrupted:
            return INTERRUPTED
        if self.error is not None:
            return self.error.exit_code
        held = any(case.needs_person for case in self.cases)
        if held or self.quarantined or self.waiting or self.unreachable or self.paused:
            return NEEDS_SOMEBODY
        return DELIVERIES_WAIT if self.deliveries_waiting else DONE


def report_on(
    ledger: Ledger,
    touched: Container[tuple[str, int]],
    arrivals: Container[str],
    *,
    unreachable: tuple[str, ...] = (),
    paused: str | None = None,
    interrupted: bool = False,
    error: StateError | None = None,
) -> RunReport:
    """The report of a run from the ledger as it stands."""
    deliveries = ledger.deliveries()
    by_case: dict[tuple[str, int], list[DeliveryRow]] = {}
    for delivery in deliveries:
        by_case.setdefault((delivery.ref, delivery.revision), []).append(delivery)
    rows = [case for case in ledger.cases() if (case.ref, case.revision) in touched]
    cases = tuple(CaseReport(case, tuple(by_case.get((case.ref, case.revision), ()))) for case in rows)
    return RunReport(
        cases=cases,
        quarantined=tuple(row for row in ledger.arrivals(state="quarantined") if row.id in arrivals),
        waiting=ledger.arrivals(state="waiting"),
        unreachable=unreachable,
        paused=paused,
        deliveries_waiting=sum(delivery.waits for delivery in deliveries),
        interrupted=interrupted,
        error=error,
    )
