"""Transitions of the ledger: each one atomic, fenced, and visible in the trail."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from casepan.errors import FenceLost, StateError
from casepan.model.case import CaseKey
from casepan.running.ledger import ArrivalClaim, CaseClaim, Ledger, PlannedDelivery
from casepan.running.ledger.arrivals import ALPHABET


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.time = 1_700_000_000.0

    def __call__(self) -> float:
        """Seconds since the epoch."""
        return self.time


@pytest.fixture
def clock() -> Clock:
    """The ledger's clock."""
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    """An empty ledger."""
    made = Ledger(tmp_path / "ledger.sqlite", clock=clock)
    yield made
    made.close()


def settle(
    ledger: Ledger, arrival: str = "A1", *, spot: str = "inbox/a", print_: str = "1", patient: bool = False
) -> bool:
    """An arrival that lies still."""
    return ledger.arrival_settled(
        arrival, pipeline="p", inbox="inbox", spot=spot, fingerprint=print_, give_up=100.0, patient=patient
    )


def taking(ledger: Ledger) -> ArrivalClaim:
    """The claim of the next arrival."""
    claim = ledger.claim_arrival("me", ["p"])
    assert claim is not None
    return claim


def arrived(ledger: Ledger, *, vendor: str = "v", digest: str = "d", print_: str = "1") -> tuple[str, int]:
    """A case that may be worked on."""
    settle(ledger, f"A{print_}", spot=print_, print_=print_)
    claim = taking(ledger)
    got = ledger.register_case(claim, CaseKey("fake", vendor), digest)
    ledger.case_arrived(claim, got.ref, got.revision)
    ledger.arrival_taken(claim)
    return got.ref, got.revision


def claimed(ledger: Ledger, owner: str = "me") -> CaseClaim:
    """The claim of the next case."""
    claim = ledger.claim_case(owner, ["p"], lease=10.0)
    assert claim is not None
    return claim


def plan(*exports: str, after: tuple[str, ...] = ()) -> list[PlannedDelivery]:
    """Deliveries in this order."""
    return [PlannedDelivery(f"key-{name}", name, n, after if n else ()) for n, name in enumerate(exports)]


def decided(ledger: Ledger, *exports: str, after: tuple[str, ...] = (), verdict: str = "accept") -> CaseClaim:
    """A claimed case with its verdict."""
    arrived(ledger)
    claim = claimed(ledger)
    ledger.verdict_reached(
        claim,
        verdict,  # type: ignore[arg-type]
        content="c",
        hold=None,
        deliveries=plan(*exports, after=after),
    )
    return claim


def begin(ledger: Ledger, claim: CaseClaim, key: str, *, parallel: int = 2, rate: int | None = None) -> bool:
    """The intent to send."""
    return ledger.begin_send(claim, key, destination="p/out", parallel=parallel, rate=rate)


def test_a_fingerprint_is_taken_once(ledger: Ledger) -> None:
    """The same listing seen again makes no second arrival."""
    assert settle(ledger)
    assert not settle(ledger, "A2")
    assert ledger.knows_arrival("1")


def test_a_waiting_arrival_that_changes_is_superseded_and_keeps_its_deadline(ledger: Ledger, clock: Clock) -> None:
    """Files that trickle in restart nothing: the first deadline counts."""
    settle(ledger, patient=True)
    claim = taking(ledger)
    assert claim.patient
    ledger.arrival_waits(claim, "CP130", "a file is missing", delay=5.0)
    clock.time += 60.0
    settle(ledger, "A2", print_="2", patient=True)
    first, second = ledger.arrivals()
    assert first.state == "superseded"
    assert second.give_up == first.give_up
    clock.time += 60.0
    assert not taking(ledger).patient


