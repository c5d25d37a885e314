"""A lab whose morning is played from the page of the guide: what happens meanwhile, and a desk that knows the cases by name."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from contextlib import chdir
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from attrs import define, field, frozen
from typer.testing import CliRunner

from casepan.cli.app import app
from casepan.errors import CasepanError
from casepan.operate.desk import latest_case, open_desk

from .night import Arrival, Files, evening, itero, night, scan, trios
from .page import Command, differences, renamed

LAB = """
version = 1
[lab]
name = "Northside Dental Laboratory"
timezone = "Europe/Berlin"
number = "{yy}-{n:05}"
min_free = "0 B"
[lab.calendar]
lead_days = { crown = 5 }
[adapters.trios]
[adapters.itero]
[adapters.primescan]
[adapters.medit]
[adapters.carestream]
[adapters.quality]
[pipelines.crowns]
[[pipelines.crowns.import]]
use = "core.inbox"
id = "portal"
with = { path = "inbox/portal", settle = "0.1s" }
[[pipelines.crowns.import]]
use = "core.inbox"
id = "mail"
with = { path = "inbox/mail", settle = "0.1s" }
[[pipelines.crowns.import]]
use = "core.inbox"
id = "park"
with = { path = "inbox/park", settle = "0.1s" }
[[pipelines.crowns.steps]]
use = "core.require-scans"
hold = "office"
[[pipelines.crowns.steps]]
use = "core.mesh-sanity"
[[pipelines.crowns.steps]]
use = "quality.identity"
[[pipelines.crowns.export]]
use = "core.folder"
id = "cad"
with = { path = "out/cad" }
"""
PRACTICES = """
version = 1
[practices.lindenhof]
name = "Lindenhof Dental"
phone = "+49 30 5550101"
[practices.park]
name = "Praxis am Park"
phone = "+49 30 5550102"
keys = { inboxes = ["inbox/park"] }
[practices.see]
name = "Zahnärzte am See"
phone = "+41 44 5550103"
keys = { ship_to = ["Seestrasse 12, 8002 Zürich"] }
"""
ON_THE_PAGE = {
    "at the CAD": "6QJ2-7Q", "no bite, joined": "F3QM-CG", "no bite, merged": "7RPC-63",
    "no bite, exported again": "H29R-XQ", "swapped in itero": "QKVH-2J", "swapped in medit": "NNP6-QP",
    "closed, sent again": "R2HK-C9", "closed, sent back": "CKQ6-GV", "nobody knows them": "KMX6-9G", "twice": "WD4W-73",
    "carestream 81": "FD6K-3V", "trios rush": "FJ5P-MJ", "trios rush and late": "J5HR-NY", "medit rush": "FV5H-KJ",
    "primescan rush": "QFPR-YJ", "late bite": "DQR7-KC",
}  # fmt: skip
"""The references that the page uses for the cases which it speaks of."""
ANY_ORDER = ("today", "run", "find")
DAY = 25 * 3600.0
HOUR = 3600.0
LATER = """import sys, time
real, back = time.time, float(sys.argv.pop(1))
time.time = lambda: real() - back
from casepan.cli.start import main
main()
"""
"""casepan on a machine whose clock is behind."""


@frozen
class Said:
    """The end of a command."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """What a person sees: the answer, and the error if there is one."""
        shown = [line for line in self.err.splitlines() if line.startswith(("casepan: ", "  "))] if self.code else []
        return self.out.splitlines() + shown


@define
class MorningLab:
    """The lab.

    Attributes:
        clock: seconds that the clock of its machine is behind; cases: references of cases by the names of their arrivals.
        seen: what was looked at meanwhile, by name; untrue: where the page is not what happened; printed: all output.
    """

    root: Path
    clock: float = 0.0
    cases: dict[str, str] = field(factory=dict)
    numbers: dict[str, str] = field(factory=dict)
    seen: dict[str, Any] = field(factory=dict)
    untrue: list[str] = field(factory=list)
    printed: list[str] = field(factory=list)

    @classmethod
    def at(cls, root: Path) -> MorningLab:
        """A new lab."""
        for door in ("portal", "mail", "park"):
            (root / "inbox" / door).mkdir(parents=True)
        (root / "lab.toml").write_text(LAB, encoding="utf-8")
        (root / "practices.toml").write_text(PRACTICES, encoding="utf-8")
        (root / "Downloads").mkdir()
        return cls(root)

    def drop(self, door: str, files: Files) -> None:
        """Files in an inbox, or in another folder of the lab."""
        for path, content in files.items():
            target = self.root / ("inbox" if door in ("portal", "mail", "park") else ".") / door / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A casepan of its own."""
        return subprocess.Popen(
            [sys.executable, "-c", LATER, str(self.clock), *arguments], cwd=self.root, text=True, encoding="utf-8",
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONUTF8": "1"},
        )  # fmt: skip

    def run(self) -> Said:
        """``casepan run`` as a process of its own; the cases that came are known by name afterwards."""
        process = self.start("run")
        out, err = process.communicate()
        self._name_cases()
        return self._heard(Said(process.returncode, out, err))

    def desk(self, *arguments: str) -> Said:
        """A command of somebody at the desk."""
        wide = {"COLUMNS": "130", "LINES": "60"}
        with chdir(self.root):
            done = CliRunner(env=wide).invoke(app, arguments)
        if isinstance(done.exception, CasepanError):
            return self._heard(Said(done.exception.exit_code, done.stdout, f"casepan: {done.exception}"))
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return self._heard(Said(done.exit_code, done.stdout, done.stderr))

    def _heard(self, said: Said) -> Said:
        self.printed += [said.out, said.err]
        return said

    def document(self, *arguments: str) -> Any:
        """The JSON answer of such a command."""
        return json.loads(self.desk(*arguments, "--json").out)

    def since(self) -> str:
        """A time of day that lies after yesterday's work and before the night, whenever this runs."""
        return f"{datetime.now(ZoneInfo('Europe/Berlin')) - timedelta(hours=2):%H:%M}"

    def today(self) -> dict[str, list[dict[str, Any]]]:
        """The lines of ``casepan today`` by section."""
        found = self.document("today", "--since", self.since())
        return {section["id"]: section["lines"] for section in found["sections"]}

    def states(self) -> dict[str, str]:
        """State of every revision by place."""
        return {row["place"]: row["state"] for row in self.document("cases", "list")["cases"]}

    def _name_cases(self) -> None:
        came = {next(iter(one.files)).partition("/")[0]: one.name for one in (*night(), *evening())}
        came["Muster Max"] = "late bite"
        with open_desk(self.root / "lab.toml") as desk:
            for row in desk.ledger.cases():
                case = latest_case(desk, row)
                assert case is not None
                name = came[case.origin.arrival or ""]
                self.cases.setdefault(name, row.ref)
                self.numbers.setdefault(name, row.number or "")

    def place(self, name: str) -> str:
        """The reference of the case with this name."""
        return self.cases[name]

    def _stand_ins(self) -> Mapping[str, str]:
        """References and numbers as the page writes them."""
        shown = {name: ref for name, ref in ON_THE_PAGE.items() if name in self.cases}
        refs = {self.cases[name]: ref for name, ref in shown.items()}
        return refs | {self.numbers[name]: f"26-{list(ON_THE_PAGE).index(name) + 1:05}" for name in shown}

    def play(self, command: Command) -> None:
        """Type a command of the page; whatever it says otherwise than the page is noted."""
        real = {shown: self.cases[name] for name, shown in ON_THE_PAGE.items() if name in self.cases}
        words = shlex.split(renamed(command.line, {**real, "18:00": self.since()}))
        said = self.run() if words[0] == "run" else self.desk(*words)
        lines = renamed("\n".join(said.lines), self._stand_ins()).split("\n") if said.lines else []
        problems = differences(command, lines, ordered=words[0] not in ANY_ORDER)
        ends = said.code not in (0, 5) if command.is_refused else said.code in (0, 5)
        if problems or not ends:
            happened = "\n".join(lines)
            self.untrue.append(f"$ casepan {command.line} (ended {said.code})\n{chr(10).join(problems)}\n\n{happened}")

    def happens(self, event: str) -> None:
        """What the page calls an event."""
        getattr(self, f"_on_{event.replace('-', '_')}")()

    def _arrive(self, arrivals: tuple[Arrival, ...]) -> None:
        for one in arrivals:
            self.drop(one.door, one.files)

    def _on_night(self) -> None:
        """Yesterday's case goes to the CAD; 39 arrivals come overnight, and then one of them once more."""
        self._arrive(tuple(evening()))
        self.clock = DAY
        self.seen["evening"] = self.run()
        self.clock = 0.0
        self._arrive(tuple(one for one in night() if one.trouble != "duplicate"))
        self.run()
        self._arrive(tuple(one for one in night() if one.trouble == "duplicate"))
        self.run()
        self.seen["morning"] = (self.today(), self.states())

    def _on_two_at_once(self) -> None:
        """Anna and Ben name both scans of one case in the same moment, each in another way."""
        place = self.place("swapped in medit")
        ways = {
            who: [f"scan.{arch}-arch.label=as {who} says" for arch in ("lower", "upper")] for who in ("anna", "ben")
        }
        both = [self.start("cases", "set", place, *said, "--by", who) for who, said in ways.items()]
        ends = [Said(process.wait(), *process.communicate()) for process in both]
        self.seen["two at once"] = (ends, self.document("cases", "show", place)["case"]["desk"]["answers"])

    def _on_broken_list_and_another_scan(self) -> None:
        """Somebody saves practices.toml half-written, and the scan at the CAD comes a third time."""
        good = (self.root / "practices.toml").read_text("utf-8")
        (self.root / "practices.toml").write_text(good + "\n[practices.half\nname =", encoding="utf-8")
        self.drop("portal", itero(50, again=2))
        self.run()
        self.seen["broken"] = (self.today(), self.desk("practices", "list"))
        (self.root / "practices.toml").write_text(good, encoding="utf-8")

    def _on_late_files(self) -> None:
        """A bite by mail, a bite alone, a case exported again, a closed one sent again; and the clock goes back an hour."""
        self.drop("Downloads", {"bite scan.stl": scan("bite", 6)})
        self.drop("mail", {"Muster Max/bite scan.stl": scan("bite", 7)})
        self.drop("portal", {**itero(56), **trios(8)})
        self.clock = HOUR

    def _on_clock_is_right(self) -> None:
        self.clock = 0.0

    def _on_noon(self) -> None:
        self.seen["noon"] = (self.today(), self.states())
