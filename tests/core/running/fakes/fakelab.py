"""A tiny scanner ecosystem for tests of the runner: one importer, stages that misbehave on request, a watchable exporter.

An arrival is a folder with ``order.json`` (``{"id": …}``) and any other files. What happened is written to the folder named by
the environment variable ``FAKELAB``, one file per call, so that tests can count calls over processes.
"""

from __future__ import annotations

import json
import os
import random
import signal
import tempfile
import time
from collections.abc import Collection, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from attrs import evolve, frozen

from casepan.contract.context import Context, ExportContext, ImportContext
from casepan.contract.listing import Listing, Recognition
from casepan.contract.options import FolderPath, NoOptions, option
from casepan.contract.specs import Event, ExporterSpec, ImporterSpec, StageSpec, TransformerSpec, ValidatorSpec
from casepan.contract.stages import Watch
from casepan.errors import AdapterError, CaseError, DeliveryError, DeliveryRefused, OutcomeUnknown
from casepan.model.case import Artifact, Case, CaseKey, Origin
from casepan.model.files import digest_of
from casepan.model.finding import Finding
from casepan.model.records import Receipt

HERE = "fakelab"


def trace(what: str) -> int:
    """Note a call; how often this one was made so far."""
    folder = Path(os.environ["FAKELAB"])
    for number in range(1, 10_000):
        try:
            (folder / f"{what}#{number}").touch(exist_ok=False)
        except FileExistsError:
            continue
        return number
    raise AssertionError("too many calls")


@frozen
class InboxOptions:
    """Where to look."""

    path: FolderPath = option(doc="inbox")
    settle: float = option(0.05)
    give_up: float = option(7200.0)
    done: str = option("leave")


class Inbox:
    """A watching importer."""

    def __init__(self, options: InboxOptions) -> None:
        self.options = options

    def watch(self) -> Watch:
        """What to observe."""
        return Watch(
            self.options.path, settle=self.options.settle, give_up=self.options.give_up, done=self.options.done
        )


class Reader:
    """Reads an arrival with ``order.json``."""

    def __init__(self, options: NoOptions) -> None:
        self.options = options

    def candidates(self, ctx: ImportContext) -> Iterable[Recognition]:
        """The order."""
        return recognise(ctx.listing)

    def read(self, candidate: Recognition, ctx: ImportContext) -> Case:
        """The case."""
        trace("read")
        document = json.loads(ctx.listing.read(_order(ctx.listing)))
        if document.get("bad"):
            raise CaseError("this order cannot be read", place="order.json", hint="Ask again.")
        if document.get("dies"):
            os._exit(3)
        files = tuple(ctx.file(path) for path in candidate.files)
        return Case(
            ref="",
            key=CaseKey("fake", candidate.vendor_id),
            origin=Origin(candidate.stage),
            digest=digest_of(files),
            received_at=ctx.now(),
            artifacts=tuple(Artifact(f"file-{n}", file, "file") for n, file in enumerate(files)),
        )


def _order(listing: Listing) -> str:
    return next((entry.path for entry in listing.entries if entry.name == "order.json"), "")


def recognise(listing: Listing) -> tuple[Recognition, ...]:
    """One case for an arrival with ``order.json``."""
    order = _order(listing)
    if not order:
        return ()
    document = json.loads(listing.read(order))
    there = {entry.name for entry in listing.entries}
    missing = tuple(name for name in document.get("files", ()) if name not in there)
    files = tuple(entry.path for entry in listing.entries)
    return (Recognition("fake.reader", document["id"], files, "certain", missing=missing),)


@frozen
class ActOptions:
    """How to behave."""

    do: str = option("nothing")
    times: int = option(10_000)
    seconds: float = option(0.0)
    code: str = option("mesh.hole")
    severity: str = option("warning")


class Act:
    """A transformer that leaves a file, or dies in the way it is told."""

    def __init__(self, options: ActOptions) -> None:
        self.options = options

    def apply(self, case: Case, ctx: Context) -> Case:
        """Behave."""
        count = trace(f"act-{self.options.do}")
        if count <= self.options.times:
            misbehave(self.options)
        made = ctx.out / "made.txt"
        made.write_text(f"{self.options.do} {case.ref}")
        return evolve(case, artifacts=(*case.artifacts, Artifact(f"made-{self.options.do}", ctx.keep(made), "text")))


def misbehave(options: ActOptions) -> None:
    """Die, hang, hog."""
    import subprocess
    import sys

    do = options.do
    seen.append(do)
    print("what plugins print goes elsewhere")
    if do == "exit":
        os._exit(0)
    elif do == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif do == "litter":
        Path(tempfile.mkstemp()[1]).write_text("Sentinel Surname")
        Path("here").write_text("Sentinel Surname")
        os.kill(os.getpid(), signal.SIGKILL)
    elif do == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif do == "hang":
        time.sleep(3600)
    elif do == "memory":
        hoard = [bytearray(50_000_000) for _ in range(1000)]
        raise AssertionError(len(hoard))
    elif do == "disk":
        with Path(os.environ["FAKELAB"], "..", "big").open("wb") as stream:
            stream.truncate(5 << 30)
    elif do == "bug":
        raise ZeroDivisionError("a bug")
    elif do == "look-around":
        look_around()
    elif do == "alone":
        alone()
    elif do == "case-error":
        raise CaseError("this case is no good", place="upper.stl", hint="Scan again.")
    elif do == "children":
        for detached in (False, True):
            command = [sys.executable, "-c", "import time; time.sleep(600)"]
            subprocess.Popen(command, start_new_session=detached)
        time.sleep(3600)
    if options.seconds:
        time.sleep(options.seconds)


