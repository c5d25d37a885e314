"""The desk on the command line: sentences for people, JSON for programs, exit codes for both."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from casepan.cli.app import app
from casepan.errors import UsageError

from .conftest import stl


@pytest.fixture
def say(lab: Any) -> Any:
    """Runs ``casepan cases …`` in this process; its standard output."""

    def run(*arguments: object) -> str:
        command = ["cases", *map(str, arguments), "--lab", str(lab.file)]
        done = CliRunner().invoke(app, command, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    return run


def test_a_case_is_answered_joined_and_accepted_with_what_show_suggests(lab: Any, say: Any) -> None:
    """Every command in its order; done twice it says so."""
    lab.drop("Roe", upper="upper.stl", lower="lower.stl", bite="thing.stl")
    lab.run()
    place = lab.only().place
    assert f"casepan cases set {place} scan.other.role=ROLE --by NAME" in say("show", place)
    assert "noted" in say("contact", place, "--by", "anna", "--how", "phone", "--note", "sends another bite")
    assert "assigned" in say("assign", place, "--to", "ben", "--department", "ceramics", "--by", "anna")
    assert "already" in say("assign", place, "--to", "ben", "--by", "anna")
    bite = lab.late("bite.stl", stl("bite", 1))
    joined = json.loads(say("add", place, bite, "--by", "anna", "--json"))
    assert (joined["place"], joined["changed"]) == (f"{place}-r2", True)
    assert "holds that already" in say("add", f"{place}-r2", bite, "--by", "anna")
    answered = json.loads(
        say("set", f"{place}-r2", "item.new.teeth=26", "item.new.kind=crown", "--by", "ben", "--json")
    )
    assert answered["targets"] == ["item.lab-1.teeth", "item.lab-1.kind"]
    assert "already" in say("set", f"{place}-r2", "item.lab-1.kind=crown", "--by", "ben")
    lab.run()
    shown = say("show", f"{place}-r2")
    assert "answered item.lab-1.teeth=26 by ben" in shown
    assert "With: ben ceramics" in shown
    document = json.loads(say("show", f"{place}-r2", "--json"))
    assert len(document["commands"]) == len(document["case"]["findings"])
    assert "was accepted already" in say("accept", place, "--revision", 2, "--by", "anna")


def test_cases_are_closed_opened_linked_and_parted(lab: Any, say: Any) -> None:
    """What was done already is said, and nothing is done."""
    lab.drop("Roe", upper="upper.stl", lower="lower.stl")
    lab.drop("Doe", seed=1, upper="upper.stl", lower="lower.stl")
    lab.run()
    one, two = sorted(lab.rows())
    assert "closed" in say("close", one, "--by", "anna", "--note", "withdrawn")
    assert "already" in say("close", one, "--by", "anna")
    assert "open again" in say("reopen", one, "--by", "anna")
    assert "is open" in say("reopen", one, "--by", "anna")
    assert f"remake of {two}" in say("remake", one, "--of", two, "--reason", "margin open", "--by", "anna")
    assert "already" in say("remake", one, "--of", two, "--reason", "margin open", "--by", "anna")
    assert f"Remake of {two}: margin open" in say("show", one)
    parted = json.loads(say("split", one, "upper-arch", "--by", "anna", "--json"))["place"]
    assert "was split off" in say("split", f"{one}-r2", "upper-arch", "--by", "anna")
    assert "joined" in say("merge", two, parted, "--by", "anna")
    assert "already" in say("merge", two, parted, "--by", "anna")
    assert "goes on" in say("duplicate-of", f"{one}-r2", two, "--by", "anna")
    assert "already" in say("duplicate-of", f"{one}-r2", two, "--by", "anna")


def test_a_wrong_answer_ends_as_a_usage_error(lab: Any, say: Any) -> None:
    """The error is the operation's own; the program's end is told of it elsewhere."""
    lab.drop("Roe", upper="upper.stl", lower="lower.stl")
    lab.run()
    with pytest.raises(UsageError, match="bitte"):
        say("set", lab.only().place, "scan.upper-arch.role=bitte", "--by", "anna")


def test_nobody_decides_nothing(lab: Any) -> None:
    """A decision needs a name; spaces are none."""
    lab.drop("Roe", upper="upper.stl", lower="lower.stl")
    lab.run()
    place = lab.only().place
    for command in (
        ["accept", place],
        ["set", place, "rx.rush=yes"],
        ["close", place],
        ["contact", place, "--how", "mail"],
    ):
        done = CliRunner().invoke(app, ["cases", *command, "--by", "  ", "--lab", str(lab.file)])
        assert done.exit_code == 2
        assert "a name is needed" in done.stderr
    with lab.desk() as desk:
        assert not [event for event in desk.ledger.events(place) if '"who"' in event.detail]
