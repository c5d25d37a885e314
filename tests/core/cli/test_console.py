"""How the command line speaks: colours of its own on a terminal, and none from anybody else."""

from __future__ import annotations

import pytest

from casepan.cli import console
from casepan.cli.inspecting import _show_findings
from casepan.model.finding import Finding


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person looks at stdout."""
    monkeypatch.setattr(console, "on_terminal", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.mark.usefixtures("terminal")
def test_words_have_their_colours_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Real ones, within a line of foreign text that has none."""
    console.say(f"{console.styled('reject')} of \x1b[32mMüller: {console.styled('nothing')}")
    assert capsys.readouterr().out == "\x1b[31mreject\x1b[0m of \\x1b[32mMüller: nothing\n"


@pytest.mark.usefixtures("terminal")
def test_no_colour_is_no_colour(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR, whatever it holds."""
    monkeypatch.setenv("NO_COLOR", "1")
    console.say(console.styled("error"))
    assert capsys.readouterr().out == "error\n"


def test_a_pipe_gets_plain_words(capsys: pytest.CaptureFixture[str]) -> None:
    """Programs read no colours."""
    console.say(console.styled("error"))
    assert capsys.readouterr().out == "error\n"


def told(capsys: pytest.CaptureFixture[str], *findings: Finding) -> list[str]:
    """The lines about findings."""
    _show_findings(findings)
    return capsys.readouterr().out.splitlines()


def test_the_gravest_findings_come_first(capsys: pytest.CaptureFixture[str]) -> None:
    """Notes last, whatever order the checks have."""
    lines = told(capsys, *(Finding(f"a.{one}", one, "x") for one in ("info", "error", "warning")))
    assert [line.partition(" ")[0] for line in lines] == ["error", "warning", "info"]


def test_many_of_a_kind_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """Three warnings of each scan, three notes of all; what they advise stands once."""
    holes = [Finding("mesh.hole", "warning", f"{n}", scan=s, hint="Scan.") for s in ("u", "l") for n in range(5)]
    notes = [Finding("arrival.assumed", "info", f"{n}", scan=f"s{n}") for n in range(9)]
    lines = told(capsys, *notes, *holes)
    assert sum(line.startswith("warning") for line in lines) == 6
    assert lines.count("         and 2 more of this kind; --json lists them all") == 2
    assert "         and 6 more of this kind; --json lists them all" in lines
    assert lines.count("         Scan.") == 1


def test_each_advice_follows_what_it_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    """Two findings of one code that need different things."""
    one, two = Finding("a.b", "error", "1", hint="Do 1."), Finding("a.b", "error", "2", hint="Do 2.")
    assert told(capsys, one, two) == ["error  a.b: 1", "         Do 1.", "error  a.b: 2", "         Do 2."]