def test_registration_knows_content_revisions_and_new_cases(ledger: Ledger) -> None:
    """Same key and digest: known. Same key, other digest: next revision. Other key: other reference."""
    ref, revision = arrived(ledger)
    settle(ledger, "A9", spot="s", print_="9")
    claim = taking(ledger)
    again = ledger.register_case(claim, CaseKey("fake", "v"), "d")
    later = ledger.register_case(claim, CaseKey("fake", "v"), "d2")
    other = ledger.register_case(claim, CaseKey("fake", "w"), "d")
    assert (revision, again.ref, again.revision, again.known) == (1, ref, 1, True)
    assert (later.ref, later.revision, later.known) == (ref, 2, False)
    assert other.ref != ref
    assert not other.known


def test_a_case_whose_folder_was_not_finished_is_not_known(ledger: Ledger) -> None:
    """A child killed between registering and writing gets the same reference again."""
    settle(ledger)
    claim = taking(ledger)
    first = ledger.register_case(claim, CaseKey("fake", "v"), "d")
    second = ledger.register_case(claim, CaseKey("fake", "v"), "d")
    assert first == second
    assert not second.known


def test_references_are_readable_and_hold_no_names(ledger: Ledger) -> None:
    """Four and two letters of an alphabet without lookalikes."""
    ref, _ = arrived(ledger, vendor="Sentinel Surname")
    left, _, right = ref.partition("-")
    assert (len(left), len(right)) == (4, 2)
    assert set(left + right) <= set(ALPHABET)
    assert b"Sentinel" not in ledger.path.read_bytes() + ledger.path.with_name("ledger.sqlite-wal").read_bytes()


def test_a_claim_voids_the_one_before(ledger: Ledger, clock: Clock) -> None:
    """After the lease another owner takes the case, and the first can record nothing any more."""
    arrived(ledger)
    first = claimed(ledger, "first")
    assert ledger.claim_case("second", ["p"], lease=10.0) is None
    clock.time += 11.0
    second = claimed(ledger, "second")
    assert second.fence == first.fence + 1
    assert not ledger.owns(first)
    with pytest.raises(FenceLost):
        ledger.step_done(first, "s", stage="x.y", version=1, input_hash="h", seconds=0.1)
    ledger.step_done(second, "s", stage="x.y", version=1, input_hash="h", seconds=0.1)
    assert ledger.steps_done(second.ref, second.revision) == {"s": "h"}


def test_a_renewed_lease_is_not_taken_over(ledger: Ledger, clock: Clock) -> None:
    """Renewing keeps others away."""
    arrived(ledger)
    claim = claimed(ledger)
    clock.time += 8.0
    assert ledger.renew(claim, lease=10.0)
    clock.time += 8.0
    assert ledger.claim_case("second", ["p"], lease=10.0) is None


def test_a_failed_transition_changes_nothing(ledger: Ledger, clock: Clock) -> None:
    """A verdict under a lost fence leaves neither state nor deliveries nor trail."""
    arrived(ledger)
    claim = claimed(ledger)
    clock.time += 11.0
    claimed(ledger, "second")
    before = len(ledger.events())
    with pytest.raises(FenceLost):
        ledger.verdict_reached(claim, "accept", content="c", hold=None, deliveries=plan("a"))
    assert ledger.deliveries() == ()
    assert len(ledger.events()) == before


def test_urgent_cases_come_first(ledger: Ledger) -> None:
    """Rush before others, then the earlier due date."""
    from datetime import date

    settle(ledger)
    claim = taking(ledger)
    wanted = {"late": (False, date(2026, 5, 2)), "soon": (False, date(2026, 5, 1)), "rush": (True, None)}
    refs = {}
    for vendor, (rush, due) in wanted.items():
        got = ledger.register_case(claim, CaseKey("fake", vendor), vendor, rush=rush, due=due)
        ledger.case_arrived(claim, got.ref, got.revision)
        refs[got.ref] = vendor
    assert [refs[claimed(ledger).ref] for _ in range(3)] == ["rush", "soon", "late"]


