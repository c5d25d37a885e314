"""Deliveries that fail, die, or leave everybody in doubt: nothing lost, nothing twice, nobody waits for ever."""

from __future__ import annotations

import time
from typing import Any

import pytest

from casepan.config.lab import Retry
from casepan.contract.options import Duration
from casepan.running.deliveries import delay_before


def only(report: Any) -> Any:
    """The one case of a report."""
    (case,) = report.cases
    return case


def sent(fake: Any) -> int:
    """How often something really left."""
    return sum(count for name, count in fake.traces().items() if name.startswith("sent-"))


def test_a_line_that_is_down_is_tried_again(fake: Any, send: Any) -> None:
    """Two failures, then success within the same run; three tries are counted."""
    fake.drop()
    case = only(fake.run(fake.lab(export=(send(do="down", times=2),))))
    assert (case.deliveries[0].state, case.deliveries[0].attempts, sent(fake)) == ("sent", 3, 1)


def test_tries_are_bounded_and_a_person_can_start_them_again(fake: Any, send: Any) -> None:
    """After the last try the delivery has failed; ``resend`` gives it all tries back."""
    fake.drop()
    lab = fake.lab(export=(send(do="down", times=3),))
    report = fake.run(lab)
    case = only(report)
    assert (case.deliveries[0].state, case.deliveries[0].attempts, report.exit_code) == ("failed", 3, 5)
    ledger = fake.ledger()
    assert ledger.resend(case.deliveries[0].key, who="t")
    ledger.close()
    assert only(fake.run(lab)).deliveries[0].state == "sent"


def test_a_refusal_is_not_tried_again(fake: Any, send: Any) -> None:
    """Permanent means permanent; the reason is kept."""
    fake.drop()
    delivery = only(fake.run(fake.lab(export=(send(do="refuse"),)))).deliveries[0]
    assert (delivery.state, delivery.attempts, delivery.code) == ("failed", 1, "CP141")
    assert delivery.reason == "the destination does not want it"


def test_a_late_try_waits_for_the_next_run(fake: Any, send: Any) -> None:
    """``Retry-After`` of the destination is obeyed; the run ends with 6 and the next one sends nothing yet."""
    fake.drop()
    lab = fake.lab(export=(send(do="down", times=1, seconds=500.0),))
    assert fake.run(lab).exit_code == 6
    assert fake.run(lab).exit_code == 6
    assert fake.traces()["read"] == 1
    assert sent(fake) == 0


def test_one_failing_destination_does_not_stop_another(fake: Any, send: Any) -> None:
    """Each export is a delivery of its own."""
    fake.drop()
    case = only(fake.run(fake.lab(export=(send("a", do="refuse"), send("b")))))
    assert [delivery.state for delivery in case.deliveries] == ["failed", "sent"]
    assert case.case.state == "ready"


def test_a_sender_that_dies_after_sending_is_found_out_by_asking(fake: Any, send: Any) -> None:
    """The destination has it: recorded, not sent again."""
    fake.drop()
    case = only(fake.run(fake.lab(export=(send(do="die-after", times=1),))))
    assert (case.deliveries[0].state, case.case.state, sent(fake)) == ("sent", "handed-on", 1)
    assert fake.traces()["probe"] == 1


def test_a_sender_that_dies_before_sending_sends_after_its_time_limit(fake: Any, send: Any) -> None:
    """The destination has not got it: sent once more, no earlier than the time limit after the intent."""
    fake.drop()
    begun = time.time()
    case = only(fake.run(fake.lab(export=(send(do="die-before", times=1, time_limit=Duration(1.5)),))))
    assert (case.deliveries[0].state, sent(fake)) == ("sent", 1)
    assert (case.deliveries[0].intent_at or 0.0) >= begun + 1.5


def test_an_unknown_outcome_that_cannot_be_asked_for_is_held(fake: Any, send: Any) -> None:
    """Nobody guesses; a person resolves it, and only then the case is handed on."""
    fake.drop()
    lab = fake.lab(export=(send(use="fake.mute", do="die-after", times=1),))
    report = fake.run(lab)
    (delivery,) = only(report).deliveries
    assert (delivery.state, delivery.needs_person, report.exit_code, sent(fake)) == ("unknown", True, 5, 1)
    assert fake.run(lab).exit_code == 0
    assert sent(fake) == 1
    ledger = fake.ledger()
    ledger.resolve(delivery.key, arrived=True, who="t")
    row = ledger.case(delivery.ref)
    ledger.close()
    assert row is not None
    assert row.state == "handed-on"


