"""``casepan demo``: generated cases of every installed adapter go through a real pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from casepan.contract.specs import Sample
from casepan.errors import AdapterError
from casepan.registry import Registry

if TYPE_CHECKING:
    from casepan.running.report import RunReport

LAB = """\
# Made by `casepan demo`. Everything in it is generated; no patient was involved.
version = 1

[lab]
name = "Demo laboratory"
state = "state"

[verdict]
"case.maybe-duplicate" = "accept"    # the samples of different scanners show the same made-up jaws

{adapters}
[pipelines.demo]
description = "Any scanner's crown and bridge case, checked, converted to PLY and filed"

[[pipelines.demo.import]]
use = "core.inbox"
with = {{ path = "inbox", settle = "1s" }}

[[pipelines.demo.steps]]
use = "core.require-scans"

[[pipelines.demo.steps]]
use = "core.mesh-sanity"

[[pipelines.demo.steps]]
use = "core.units"

[[pipelines.demo.steps]]
use = "core.convert"
with = {{ format = "ply" }}

[[pipelines.demo.steps]]
use = "core.rename"

[[pipelines.demo.export]]
use = "core.folder"
with = {{ path = "out" }}
{reports}"""

REPORTS = """
[[pipelines.demo.export]]
use = "report.html"
with = { path = "reports", variant = "lab", lab = "Demo laboratory" }
on = ["accept", "review", "reject"]
after = ["folder"]
"""


STATE_OF = {"accept": "handed-on", "review": "review", "reject": "quarantine"}


@frozen
class Planned:
    """One arrival of the demo and what must become of it."""

    plugin: str
    arrival: str
    title: str
    outcome: str


@frozen
class Outcome:
    """What became of a planned arrival; ``ref`` is the case, None when it never became one."""

    planned: Planned
    ref: str | None
    state: str
    came_out_as_planned: bool


@frozen
class Demo:
    """A demo that has run; ``index`` is the page over its case reports, None without the plugin that writes them."""

    folder: Path
    report: RunReport
    outcomes: tuple[Outcome, ...]
    index: Path | None = None

    @property
    def as_planned(self) -> bool:
        """True when every arrival ended as it should."""
        return all(outcome.came_out_as_planned for outcome in self.outcomes)


def demo_samples(registry: Registry) -> Iterator[tuple[str, Sample]]:
    """The demo's arrivals: each plugin's own choice, one closed file, and core's broken one."""
    closed = None
    for plugin, samples in registry.samples().items():
        for sample in samples:
            if sample.demo:
                yield plugin, sample
            elif closed is None and sample.expected.closed and not sample.expected.scans:
                closed = (plugin, sample)
    if closed is not None:
        yield closed


def write_demo(folder: Path, registry: Registry) -> tuple[Planned, ...]:
    """Write the inbox and its lab.toml. Writing it again changes nothing."""
    inbox = folder / "inbox"
    planned = []
    for plugin, sample in demo_samples(registry):
        arrival = sample.write(inbox)
        planned.append(Planned(plugin, arrival.name, sample.title, sample.expected.outcome))
    enabled = [plugin.name for plugin in registry.plugins if plugin.name != "core"]
    tables = "".join(f"[adapters.{name}]\n" for name in enabled)
    reports = REPORTS if _writes_reports(registry) else ""
    (folder / "lab.toml").write_text(LAB.format(adapters=tables, reports=reports), encoding="utf-8")
    return tuple(planned)


def _writes_reports(registry: Registry) -> bool:
    try:
        registry.spec("report.html")
    except AdapterError:
        return False
    return True


def run_demo(folder: Path, registry: Registry) -> Demo:
    """Write the demo, run its pipeline once, and compare what became of each arrival with the plan.

    Running it again in the same folder shows that nothing is done twice.
    """
    from casepan.config.loader import load_lab
    from casepan.operate.reporting import write_index
    from casepan.running.supervisor import run_once

    planned = write_demo(folder, registry)
    report = run_once(load_lab(folder / "lab.toml"))
    outcomes = tuple(_outcome(plan, folder) for plan in planned)
    index = write_index(folder / "reports", registry, "Demo laboratory") if (folder / "reports").is_dir() else None
    return Demo(folder, report, outcomes, index)


def _outcome(plan: Planned, folder: Path) -> Outcome:
    """Look the arrival up in the state folder; a person could do the same with ``casepan cases show``."""
    from casepan.operate.desk import open_desk
    from casepan.running.intake import ARRIVAL_DOCUMENT, read_landed

    with open_desk(folder / "lab.toml") as desk:
        for arrival in desk.ledger.arrivals():
            place = desk.state.arrival(arrival.id)
            if not (place / ARRIVAL_DOCUMENT).is_file() or plan.arrival not in read_landed(place).names:
                continue
            cases = [row for row in desk.ledger.cases() if row.arrival == arrival.id]
            if not cases:
                return Outcome(
                    plan, None, arrival.state, arrival.state == "quarantined" and plan.outcome == "quarantine"
                )
            row = cases[0]
            return Outcome(plan, row.place, row.state, row.state == STATE_OF[plan.outcome])
    return Outcome(plan, None, "not taken", came_out_as_planned=False)