def test_an_adapter_that_is_full_is_passed_over(ledger: Ledger) -> None:
    """``max_parallel`` of an adapter keeps its other cases waiting."""
    arrived(ledger)
    assert ledger.claim_case("me", ["p"], lease=10.0, full=["fake"]) is None


def test_verdicts_lead_to_states(ledger: Ledger) -> None:
    """Accept without a destination is handed on at once; the destinations that exist are waited for."""
    claim = decided(ledger)
    row = ledger.case(claim.ref)
    assert row is not None
    assert row.state == "handed-on"


@pytest.mark.parametrize(("verdict", "state"), [("accept", "ready"), ("review", "review"), ("reject", "quarantine")])
def test_a_case_with_open_deliveries_stands_as_its_verdict_says(ledger: Ledger, verdict: str, state: str) -> None:
    """The state follows the verdict while a delivery is open."""
    claim = decided(ledger, "out", verdict=verdict)
    row = ledger.case(claim.ref)
    assert row is not None
    assert row.state == state


def test_a_delivery_waits_for_those_before_it(ledger: Ledger) -> None:
    """``after`` opens with the receipt; the last receipt hands the case on."""
    claim = decided(ledger, "cad", "office", after=("cad",))
    first = ledger.next_delivery(claim)
    assert first is not None
    assert first.export == "cad"
    assert begin(ledger, claim, first.key)
    assert ledger.next_delivery(claim) is None
    ledger.delivered(claim, first.key, "sha")
    second = ledger.next_delivery(claim)
    assert second is not None
    assert second.export == "office"
    begin(ledger, claim, second.key)
    ledger.delivered(claim, second.key, "sha")
    row = ledger.case(claim.ref)
    assert row is not None
    assert row.state == "handed-on"


def test_an_export_that_takes_no_part_holds_nobody_up(ledger: Ledger) -> None:
    """``after`` names only what this verdict sends."""
    claim = decided(ledger, "cad", "office", after=("archive",))
    assert [row.state for row in ledger.deliveries(claim.ref)] == ["pending", "pending"]


def test_slots_and_rate_limit_a_destination(ledger: Ledger, clock: Clock) -> None:
    """No more than ``parallel`` at once and ``rate`` a minute."""
    claim = decided(ledger, "a", "b", "c")
    assert begin(ledger, claim, "key-a", parallel=1)
    assert not begin(ledger, claim, "key-b", parallel=1)
    ledger.delivered(claim, "key-a", "sha")
    assert not begin(ledger, claim, "key-b", parallel=1, rate=1)
    clock.time += 61.0
    assert begin(ledger, claim, "key-b", parallel=1, rate=1)


def test_a_destination_without_a_rate_keeps_no_history_of_its_slots(ledger: Ledger) -> None:
    """Thousands of deliveries a minute do not make the next one slower."""
    claim = decided(ledger, "a", "b", "c")
    for name in ("a", "b", "c"):
        assert begin(ledger, claim, f"key-{name}", parallel=1)
        ledger.delivered(claim, f"key-{name}", "sha")
    assert len(ledger.all("select 1 from slots")) == 1


def test_arrivals_that_wait_cost_a_claim_nothing(ledger: Ledger) -> None:
    """The next one is found at once, however many are behind it."""
    steps, costs = [0], list[int]()

    def step() -> None:
        steps[0] += 1

    for number in range(60):
        settle(ledger, f"A{number:02d}", spot=str(number), print_=str(number))
    ledger._db.set_progress_handler(step, 1)
    for number in range(60):
        steps[0] = 0
        assert taking(ledger).id == f"A{number:02d}"
        costs.append(steps[0])
    assert max(costs) < 1.2 * min(costs)


def test_finished_cases_cost_a_claim_nothing(ledger: Ledger) -> None:
    """SQLite does the same work for one case that is due, however many have been handed on."""
    steps, costs = [0], list[int]()

    def step() -> None:
        steps[0] += 1

    ledger._db.set_progress_handler(step, 1)
    for number in range(60):
        arrived(ledger, vendor=f"v{number}", print_=str(number))
        steps[0] = 0
        claim = claimed(ledger)
        costs.append(steps[0])
        ledger.verdict_reached(claim, "accept", content="c", hold=None, deliveries=())
        ledger.give_back(claim)
    assert max(costs) < 1.2 * costs[0]


