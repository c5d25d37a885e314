"""Every destination with every fault through real runs of casepan: the state, the tries, and the copies that arrived.

Two runs: in the first one every fault is there, in the second one all are mended and a person has asked for another try
where the delivery had failed, or has looked and said what is there where nobody could tell. Faults that take away an answer
happen once; all others last for the whole first run.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from attrs import field, frozen

from casepan.config.lab import AdapterTable, Export, ImportStep, Lab, LabTable, Pipeline, Retry
from casepan.contract.options import ByteCount, Duration, FolderPath
from casepan.running.ledger import Ledger
from casepan.running.supervisor import run_once
from casepan.testing import scan_bytes, small_scan

from .proxy import FaultProxy
from .servers import BUCKET, Server, python_server, sshd
from .serving import ACCESS_KEY, PASSWORD, SECRET_KEY, TOKEN, USER

FAULTS = ("refused", "cut", "slow", "full", "credentials", "restart", "lost")
DESTINATIONS = ("sftp", "webdav", "s3", "portal", "portal-mute", "portal-tus")
SMALL = 50_000
"""Bytes after which a line is cut or stalls, and a disk is full; the zip is about four times as large."""
WRONG = "wrong-Sentinella-secret"
SURNAME = "Sentinella"


@frozen
class Outcome:
    """What became of one destination with one fault.

    Attributes:
        state: after the first run; ``tries``: so far; ``copies``: at the destination then.
        mended_state, mended_copies: after the second run.
        leaks: places where a secret was found, which must be none.
    """

    destination: str
    fault: str
    state: str
    code: str
    tries: int
    copies: int
    mended_state: str
    mended_copies: int
    leaks: tuple[str, ...] = field(repr=False)


@frozen
class Box:
    """One destination with one fault: its own export, place, secret and line."""

    destination: str
    fault: str
    server: Server
    proxy: FaultProxy

    @property
    def name(self) -> str:
        """Its export's id and its folder at the destination."""
        return f"{self.destination}-{self.fault}"

    @property
    def variable(self) -> str:
        """The environment variable with its secret."""
        return f"CASEPAN_TEST_{self.name.upper().replace('-', '_')}"

    def harm(self) -> None:
        """Let the fault begin."""
        if self.fault == "refused":
            self.proxy.down()
        elif self.fault == "cut":
            self.proxy.cut_after = SMALL
        elif self.fault == "slow":
            self.proxy.stall_after = SMALL
        elif self.fault == "full":
            self.server.full(True)
        elif self.fault in ("restart", "lost"):
            self.proxy.then = self.server.restart if self.fault == "restart" else lambda: None
            self.proxy.committed = lambda: self.server.copies(self.name) > 0

    def mend(self) -> None:
        """Let it end."""
        self.proxy.heal()
        if self.fault == "full":
            self.server.full(False)


def _sftp(box: Box) -> tuple[str, dict[str, Any], str]:
    folder = box.server.folder
    known = folder / f"known-{box.name}"
    host = (folder / "known_hosts").read_text().replace(str(box.server.port), str(box.proxy.port))
    known.write_text(host)
    options = {
        "url": f"sftp://{getpass.getuser()}@127.0.0.1:{box.proxy.port}{folder}/content/{box.name}",
        "key": {"env": box.variable},
        "known_hosts": str(known),
    }
    wrong = (folder / "other").read_text()
    return "deliver.remote", options, wrong if box.fault == "credentials" else (folder / "user").read_text()


def _webdav(box: Box) -> tuple[str, dict[str, Any], str]:
    url = f"http://127.0.0.1:{box.proxy.port}/{box.name}"
    options = {"url": url, "user": USER, "password": {"env": box.variable}}
    return "deliver.remote", options, WRONG if box.fault == "credentials" else PASSWORD


def _s3(box: Box) -> tuple[str, dict[str, Any], str]:
    options = {
        "url": f"s3://{BUCKET}/{box.name}",
        "endpoint": f"http://127.0.0.1:{box.proxy.port}",
        "access_key": {"env": box.variable},
        "secret_key": {"env": f"{box.variable}_SECRET"},
    }
    os.environ[f"{box.variable}_SECRET"] = SECRET_KEY
    return "deliver.remote", options, WRONG if box.fault == "credentials" else ACCESS_KEY