seen: list[str] = []
"""What this process did before: a fresh one did nothing."""


def look_around() -> None:
    """Leave traces in this process, and fail when another case left any."""
    if len(seen) > 1 or "FAKE_TRACE" in os.environ:
        raise CaseError("another case was here")
    os.environ["FAKE_TRACE"] = "1"
    folder = Path(os.environ["FAKELAB"])
    (folder / f"random-{os.getpid()}-{random.random()}#1").touch()
    environment = Path("/proc/self/environ").read_bytes().split(b"\0")
    (
        folder / f"marked-{'CASEPAN_JOB=' + os.environ['CASEPAN_JOB'] in map(bytes.decode, environment)}#{os.getpid()}"
    ).touch()


def alone() -> None:
    """Fail when another process is here too."""
    here = Path(os.environ["FAKELAB"], "here#1")
    here.touch(exist_ok=False)
    time.sleep(0.3)
    here.unlink()


class Look:
    """A validator with one finding."""

    def __init__(self, options: ActOptions) -> None:
        self.options = options

    def check(self, case: Case, ctx: Context) -> Iterable[Finding]:
        """The finding."""
        trace("look")
        if self.options.do == "find":
            yield Finding(self.options.code, self.options.severity, "a finding", value=1.0)  # type: ignore[arg-type]


@frozen
class SendOptions:
    """Where to and how."""

    path: FolderPath = option(FolderPath("out"))
    do: str = option("deliver")
    times: int = option(10_000)
    seconds: float = option(0.0)


class Send:
    """An exporter: one file per case at the destination."""

    def __init__(self, options: SendOptions) -> None:
        self.options = options

    def deliver(self, case: Case, ctx: ExportContext) -> Receipt:
        """Deliver, or fail as told."""
        count = trace(f"deliver-{ctx.place}")
        do = self.options.do if count <= self.options.times else "deliver"
        if do == "down":
            raise DeliveryError("the line is down", retry_after=self.options.seconds or None)
        if do == "refuse":
            raise DeliveryRefused("the destination does not want it")
        if do == "unknown":
            raise OutcomeUnknown("no answer")
        if do == "die-before":
            os._exit(9)
        if self.options.seconds:
            time.sleep(self.options.seconds)
        if not ctx.fence_ok():
            trace("fence-lost")
            raise AssertionError("fence lost")
        target = self._target(ctx)
        target.parent.mkdir(parents=True, exist_ok=True)
        trace(f"sent-{ctx.place}")
        target.write_text(ctx.key)
        if do == "die-after":
            os._exit(9)
        return Receipt(ctx.key, str(target), ctx.now(), {"after": ",".join(ctx.receipts)}, {})

    def probe(self, ctx: ExportContext) -> Receipt | None:
        """Whether the file is there."""
        trace("probe")
        target = self._target(ctx)
        if target.is_file() and target.read_text() == ctx.key:
            return Receipt(ctx.key, str(target), ctx.now(), {"by": "probe"}, {})
        return None

    def _target(self, ctx: ExportContext) -> Path:
        return ctx.base / self.options.path / f"{ctx.place}.txt"


SPECS: tuple[StageSpec, ...] = (
    ImporterSpec("fake.inbox", "inbox", f"{HERE}:Inbox", f"{HERE}:InboxOptions", watches=True),
    ImporterSpec("fake.reader", "reader", f"{HERE}:Reader"),
    TransformerSpec("fake.act", "act", f"{HERE}:Act", f"{HERE}:ActOptions"),
    ValidatorSpec("fake.look", "look", f"{HERE}:Look", f"{HERE}:ActOptions"),
    ExporterSpec("fake.send", "send", f"{HERE}:Send", f"{HERE}:SendOptions", probe=True),
    ExporterSpec("fake.mute", "send, cannot be asked", f"{HERE}:Send", f"{HERE}:SendOptions"),
)


class FakeRegistry:
    """What the runner needs of a registry."""

    def __init__(self, enabled: Collection[str]) -> None:
        self.enabled = enabled
        version = int(os.environ.get("FAKE_VERSION", "1"))
        self.specs = {spec.name: evolve(spec, version=version) for spec in SPECS}
        self.plugins = tuple(SimpleNamespace(name=name) for name in sorted({spec.plugin for spec in SPECS}))
        self.problems: tuple[Any, ...] = ()
        self.available: tuple[Any, ...] = ()

    def spec(self, name: str) -> StageSpec:
        """A descriptor."""
        if name not in self.specs:
            raise AdapterError(f"there is no stage {name!r}")
        return self.specs[name]

    def stages(self, kind: type[StageSpec]) -> tuple[StageSpec, ...]:
        """Descriptors of a kind."""
        return tuple(spec for spec in self.specs.values() if isinstance(spec, kind))

    def options_type(self, name: str) -> type:
        """Its options."""
        options = self.spec(name).options
        kind: type = globals()[options.partition(":")[2]] if options else NoOptions
        return kind

    def build(self, name: str, options: Any = None) -> Any:
        """The stage."""
        made_with = self.options_type(name)() if options is None else options
        return globals()[self.spec(name).factory.partition(":")[2]](made_with)

    def recognise(self, listing: Listing) -> tuple[Recognition, ...]:
        """Who knows it."""
        return recognise(listing)

    def publish(self, event: Event) -> None:
        """Nobody listens."""


def load(enabled: Collection[str]) -> FakeRegistry:
    """The registry, as ``run_once(loader="fakelab:load")`` wants it."""
    return FakeRegistry(enabled)