def test_a_sender_that_lost_its_claim_may_not_commit(ledger: Ledger, clock: Clock) -> None:
    """``fence_ok`` is false after a take-over, and after a cancel."""
    claim = decided(ledger, "a")
    begin(ledger, claim, "key-a")
    assert ledger.owns_send(claim, "key-a")
    ledger.close_case(claim.ref, claim.revision, who="t")
    assert not ledger.owns_send(claim, "key-a")


def test_an_absent_delivery_is_not_sent_before_the_senders_time_limit(ledger: Ledger, clock: Clock) -> None:
    """A sender taken for dead may still be alive until its limit has passed."""
    claim = decided(ledger, "a")
    begin(ledger, claim, "key-a")
    ledger.outcome_unknown(claim, "key-a", "CP143", "gone", ask_in=0.0)
    clock.time += 5.0
    ledger.certainly_absent(claim, "key-a", time_limit=60.0)
    assert ledger.next_delivery(claim) is None
    clock.time += 55.0
    again = ledger.next_delivery(claim)
    assert again is not None
    assert again.state == "retry"


def test_a_send_that_is_taken_over_is_in_doubt(ledger: Ledger, clock: Clock) -> None:
    """After the lease another owner asks the destination before anything else, and the first may not commit."""
    claim = decided(ledger, "a")
    begin(ledger, claim, "key-a", parallel=1)
    clock.time += 11.0
    second = claimed(ledger, "second")
    row = ledger.next_delivery(second)
    assert row is not None
    assert row.state == "unknown"
    assert not ledger.owns_send(claim, "key-a")
    with pytest.raises(FenceLost):
        ledger.delivered(claim, "key-a", "sha")


def test_finished_cases_are_not_looked_at(ledger: Ledger) -> None:
    """A claim finds work through the indexes of open states."""
    from casepan.running.ledger.cases import DUE

    plan_ = ledger.all(f"explain query plan {DUE}".replace(":now", "0"))
    details = [row["detail"] for row in plan_]
    assert not [detail for detail in details if detail.startswith(("SCAN cases", "SCAN deliveries"))]


def test_recovery_frees_what_the_dead_held(ledger: Ledger) -> None:
    """Claims are void without costing an attempt, sends are unknown, slots are free."""
    claim = decided(ledger, "a", "b")
    begin(ledger, claim, "key-a", parallel=1)
    arrived(ledger, vendor="w", print_="7")
    other = claimed(ledger)
    assert other.ref != claim.ref
    assert ledger.recover() == 2
    assert not ledger.owns(claim)
    row = ledger.case(other.ref)
    assert row is not None
    assert (row.state, row.attempts) == ("checking", 0)
    unknown = ledger.delivery("key-a")
    assert unknown is not None
    assert unknown.state == "unknown"
    again = claimed(ledger)
    assert begin(ledger, again if again.ref == claim.ref else claimed(ledger), "key-b", parallel=1)


def test_a_case_that_is_always_interrupted_loses_attempts_in_the_end(ledger: Ledger) -> None:
    """A case that takes the whole machine down with it does not do so for ever."""
    arrived(ledger)
    for _ in range(12):
        claimed(ledger)
        ledger.recover()
    row = ledger.case(claimed(ledger).ref)
    assert row is not None
    assert row.attempts == 3


def test_decisions_may_be_repeated(ledger: Ledger) -> None:
    """Accepting twice is accepting once."""
    claim = decided(ledger, verdict="review")
    ledger.give_back(claim)
    assert ledger.decide(claim.ref, 1, "accept", plan("out"), who="t")
    assert not ledger.decide(claim.ref, 1, "accept", plan("out"), who="t")
    assert len(ledger.deliveries(claim.ref)) == 1