def _portal(box: Box, *, way: str = "multipart", probe: bool = False) -> tuple[str, dict[str, Any], str]:
    base = f"http://127.0.0.1:{box.proxy.port}/{box.name}"
    options: dict[str, Any] = {"url": f"{base}/cases", "way": way, "token": {"env": box.variable}}
    if way == "tus":
        options |= {"url": f"{base}/uploads", "chunk": SMALL // 2}
    if probe:
        options["probe"] = f"{base}/cases?key={{key}}"
    return "deliver.http", options, WRONG if box.fault == "credentials" else TOKEN


MAKERS: Mapping[str, Callable[[Box], tuple[str, dict[str, Any], str]]] = {
    "sftp": _sftp,
    "webdav": _webdav,
    "s3": _s3,
    "portal": partial(_portal, probe=True),
    "portal-mute": _portal,
    "portal-tus": partial(_portal, way="tus"),
}
RIGHT = {"webdav": PASSWORD, "s3": ACCESS_KEY, "portal": TOKEN, "portal-mute": TOKEN, "portal-tus": TOKEN}


@contextmanager
def serving(destination: str, folder: Path) -> Iterator[Mapping[str, Server]]:
    """The servers of one destination by fault; a full disk has one of its own, where the limit is the process's."""
    kind = destination.partition("-")[0]
    with ExitStack() as stack:
        if kind == "sftp":
            server = stack.enter_context(sshd(folder / "sftp"))
            small = stack.enter_context(sshd(folder / "sftp-full", largest=SMALL))
            yield {fault: small if fault == "full" else server for fault in FAULTS}
        else:
            server = stack.enter_context(python_server(kind, folder / destination))
            yield dict.fromkeys(FAULTS, server)


def run_matrix(
    destinations: Sequence[str],
    folder: Path,
    *,
    faults: Sequence[str] = FAULTS,
    said: Callable[[], str] = str,
) -> tuple[Outcome, ...]:
    """Destinations with each fault, all of them exports of one case.

    Args:
        said: gives what was printed so far; secrets are looked for in it too.
    """
    with ExitStack() as stack:
        boxes = []
        for destination in destinations:
            servers = stack.enter_context(serving(destination, folder))
            for fault in faults:
                proxy = FaultProxy(servers[fault].port)
                stack.callback(proxy.close)
                boxes.append(Box(destination, fault, servers[fault], proxy))
        return _run(boxes, folder / "lab", said)


def _run(boxes: Sequence[Box], root: Path, said: Callable[[], str]) -> tuple[Outcome, ...]:
    lab, secrets = _lab(boxes, root)
    for box in boxes:
        box.harm()
    first = _states(run_once(lab))
    copies = {box.name: box.server.copies(box.name) for box in boxes}
    for box in boxes:
        box.mend()
        os.environ[box.variable] = _right(box)
    _let_people_act(first, copies, root)
    second = _states(run_once(lab))
    secrets |= {f"{box.variable} mended": _right(box) for box in boxes}
    leaks = tuple(sorted(leaks_in(root / "state", said(), secrets)))
    for name in secrets:
        os.environ.pop(name, None)
    return tuple(
        Outcome(
            box.destination, box.fault, first[box.name].state, first[box.name].code or "", first[box.name].attempts,
            copies[box.name], second[box.name].state, box.server.copies(box.name), leaks,
        )
        for box in boxes
    )  # fmt: skip


def _let_people_act(rows: Mapping[str, Any], copies: Mapping[str, int], root: Path) -> None:
    """Send again what failed; look at the destination for what nobody could tell, and say what is there."""
    ledger = Ledger(root / "state" / "ledger.sqlite")
    for name, row in rows.items():
        if row.state == "failed":
            ledger.resend(row.key, who="a person")
        elif row.state == "unknown":
            ledger.resolve(row.key, arrived=copies[name] > 0, who="a person")
    ledger.close()


def _right(box: Box) -> str:
    return RIGHT.get(box.destination) or (box.server.folder / "user").read_text()


def _lab(boxes: Sequence[Box], root: Path) -> tuple[Lab, dict[str, str]]:
    """A lab with one case and an export for each box."""
    arrival = root / "inbox" / SURNAME
    arrival.mkdir(parents=True)
    for arch in ("upper", "lower"):
        (arrival / f"{arch}.stl").write_bytes(scan_bytes(small_scan(arch), "stl"))
    exports, secrets = [], {}
    for box in boxes:
        use, options, secret = MAKERS[box.destination](box)
        os.environ[box.variable] = secrets[box.variable] = secret
        exports.append(_export(use, box, options))
    secrets |= {f"{box.variable}_SECRET": SECRET_KEY for box in boxes if box.destination == "s3"}
    pipeline = Pipeline(
        name="p",
        import_=(ImportStep(use="core.inbox", with_={"path": "inbox", "settle": 0.05}),),
        export=tuple(exports),
        memory_limit=ByteCount(4 << 30),
    )
    table = LabTable(name="Test", state=FolderPath("state"), min_free=ByteCount(0))
    adapters = {"deliver": AdapterTable()}
    return Lab(version=1, lab=table, adapters=adapters, pipelines={"p": pipeline}, path=root / "lab.toml"), secrets


def _export(use: str, box: Box, options: Mapping[str, Any]) -> Export:
    """Patient, except where the fault is one that only impatience ends."""
    retry = Retry(attempts=2, first_delay=Duration(0.05), max_delay=Duration(0.1))
    timeout, limit = (1.0 if box.fault == "slow" else 15.0), (3.0 if box.fault in ("cut", "slow") else 30.0)
    with_ = {"timeout": timeout, **options}
    return Export(use=use, id=box.name, with_=with_, retry=retry, time_limit=Duration(limit))


def _states(report: Any) -> dict[str, Any]:
    (case,) = report.cases
    return {delivery.export: delivery for delivery in case.deliveries}


def leaks_in(state: Path, said: str, secrets: Mapping[str, str]) -> Iterator[str]:
    """Where a secret stands that should not; of a private key its longest line is looked for."""
    wanted = {max(secret.splitlines(), key=len) for secret in secrets.values()}
    for path in state.rglob("*"):
        content = b""
        with suppress(OSError):
            content = path.read_bytes() if path.is_file() else b""
        if any(secret.encode() in content for secret in wanted):
            yield str(path.relative_to(state))
    if any(secret in said for secret in wanted):
        yield "standard output or standard error"


def table(outcomes: Sequence[Outcome]) -> str:
    """The outcomes for people."""
    head = ("destination", "fault", "state", "code", "tries", "copies", "mended", "copies", "secrets seen")
    rows = [
        (o.destination, o.fault, o.state, o.code, o.tries, o.copies, o.mended_state, o.mended_copies, len(o.leaks))
        for o in outcomes
    ]
    widths = [max(len(str(row[column])) for row in (head, *rows)) for column in range(len(head))]
    lines = [
        "  ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)
    ]
    return "\n".join(line.rstrip() for line in lines)
