"""Practices, numbers and due days in a lab that runs."""

from __future__ import annotations

from typing import Any

from casepan.operate.clients import add_client, link_case, unlink
from casepan.operate.desk import latest_case

from .conftest import LAB, DeskLab

NUMBERED = LAB.replace(
    'min_free = "0 B"',
    'min_free = "0 B"\nnumber = "{yy}-{n:05}"\ncalendar = { lead_days = { crown = 3 }, default_lead = 5 }',
)
PRACTICES = """
[practices.bright]
name = "Bright Smiles"
ship_days = ["mon", "tue", "wed", "thu", "fri"]
keys = { licences = ["D-123"] }
defaults = { material = { crown = "zirconia" } }
"""
CROWN = '[[items]]\nteeth = [26]\nkind = "crown"\n'
PAIR: Any = {"upper": "upper.stl", "lower": "lower.stl", "bite": "bite.stl"}


def _findings(lab: DeskLab) -> list[str]:
    with lab.desk() as desk:
        (row,) = desk.ledger.cases()
        case = latest_case(desk, row)
    assert case is not None
    return [finding.code for finding in case.findings if finding.code.startswith("practice.")]


def test_a_known_client_s_case_goes_through_with_its_wishes(lab: DeskLab) -> None:
    """Matched by licence; the open material is the practice's; number and due day stand in the ledger."""
    lab.write(NUMBERED)
    (lab.root / "practices.toml").write_text(PRACTICES)
    lab.drop("one", order=f'licence = "D-123"\ndue = 2099-06-10\n{CROWN}', **PAIR)
    lab.run()
    row = lab.only()
    assert (row.state, row.practice, row.lab_due, row.late_risk) == ("handed-on", "bright", "2099-06-09", False)
    assert row.number is not None
    assert row.number.endswith("-00001")
    assert _findings(lab) == ["practice.defaults"]


def test_an_unknown_client_waits_until_somebody_says_who_it_is(lab: DeskLab) -> None:
    """Held, never rejected; linked once, the next case of that name is known; the list is read anew for every case."""
    (lab.root / "practices.toml").write_text(PRACTICES)
    lab.drop("one", order=f'practice = "BS Mitte"\n{CROWN}', **PAIR)
    lab.run()
    row = lab.only()
    assert (row.state, _findings(lab)) == ("review", ["practice.unknown"])
    add_client(lab.root, "mitte", "Bright Smiles Mitte", phone="+49 30 000000")
    with lab.desk() as desk:
        assert link_case(desk, row.place, "mitte", by="anna").learned == ("name",)
    lab.run()
    assert (lab.only().state, lab.only().practice) == ("handed-on", "mitte")
    lab.drop("two", seed=1, order=f'practice = "bs mitte"\n{CROWN}', **PAIR)
    lab.run()
    assert sorted(str(one.practice) for one in lab.rows().values()) == ["mitte", "mitte"]
    with lab.desk() as desk:
        assert (unlink(desk, "mitte"), unlink(desk, "mitte")) == (1, 0)


def test_a_broken_list_leaves_the_last_good_one_in_use(lab: DeskLab) -> None:
    """Somebody saves practices.toml half-way: cases go on, and each says so."""
    path = lab.root / "practices.toml"
    path.write_text(PRACTICES)
    lab.drop("one", order=f'licence = "D-123"\n{CROWN}', **PAIR)
    lab.run()
    path.write_text(PRACTICES + '\n[practices.other]\nnam = "x"\n')
    lab.drop("two", seed=1, order=f'licence = "D-123"\n{CROWN}', **PAIR)
    lab.run()
    rows = lab.rows().values()
    assert [(row.state, row.practice) for row in rows] == [("handed-on", "bright")] * 2
    with lab.desk() as desk:
        cases = [latest_case(desk, row) for row in rows]
    broken = [any(one.code == "practice.list-broken" for one in case.findings) for case in cases if case]
    assert sorted(broken) == [False, True]


def test_a_lab_without_a_list_is_never_asked(lab: DeskLab) -> None:
    """No practices.toml: no findings about practices."""
    lab.drop("one", order=f'practice = "Anybody"\n{CROWN}', **PAIR)
    lab.run()
    assert (lab.only().state, _findings(lab)) == ("handed-on", [])


def test_numbers_count_up_and_are_never_given_twice(lab: DeskLab) -> None:
    """A counter that was lost with an old ledger steps over the numbers that cases have; a revision keeps its own."""
    lab.write(NUMBERED)
    for name in ("one", "two"):
        lab.drop(name, seed=len(name), order=CROWN, **PAIR)
        lab.run()
        with lab.desk() as desk, desk.ledger.transaction():
            desk.ledger.change("delete from counters")
    lab.drop("one", seed=9, order=CROWN, **PAIR)
    lab.run()
    numbers = [(row.number or "")[-5:] for _, row in sorted((row.received, row) for row in lab.rows().values())]
    assert sorted(numbers) == ["00001", "00001", "00002"]


def test_routing_by_closed_files_and_by_destination(lab: DeskLab) -> None:
    """``when`` tells the destination of a practice from the one for all others."""
    ways = {"mill": "destination = true", "closed": "closed = true", "others": "destination = false"}
    export = '[[pipelines.p.export]]\nuse = "core.folder"\nid = "{0}"\nwhen = {{ {1} }}\nwith = {{ path = "{0}" }}\n'
    lab.write(LAB + "".join(export.format(name, when) for name, when in ways.items()))
    (lab.root / "practices.toml").write_text(PRACTICES.replace("ship_days", 'destination = "mill"\nship_days'))
    lab.drop("one", order=f'licence = "D-123"\n{CROWN}', **PAIR)
    lab.run()
    place = lab.only().place
    assert [lab.delivered(name) for name in ("cad", "mill", "closed", "others")] == [{place}, {place}, set(), set()]
