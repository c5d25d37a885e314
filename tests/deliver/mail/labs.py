"""Cases to hand on, contexts to hand them on with, and a whole laboratory."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from attrs import define, evolve

from casepan.api import (
    Attachment,
    Case,
    CaseKey,
    Desk,
    FileRef,
    Finding,
    Origin,
    Patient,
    Practice,
    Prescription,
    Receipt,
    Scan,
    Secret,
    WorkItem,
)
from casepan.arrivals.listing import FolderListing
from casepan.config.loader import load_lab
from casepan.config.options import structure_options
from casepan.model.vocabulary import Verdict
from casepan.registry import Registry
from casepan.running.context import Bench, Errand, SendingContext
from casepan.running.ledger import DeliveryRow, Ledger
from casepan.running.report import RunReport
from casepan.running.supervisor import LOADER, run_once
from casepan.testing import scan_bytes, small_scan

from .servers import PASSWORD

SURNAME = "Sentinelova"
REGISTRY = Registry.load(["deliver"])


def file_ref(folder: Path, name: str, content: bytes, store: str) -> FileRef:
    """A file in a store."""
    (folder / name).write_bytes(content)
    return FileRef(name, len(content), sha256(content).hexdigest(), store)


def a_case(folder: Path, *, store: str = "convert", **more: Any) -> Case:
    """A rush crown and a bridge of a patient with a name that must never be seen."""
    scans = tuple(
        Scan(
            f"{arch}-arch", "arch", arch, file=file_ref(folder, f"{arch}.stl", arch.encode() * 99, store), format="stl"
        )
        for arch in ("upper", "lower")
    )
    items = (
        WorkItem("1", (11,), "crown", material="zirconia", shade="A2"),
        WorkItem("2", (14, 15), "pontic", bridge="b1", material_text='=HYPERLINK("x")'),
    )
    values: dict[str, Any] = {
        "scans": scans,
        "prescription": Prescription(items, reference="R-77", rush=True, notes="-1 shade"),
        "patient": Patient(name=f"Ada {SURNAME}", first="Ada", last=SURNAME),
        "practice": "bright",
        "client": Practice("bright", email="office@practice.test", language="de"),
        "desk": Desk(number="26-00417"),
        "findings": (Finding("mesh.hole", "warning", "the scan has a hole", scan="upper-arch", teeth=(11,)),),
        **more,
    }
    return Case("K7Q2-M4", CaseKey("medit", "x"), Origin("medit.order"), **values)


def with_large_scan(case: Case, folder: Path, size: int) -> Case:
    """The case with a scan that no zip makes smaller."""
    noise = random.Random(1).randbytes(size)
    file = file_ref(folder, "noise.stl", noise, "convert")
    return evolve(case, scans=(evolve(case.scans[0], file=file), case.scans[1]))


def with_letter(case: Case) -> Case:
    """The case without a bite, which is a question to the office."""
    return case.with_findings(Finding("bite.missing", "error", "there is no bite scan"))


def pseudonymised(case: Case) -> Case:
    """As ``prepare.pseudonymise`` leaves it."""
    return evolve(case, patient=Patient(name="P-7K2Q9M4X5T", last="P-7K2Q9M4X5T"))


def with_order_form(case: Case, folder: Path) -> Case:
    """The case with the sender's own document."""
    form = Attachment("order", file_ref(folder, "order.pdf", b"%PDF " + SURNAME.encode(), "source"), "order")
    return evolve(case, attachments=(form,))


@contextmanager
def context(
    folder: Path,
    *,
    key: str = "k" * 40,
    place: str = "K7Q2-M4",
    verdict: Verdict | None = "accept",
    secrets: Mapping[str, str] | None = None,
    **more: Any,
) -> Iterator[SendingContext]:
    """The context of one delivery; files of all stores lie in ``folder``."""
    known = {"PASSWORD": PASSWORD, **(secrets or {})}
    (folder / "scratch").mkdir(exist_ok=True)

    def fetch(reference: Secret) -> str:
        return known[reference.env or ""]

    bench = Bench(FolderListing.of(folder), folder / "scratch", base=folder, secrets=fetch, memory=folder / "scratch")
    bench.stores["convert"] = folder
    yield bench.sending("deliver.x", "out", Errand(key, place, verdict=verdict, **more))
    bench.close()


def exporter(stage: str, table: str) -> Any:
    """An exporter of the plugin, its options read as ``lab.toml`` is."""
    return REGISTRY.build(stage, options(stage, table))


def options(stage: str, table: str) -> Any:
    """Options from TOML."""
    made: Any = structure_options(REGISTRY.options_type(stage), tomllib.loads(table), place="lab.toml")
    return made


def deliver(stage: str, table: str, case: Case, folder: Path, **more: Any) -> Receipt:
    """One delivery without a runner."""
    with context(folder, **more) as ctx:
        receipt: Receipt = exporter(stage, table).deliver(case, ctx)
    return receipt


LAB = """
version = 1
[lab]
name = "Test laboratory"
min_free = "0B"
[adapters.deliver]
{adapter}
[secrets]
mail = {{ env = "CASEPAN_TEST_PASSWORD" }}
{secrets}
[pipelines.p]
[[pipelines.p.import]]
use = "core.inbox"
with = {{ path = "inbox", settle = "0.05s" }}
[[pipelines.p.steps]]
use = "core.convert"
[[pipelines.p.export]]
id = "out"
time_limit = "3s"
retry = {{ attempts = 3, first_delay = "50ms", max_delay = "100ms" }}
{export}
"""


@define
class LabFolder:
    """A laboratory on disk with one export."""

    root: Path

    def write(self, export: str, *, adapter: str = "", secrets: str = "") -> None:
        """Its ``lab.toml``, and one case in its inbox."""
        text = LAB.format(export=export, adapter=adapter, secrets=secrets)
        (self.root / "lab.toml").write_text(text, "utf-8")

    def drop(self, name: str = SURNAME, *, bites: int = 1) -> None:
        """A case of no particular scanner in a folder that has the patient's name; each bite adds about 70 kB to a zip."""
        folder = self.root / "inbox" / name
        folder.mkdir(parents=True)
        header = f"solid {name}".encode()
        for role in ("upper", "lower"):
            (folder / f"{role}.stl").write_bytes(scan_bytes(small_scan(role), header=header))
        for number in range(1, bites + 1):
            (folder / f"bite {number}.stl").write_bytes(scan_bytes(small_scan("bite"), header=header))

    def run(self, loader: str = LOADER) -> RunReport:
        """One run."""
        return run_once(load_lab(self.root / "lab.toml"), loader)

    def delivery(self) -> DeliveryRow:
        """The one delivery as the ledger has it."""
        ledger = Ledger(self.root / "state" / "ledger.sqlite")
        (case,) = ledger.cases()
        (row,) = ledger.deliveries(case.ref)
        ledger.close()
        return row

    def holds(self, text: str) -> list[str]:
        """Files of the state folder that hold a text."""
        files = [path for path in (self.root / "state").rglob("*") if path.is_file()]
        return [str(path) for path in files if text.encode() in path.read_bytes()]
