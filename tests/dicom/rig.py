"""Both ways into a real archive with every fault, through real runs: the state, the tries, and the copies that arrived.

Two runs: in the first one every fault is there, in the second one all are mended and a person has asked for another try
where the delivery had failed, or has looked and said what is there where nobody could tell.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from attrs import astuple, define, field, frozen
from pydicom import dcmread

from casepan.config.lab import AdapterTable, Export, ImportStep, Lab, LabTable, Pipeline, Retry
from casepan.contract.options import ByteCount, Duration, FolderPath
from casepan.running.ledger import Ledger
from casepan.running.supervisor import run_once
from casepan.testing import scan_bytes, small_scan
from casepan_dicom.testing_archive import PASSWORD, TITLE, USER, Line, Orthanc
from casepan_dicom.uids import uid

FAULTS = ("refused", "cut", "slow", "full", "credentials", "restart", "lost")
DESTINATIONS = ("stow-rs", "c-store")
OBJECTS = 2
MIDDLE = 150_000
"""Bytes after which a line is cut or stalls: in the second of two objects of a little over 100,000."""
SMALL = 64 * 1024
WRONG = "wrong-Sentinella-secret"


@frozen
class Outcome:
    """What became of one destination with one fault.

    Attributes:
        state, code, tries: after the first run; objects, copies: at the archive then, and how often the same one.
        mended, mended_objects, mended_copies: after the second run.
        leaks: places where the password was found, which must be none.
    """

    destination: str
    fault: str
    state: str
    code: str
    tries: int
    objects: int
    copies: int
    mended: str
    mended_objects: int
    mended_copies: int
    leaks: tuple[str, ...] = field(repr=False)


@define
class Box:
    """One destination with one fault: an archive and a line of its own."""

    destination: str
    fault: str
    server: Orthanc
    line: Line

    @property
    def name(self) -> str:
        """Its export's id."""
        return f"{self.destination}-{self.fault}"

    @property
    def variable(self) -> str:
        """The environment variable with its password."""
        return f"CASEPAN_TEST_{self.name.upper().replace('-', '_')}"

    def harm(self) -> None:
        """Let the fault begin."""
        if self.fault == "cut":
            self.line.cut_after = MIDDLE
        elif self.fault == "slow":
            self.line.stall_after = MIDDLE
        elif self.fault in ("restart", "lost"):
            self.line.mute = lambda _: len(self.server.instances()) == OBJECTS
            self.line.on_mute = self._muted
        elif self.fault == "full":
            self._again(largest=SMALL)
        elif self.fault == "refused":
            self.server.stop()
        elif self.destination == "c-store":
            self._again(more={"DicomAet": "ANOTHER"})

    def mend(self) -> None:
        """Let it end."""
        self.line.cut_after = self.line.stall_after = self.line.mute = None
        self._again(largest=None, more={})

    def options(self) -> dict[str, Any]:
        """As in ``lab.toml``."""
        direct = self.fault == "refused"
        more: dict[str, Any] = {"to": self.destination, "timeout": 1.0}
        if self.destination == "stow-rs":
            port = self.server.http if direct else self.line.port
            url = f"http://127.0.0.1:{port}/dicom-web"
            return {**more, "url": url, "user": USER, "password": {"env": self.variable}}
        return {**more, "host": "127.0.0.1", "port": self.server.dicom if direct else self.line.port, "called": TITLE}

    def held(self, key: str) -> Counter[str]:
        """SOP instance of a delivery to how often the archive holds it."""
        made = [dcmread(BytesIO(self.server.file(one)), stop_before_pixels=True) for one in self.server.instances()]
        return Counter(str(one.SOPInstanceUID) for one in made if one.StudyInstanceUID == uid(key, "study"))

    def _muted(self) -> None:
        """An answer is lost once; a restart takes the archive away with it."""
        self.line.mute = None
        if self.fault == "restart":
            self._again()

    def _again(self, **changes: Any) -> None:
        self.server.stop()
        for name, value in changes.items():
            setattr(self.server, name, value)
        self.server.start()


@contextmanager
def boxes(destinations: Sequence[str], faults: Sequence[str], folder: Path) -> Iterator[list[Box]]:
    """A running archive and a line for each destination and fault."""
    with ExitStack() as stack:
        made = []
        for destination in destinations:
            for fault in faults:
                own = folder / f"{destination}-{fault}"
                own.mkdir()
                server = Orthanc(own)
                server.start()
                stack.callback(server.stop)
                target = server.http if destination == "stow-rs" else server.dicom
                made.append(Box(destination, fault, server, stack.enter_context(Line(target).open())))
        yield made