def test_on_unknown_resend_accepts_the_risk(fake: Any, send: Any) -> None:
    """The lab chose it: sent again after the time limit, twice in all."""
    fake.drop()
    export = send(use="fake.mute", do="die-after", times=1, on_unknown="resend")
    case = only(fake.run(fake.lab(export=(export,))))
    assert (case.deliveries[0].state, sent(fake)) == ("sent", 2)


def test_a_sender_that_always_hangs_is_given_up(fake: Any, send: Any) -> None:
    """The time limit is hard, the destination is asked after each try, and the tries are bounded."""
    fake.drop()
    retry = Retry(attempts=2, first_delay=Duration(0.05), max_delay=Duration(0.1))
    report = fake.run(fake.lab(export=(send(seconds=60.0, time_limit=Duration(0.3), retry=retry),)))
    (delivery,) = only(report).deliveries
    assert (delivery.state, delivery.attempts, sent(fake), fake.traces()["probe"]) == ("failed", 2, 0, 2)


def test_a_destination_takes_no_more_than_its_slots(fake: Any, send: Any) -> None:
    """With one slot the second case waits for the first, and both arrive."""
    for number in range(3):
        fake.drop(f"patient {number}")
    report = fake.run(fake.lab(export=(send(parallel=1, seconds=0.2),)))
    assert {case.case.state for case in report.cases} == {"handed-on"}
    assert sent(fake) == 3


def test_an_export_that_was_taken_out_of_the_lab_waits_for_a_person(fake: Any, send: Any) -> None:
    """Its open delivery fails with the reason; nothing loops, nothing is forgotten."""
    fake.drop()
    first = fake.lab(export=(send(do="down", times=1, seconds=500.0),))
    (delivery,) = only(fake.run(first)).deliveries
    ledger = fake.ledger()
    ledger.resend(delivery.key, who="t")
    ledger.close()
    (after,) = only(fake.run(fake.lab(export=(send("other"),)))).deliveries
    assert (after.state, after.reason) == ("failed", "this export is no longer in lab.toml")


def test_a_receipt_on_disk_is_enough_after_a_crash(fake: Any, send: Any) -> None:
    """Killed between receipt and record: the receipt is found, nobody is asked, nothing is sent."""
    fake.drop()
    lab = fake.lab(export=(send(),))
    (delivery,) = only(fake.run(lab)).deliveries
    ledger = fake.ledger()
    with ledger.transaction():
        ledger.change("update deliveries set state='sending', receipt=null")
        ledger.change("update cases set state='ready'")
    ledger.close()
    fake.run(lab)
    ledger = fake.ledger()
    row = ledger.delivery(delivery.key)
    ledger.close()
    assert row is not None
    assert (row.state, fake.traces()["probe"], sent(fake)) == ("sent", 0, 1)


def test_a_case_whose_folder_is_damaged_is_not_tried_for_ever(fake: Any, send: Any) -> None:
    """Its delivery fails after its tries, with the reason; nothing else is touched."""
    fake.drop()
    lab = fake.lab(export=(send(do="down", times=1, seconds=500.0),))
    (delivery,) = only(fake.run(lab)).deliveries
    (fake.root / f"state/cases/{delivery.ref}/r1/result.json").write_text("{")
    ledger = fake.ledger()
    ledger.resend(delivery.key, who="t")
    ledger.close()
    report = fake.run(lab)
    (after,) = only(report).deliveries
    assert (after.state, after.attempts, after.code, report.exit_code) == ("failed", 3, "CP120", 5)
    assert "damaged" in (after.reason or "")


@pytest.mark.parametrize(
    ("attempts", "chance", "wait"), [(1, 0.5, 10.0), (2, 0.5, 20.0), (3, 0.5, 30.0), (2, 0.0, 15.0)]
)
def test_delays_double_up_to_a_limit_with_jitter(attempts: int, chance: float, wait: float) -> None:
    """10, 20, then capped at 30 seconds; a quarter more or less by chance."""
    retry = Retry(attempts=5, first_delay=Duration(10.0), max_delay=Duration(30.0))
    assert delay_before(retry, attempts, None, chance) == wait


def test_retry_after_is_a_lower_bound_and_the_last_try_is_the_last() -> None:
    """The destination's wish counts more than ours."""
    retry = Retry(attempts=2, first_delay=Duration(10.0), max_delay=Duration(30.0))
    assert delay_before(retry, 1, 99.0, 0.5) == 99.0
    assert delay_before(retry, 2, 99.0, 0.5) is None
