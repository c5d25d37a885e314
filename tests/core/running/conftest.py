"""A lab with fake stages: ``lab()`` builds it, ``drop()`` puts an arrival into its inbox, ``traces()`` counts calls."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from casepan.config.lab import AdapterTable, Export, ImportStep, Lab, LabTable, Pipeline, Retry, Step
from casepan.contract.options import ByteCount, Duration, FolderPath
from casepan.running import works
from casepan.running.ledger import Ledger
from casepan.running.report import RunReport
from casepan.running.supervisor import run_once

FAKES = Path(__file__).with_name("fakes")
LOADER = "fakelab:load"


class FakeLab:
    """A lab in a temporary folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.calls = root / "calls"
        for name in ("inbox", "calls"):
            (root / name).mkdir()

    def lab(
        self, *steps: Step, export: tuple[Export, ...] = (), done: str = "leave", settle: float = 0.05, **more: Any
    ) -> Lab:
        """A lab with one pipeline ``p``."""
        settings: dict[str, Any] = {
            "time_limit": Duration(20.0),
            "memory_limit": ByteCount(1 << 30),
            "attempts": 2,
            **more,
        }
        pipeline = Pipeline(
            name="p",
            import_=(ImportStep(use="fake.inbox", with_={"path": "inbox", "done": done, "settle": settle}),),
            steps=steps,
            export=export,
            **settings,
        )
        table = LabTable(name="Test", state=FolderPath("state"), min_free=ByteCount(0))
        return Lab(
            version=1,
            lab=table,
            adapters={"fake": AdapterTable()},
            pipelines={"p": pipeline},
            path=self.root / "lab.toml",
        )

    def drop(self, name: str = "Sentinel Surname", *, order: Mapping[str, Any] | None = None, body: str = "x") -> Path:
        """An arrival in the inbox."""
        folder = self.root / "inbox" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "order.json").write_text(json.dumps({"id": name, **(order or {})}))
        (folder / "upper.stl").write_text(body)
        return folder

    def run(self, lab: Lab, **more: Any) -> RunReport:
        """One run."""
        return run_once(lab, LOADER, **more)

    def traces(self) -> Counter[str]:
        """How often each fake stage was called."""
        return Counter(path.name.partition("#")[0] for path in self.calls.iterdir())

    def ledger(self) -> Ledger:
        """The ledger as it stands."""
        return Ledger(self.root / "state" / "ledger.sqlite")


def make_act(do: str = "nothing", **more: Any) -> Step:
    """A step with the fake transformer."""
    return Step(use="fake.act", id=f"act-{do}", with_={"do": do, **more})


def make_look(code: str = "mesh.hole", severity: str = "warning", **more: Any) -> Step:
    """A step with the fake validator, which finds something."""
    return Step(use="fake.look", id="look", with_={"do": "find", "code": code, "severity": severity}, **more)


def make_send(id: str = "out", *, use: str = "fake.send", do: str = "deliver", **more: Any) -> Export:
    """An export with the fake destination; ``times`` and ``seconds`` are options of it."""
    options: dict[str, Any] = {name: more.pop(name) for name in ("times", "seconds") if name in more}
    retry = Retry(attempts=3, first_delay=Duration(0.05), max_delay=Duration(0.2))
    settings: dict[str, Any] = {"retry": retry, "time_limit": Duration(1.0), **more}
    return Export(use=use, id=id, with_={"path": f"out/{id}", "do": do, **options}, **settings)


@pytest.fixture
def fake(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> FakeLab:
    """A lab with fake stages, known to child processes too; these compile each module once for all tests.

    What is tried again is tried at once: how long a case or a destination is left in peace is no behaviour under test.
    """
    made = FakeLab(tmp_path)
    monkeypatch.setattr(works, "FIRST_CRASH_PAUSE", 0.02)
    monkeypatch.setattr(works, "SLOT_PAUSE", 0.05)
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path_factory.getbasetemp() / "compiled"))
    monkeypatch.setenv("FAKELAB", str(made.calls))
    monkeypatch.setenv("PYTHONPATH", str(FAKES))
    monkeypatch.syspath_prepend(str(FAKES))
    return made


@pytest.fixture
def act() -> Callable[..., Step]:
    """Makes steps with the fake transformer."""
    return make_act


@pytest.fixture
def look() -> Callable[..., Step]:
    """Makes steps with the fake validator."""
    return make_look


@pytest.fixture
def send() -> Callable[..., Export]:
    """Makes exports to the fake destination."""
    return make_send