def run_matrix(
    destinations: Sequence[str], folder: Path, *, faults: Sequence[str] = FAULTS, said: Callable[[], str] = str
) -> tuple[Outcome, ...]:
    """Destinations with each fault, all of them exports of one case.

    Args:
        said: gives what was printed so far; the passwords are looked for in it too.
    """
    with boxes(destinations, faults, folder) as made:
        lab = _lab(made, folder / "lab")
        for box in made:
            os.environ[box.variable] = WRONG if box.fault == "credentials" else PASSWORD
            box.harm()
        first = _states(run_once(lab))
        for box in made:
            box.mend()
            os.environ[box.variable] = PASSWORD
        held = {box.name: box.held(first[box.name].key) for box in made}
        _let_people_act(first, held, folder / "lab")
        second = _states(run_once(lab))
        for box in made:
            os.environ.pop(box.variable)
        leaks = tuple(leaks_in(folder / "lab" / "state", said()))
        return tuple(_outcome(box, first[box.name], held[box.name], second[box.name], leaks) for box in made)


def table(outcomes: Sequence[Outcome]) -> str:
    """One line for each outcome."""
    heads = ("destination", "fault", "state", "code", "tries", "objects", "copies", "mended", "objects", "copies")
    rows = [heads, *(tuple(map(str, astuple(outcome)[:-1])) for outcome in outcomes)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def leaks_in(state: Path, said: str) -> Iterator[str]:
    """Files of the state folder, and what was printed, in which a password stands."""
    for path in sorted(state.rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        if any(secret.encode() in content for secret in (PASSWORD, WRONG)):
            yield path.name
    if PASSWORD in said or WRONG in said:
        yield "what was printed"


def _outcome(box: Box, first: Any, held: Counter[str], second: Any, leaks: tuple[str, ...]) -> Outcome:
    now = box.held(second.key)
    copies, mended_copies = max(held.values(), default=0), max(now.values(), default=0)
    before = (first.state, first.code or "", first.attempts, len(held), copies)
    return Outcome(box.destination, box.fault, *before, second.state, len(now), mended_copies, leaks)


def _let_people_act(rows: Mapping[str, Any], held: Mapping[str, Counter[str]], root: Path) -> None:
    """Send again what failed; look into the archive for what nobody could tell, and say what is there."""
    ledger = Ledger(root / "state" / "ledger.sqlite")
    for name, row in rows.items():
        if row.state == "failed":
            ledger.resend(row.key, who="a person")
        elif row.state == "unknown":
            ledger.resolve(row.key, arrived=len(held[name]) == OBJECTS, who="a person")
    ledger.close()


def _lab(made: Sequence[Box], root: Path) -> Lab:
    """A lab with one case and an export for each box."""
    arrival = root / "inbox" / "Sentinella"
    arrival.mkdir(parents=True)
    for arch in ("upper", "lower"):
        (arrival / f"{arch}.stl").write_bytes(scan_bytes(small_scan(arch), "stl"))
    exports = tuple(
        Export(use="dicom.stl", id=box.name, with_=box.options(), retry=_retry(box), time_limit=Duration(3.0))
        for box in made
    )
    pipeline = Pipeline(
        name="p",
        import_=(ImportStep(use="core.inbox", with_={"path": "inbox", "settle": 0.05}),),
        export=exports,
        memory_limit=ByteCount(4 << 30),
    )
    lab = LabTable(name="Test", state=FolderPath("state"), min_free=ByteCount(0))
    return Lab(
        version=1, lab=lab, adapters={"dicom": AdapterTable()}, pipelines={"p": pipeline}, path=root / "lab.toml"
    )


def _retry(box: Box) -> Retry:
    """Two tries; more on a slow line, where it is the machine's business how long an object is on its way."""
    if box.fault == "slow":
        return Retry(attempts=8, first_delay=Duration(0.5), max_delay=Duration(1.0))
    return Retry(attempts=2, first_delay=Duration(0.05), max_delay=Duration(0.1))


def _states(report: Any) -> dict[str, Any]:
    (case,) = report.cases
    return {delivery.export: delivery for delivery in case.deliveries}