def test_a_case_in_work_refuses_decisions(ledger: Ledger) -> None:
    """Its child would not know."""
    claim = decided(ledger, verdict="review")
    with pytest.raises(StateError, match="in work"):
        ledger.decide(claim.ref, 1, "accept", (), who="t")


def test_a_case_that_was_never_checked_cannot_be_accepted(ledger: Ledger) -> None:
    """There is nothing to hand on yet."""
    arrived(ledger)
    claim = claimed(ledger)
    ledger.case_quarantined(claim, "CP120", "no good")
    with pytest.raises(StateError, match="not been checked"):
        ledger.decide(claim.ref, 1, "accept", (), who="t")
    assert ledger.retry_case(claim.ref, 1, who="t")
    assert not ledger.retry_case(claim.ref, 1, who="t")


def test_an_unknown_outcome_is_resolved_by_a_person(ledger: Ledger) -> None:
    """It arrived: sent without a receipt. It did not: sent again."""
    claim = decided(ledger, "a", "b")
    for key in ("key-a", "key-b"):
        begin(ledger, claim, key)
        ledger.outcome_unknown(claim, key, "CP143", "gone", ask_in=None)
    assert all(row.needs_person for row in ledger.deliveries())
    assert ledger.resolve("key-a", arrived=True, who="t")
    assert ledger.resolve("key-b", arrived=False, who="t")
    assert [row.state for row in ledger.deliveries()] == ["sent", "pending"]
    assert not ledger.resolve("key-a", arrived=True, who="t")


def test_a_closed_case_withdraws_what_has_not_begun(ledger: Ledger) -> None:
    """Nothing leaves after a case was closed."""
    claim = decided(ledger, "a", "b", after=("a",))
    ledger.give_back(claim)
    assert ledger.close_case(claim.ref, 1, who="t")
    assert not ledger.close_case(claim.ref, 1, who="t")
    assert {row.state for row in ledger.deliveries()} == {"withdrawn"}
    assert ledger.claim_case("me", ["p"], lease=1.0) is None


def test_the_trail_shows_every_change(ledger: Ledger) -> None:
    """An entry that somebody rewrites breaks the chain of its case."""
    claim = decided(ledger, "a")
    assert ledger.verify() == ()
    with sqlite3.connect(ledger.path) as raw:
        raw.execute("update events set detail='{}' where kind='case.verdict'")
    raw.close()
    assert any(claim.ref in problem for problem in ledger.verify())


def test_a_newer_ledger_is_refused_by_name(tmp_path: Path) -> None:
    """An old program never writes to a new ledger."""
    raw = sqlite3.connect(tmp_path / "l.sqlite")
    raw.execute("pragma user_version=99")
    raw.close()
    with pytest.raises(StateError, match="version 99"):
        Ledger(tmp_path / "l.sqlite")


def test_a_second_host_is_refused(tmp_path: Path) -> None:
    """One machine, one state folder."""
    Ledger(tmp_path / "l.sqlite", host="one").close()
    with pytest.raises(StateError, match="one"):
        Ledger(tmp_path / "l.sqlite", host="two")


def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    """Garbage is named as such, with the way out."""
    (tmp_path / "l.sqlite").write_bytes(b"garbage" * 1000)
    with pytest.raises(StateError, match="damaged"):
        Ledger(tmp_path / "l.sqlite")


def test_a_backup_of_an_open_ledger_is_whole(ledger: Ledger, tmp_path: Path) -> None:
    """The copy opens and holds the same; an existing file is not overwritten."""
    ref, _ = arrived(ledger)
    ledger.backup(tmp_path / "copy.sqlite")
    copy = Ledger(tmp_path / "copy.sqlite")
    row = copy.case(ref)
    copy.close()
    assert row is not None
    with pytest.raises(StateError, match="exists"):
        ledger.backup(tmp_path / "copy.sqlite")
