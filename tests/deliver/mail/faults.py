"""Destination by fault: a real lab, a real server, one fault, and what the ledger and the destination hold afterwards."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from attrs import define, field, frozen

from casepan.running.ledger import Ledger

from .labs import LabFolder
from .servers import PASSWORD, Authority, Line, Server, mail_server, web_server

TOKEN = "sesame-sentinel"
MAIL, CHAT, HOOK, KNOWING, FILE = "mail", "notice by chat", "table by post", "table by post, repeatable", "table file"
DYING = "dying:load"


@frozen
class Fault:
    """One row.

    Attributes:
        destination, name: what and how; state, copies: expected in the ledger and at the destination.
        do: what the server does, and how often; dies: when the sender is killed.
        tested: True for the rows that stand for their kind in the tests; the benchmark runs all.
    """

    destination: str
    name: str
    state: str
    copies: int
    do: str = "ok"
    times: int = 1_000_000
    line: Callable[[int], Line] | None = None
    dies: Literal["", "before", "after"] = ""
    more: str = ""
    secret: str = ""
    restarts: bool = False
    tested: bool = True


def _cut(port: int) -> Line:
    return Line(port, after=100_000)


def _cut_once(port: int) -> Line:
    return Line(port, after=100_000, cuts=1)


def _cut_early(port: int) -> Line:
    return Line(port, after=300)


def _cut_early_once(port: int) -> Line:
    return Line(port, after=300, cuts=1)


def _mute(port: int) -> Line:
    return Line(port, mute=True)


def _mute_once(port: int) -> Line:
    return Line(port, mute=True, cuts=1)


def _away(port: int) -> Line:
    line = Line(port)
    line.close()
    return line


RESEND = 'on_unknown = "resend"'
FAULTS = (
    Fault(MAIL, "none", "sent", 1, tested=False),
    Fault(MAIL, "refused: nobody listens", "failed", 0, line=_away, tested=False),
    Fault(MAIL, "refused once: 451", "sent", 1, do="busy", times=1),
    Fault(MAIL, "refused: 554", "failed", 0, do="policy", tested=False),
    Fault(MAIL, "cut in the middle, each time", "failed", 0, line=_cut, tested=False),
    Fault(MAIL, "cut in the middle, once", "sent", 1, line=_cut_once),
    Fault(MAIL, "slow: no answer in time", "unknown", 1, do="hang", tested=False),
    Fault(MAIL, "full: 552", "failed", 0, do="full", tested=False),
    Fault(MAIL, "full once: 452", "sent", 1, do="full-now", times=1, tested=False),
    Fault(MAIL, "wrong credentials", "failed", 0, secret="wrong"),
    Fault(MAIL, "server restarts before the receipt", "unknown", 1, do="restart", times=1, restarts=True),
    Fault(MAIL, "response lost after success", "unknown", 1, do="lost", times=1, tested=False),
    Fault(MAIL, "response lost, on_unknown = resend", "sent", 2, do="lost", times=1, more=RESEND),
    Fault(MAIL, "sender killed before sending", "unknown", 0, dies="before", tested=False),
    Fault(MAIL, "sender killed after sending", "unknown", 1, dies="after", tested=False),
    Fault(FILE, "none", "sent", 1, tested=False),
    Fault(FILE, "refused: no folder there", "failed", 0, do="no folder", tested=False),
    Fault(FILE, "full: disk", "failed", 0, do="full", tested=False),
    Fault(FILE, "sender killed before the rename", "sent", 1, dies="before", tested=False),
    Fault(FILE, "sender killed after the rename", "sent", 1, dies="after"),
    Fault(HOOK, "none", "sent", 1, tested=False),
    Fault(HOOK, "refused: nobody listens", "failed", 0, line=_away, tested=False),
    Fault(HOOK, "refused once: 503", "sent", 1, do="503", times=1, tested=False),
    Fault(HOOK, "refused: 413", "failed", 0, do="413", tested=False),
    Fault(HOOK, "cut in the middle", "unknown", 0, line=_cut_early, tested=False),
    Fault(HOOK, "slow: no answer in time", "unknown", 1, do="hang", tested=False),
    Fault(HOOK, "full: 507", "failed", 0, do="507", tested=False),
    Fault(HOOK, "wrong credentials", "failed", 0, secret="wrong", tested=False),
    Fault(HOOK, "server restarts before the receipt", "unknown", 1, do="restart", times=1, restarts=True, tested=False),
    Fault(HOOK, "response lost after success", "unknown", 1, line=_mute),
    Fault(KNOWING, "cut in the middle, once", "sent", 1, line=_cut_early_once, tested=False),
    Fault(KNOWING, "response lost once after success", "sent", 1, line=_mute_once),
    Fault(KNOWING, "sender killed after sending", "sent", 1, dies="after", tested=False),
    Fault(CHAT, "none", "sent", 1, tested=False),
    Fault(CHAT, "refused: nobody listens", "failed", 0, line=_away, tested=False),
    Fault(CHAT, "refused once: 429", "sent", 1, do="429", times=1, tested=False),
    Fault(CHAT, "wrong credentials: 403", "failed", 0, do="403", tested=False),
    Fault(CHAT, "slow: no answer in time", "unknown", 1, do="hang", tested=False),
    Fault(CHAT, "response lost after success", "unknown", 1, line=_mute, tested=False),
    Fault(CHAT, "response lost, on_unknown = resend", "sent", 2, line=_mute_once, more=RESEND, tested=False),
)


@define
class Scene:
    """Servers that all faults share, and one lab for each."""

    folder: Path
    authority: Authority
    servers: dict[str, Server] = field(factory=dict)

    def server(self, destination: str) -> Server | None:
        """The server of a destination, started when it is first needed, its box empty."""
        if destination == FILE:
            return None
        kind = "mail" if destination == MAIL else "web"
        if kind not in self.servers:
            box = self.folder / f"{kind}-box"
            made = mail_server(box, self.authority, "starttls") if kind == "mail" else web_server(box)
            self.servers[kind] = made
        server = self.servers[kind]
        server.start() if server.process is None else None
        server.clear()
        return server

    def close(self) -> None:
        """Stop them."""
        for server in self.servers.values():
            server.stop()

    def play(self, fault: Fault, number: int) -> tuple[str, int, LabFolder]:
        """State in the ledger and copies at the destination after two runs, and the lab to look into."""
        server = self.server(fault.destination)
        root = self.folder / f"lab-{number}"
        root.mkdir()
        lab = LabFolder(root)
        line = fault.line(server.port) if fault.line and server else None
        if server:
            server.misbehave(fault.do, fault.times)
        port = line.port if line else server.port if server else 0
        lab.write(
            f"{fault.more}\n{self._export(fault.destination, port)}", secrets='one = { env = "CASEPAN_TEST_ONE" }'
        )
        lab.drop(bites=12 if fault.destination == MAIL and line else 1)
        _spoil(root, fault)
        with _environment(fault, root, port):
            for _ in range(2):
                lab.run(DYING) if fault.dies else lab.run()
                _fill(lab) if fault.destination == FILE and fault.do == "full" and (root / "rows").is_file() else None
                if fault.restarts and server:
                    server.stop()
                    server.start()
        line.close() if line else None
        return lab.delivery().state, _copies(server, root), lab

    def _export(self, destination: str, port: int) -> str:
        if destination == MAIL:
            account = (
                f'host = "127.0.0.1", port = {port}, sender = "lab@northside.test", user = "lab", timeout = "500ms", '
                f'password = {{ secret = "one" }}, ca = "{self.authority.file}"'
            )
            return f'use = "deliver.email"\nwith = {{ server = {{ {account} }}, to = ["mill@partner.test"] }}'
        if destination == CHAT:
            return 'use = "deliver.notify"\nwith = { channel = { url = { secret = "one" }, timeout = "500ms" } }'
        if destination == FILE:
            return 'use = "deliver.table"\nwith = { path = "rows", files = "one" }'
        path, more = ("once", ", repeatable = true") if destination == KNOWING else ("guarded", "")
        url = f"http://127.0.0.1:{port}/{path}"
        hook = f'url = "{url}", token = {{ secret = "one" }}, timeout = "500ms"{more}'
        return f'use = "deliver.table"\nwith = {{ webhook = {{ {hook} }} }}'


def secret_of(fault: Fault) -> str:
    """What must be in no file."""
    return PASSWORD if fault.destination == MAIL else TOKEN


@contextmanager
def _environment(fault: Fault, root: Path, port: int) -> Iterator[None]:
    secret = fault.secret or secret_of(fault)
    if fault.destination == CHAT:
        secret = f"http://127.0.0.1:{port}/hook?code={TOKEN}"
    given = {"CASEPAN_TEST_ONE": secret, "CASEPAN_TEST_PASSWORD": PASSWORD, "DYING": f"{fault.dies}:{root / 'died'}"}
    os.environ.update(given)
    yield
    for name in given:
        del os.environ[name]


def _spoil(root: Path, fault: Fault) -> None:
    """What goes wrong with a folder."""
    if fault.destination != FILE:
        return
    if fault.do in ("no folder", "full"):
        (root / "rows").write_text("a file")


def _fill(lab: LabFolder) -> None:
    """The disk is full where the next try wants to write; a person says that there shall be one."""
    (lab.root / "rows").unlink()
    (lab.root / "rows" / ".casepan").mkdir(parents=True)
    key = lab.delivery().key
    (lab.root / "rows" / ".casepan" / f"work-items.csv.{key[:16]}.part").symlink_to("/dev/full")
    ledger = Ledger(lab.root / "state" / "ledger.sqlite")
    ledger.resend(key, who="somebody")
    ledger.close()


def _copies(server: Server | None, root: Path) -> int:
    if server is not None:
        return len(server.documents())
    with suppress(OSError):
        return (root / "rows" / "work-items.csv").read_text("utf-8-sig").count("\n") - 1
    return 0
