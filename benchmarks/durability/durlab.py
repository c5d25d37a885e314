"""A small ecosystem for the durability runs: an importer of tiny cases, steps that take a little time, a flaky HTTP destination.

Every start of a step and every call of a destination is noted in ``DURLAB/trace.log`` (one appended line each), so that a run can
be judged afterwards from outside of the ledger.
"""

from __future__ import annotations

import ctypes
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Collection, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from attrs import evolve, frozen

from casepan.config.lab import AdapterTable, Export, ImportStep, Lab, LabTable, Pipeline, Retry, Step
from casepan.contract.context import Context, ExportContext, ImportContext
from casepan.contract.listing import Listing, Recognition
from casepan.contract.options import ByteCount, Duration, FolderPath, NoOptions, option
from casepan.contract.specs import Event, ExporterSpec, ImporterSpec, StageSpec, TransformerSpec
from casepan.contract.stages import Watch
from casepan.errors import DeliveryError, OutcomeUnknown
from casepan.model.case import Artifact, Case, CaseKey, Origin
from casepan.model.files import digest_of
from casepan.model.records import Receipt
from casepan.running.works import FILE_SIZE_LIMIT
from casepan.stages.folder import FolderExport, FolderOptions
from casepan.stages.zip import ZipExport, ZipOptions

HERE = "durlab"
FAR = 1000


def trace(what: str, ref: str) -> None:
    line = f"{time.time():.6f} {what} {ref} {os.getpid()}\n".encode()
    handle = os.open(Path(os.environ["DURLAB"]) / "trace.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(handle, line)
    os.close(handle)


@frozen
class InboxOptions:
    path: FolderPath = option(FolderPath("inbox"))
    settle: float = option(0.1)


class Inbox:
    def __init__(self, options: InboxOptions) -> None:
        self.options = options

    def watch(self) -> Watch:
        return Watch(self.options.path, settle=self.options.settle)


class Reader:
    def __init__(self, options: NoOptions) -> None:
        self.options = options

    def candidates(self, ctx: ImportContext) -> Iterable[Recognition]:
        return recognise(ctx.listing)

    def read(self, candidate: Recognition, ctx: ImportContext) -> Case:
        files = tuple(ctx.file(path) for path in candidate.files)
        artifacts = tuple(Artifact(f"file-{n}", file, "file") for n, file in enumerate(files))
        return Case(
            "", CaseKey("dur", candidate.vendor_id), Origin(candidate.stage), digest=digest_of(files),
            received_at=ctx.now(), artifacts=artifacts,
        )  # fmt: skip


def recognise(listing: Listing) -> tuple[Recognition, ...]:
    orders = [entry.path for entry in listing.entries if entry.name == "order.json"]
    if not orders:
        return ()
    vendor_id = json.loads(listing.read(orders[0]))["id"]
    return (Recognition("dur.reader", vendor_id, tuple(entry.path for entry in listing.entries), "certain"),)


@frozen
class WorkOptions:
    sleep: float = option(0.02)
    burn: float = option(0.0)


class Work:
    def __init__(self, options: WorkOptions) -> None:
        self.options = options

    def apply(self, case: Case, ctx: Context) -> Case:
        trace(f"step:{ctx.out.parent.name.split('-')[-1].removesuffix('.part')}", case.ref)
        begun = time.process_time()
        while time.process_time() - begun < self.options.burn:
            sum(range(1000))
        time.sleep(self.options.sleep)
        made = ctx.out / "made.txt"
        made.write_text(case.ref)
        return evolve(
            case, artifacts=(*case.artifacts, Artifact(f"made-{ctx.out.parent.name}", ctx.keep(made), "text"))
        )


class Poison:
    """Misbehaves in the way that the case's own name says."""

    def __init__(self, options: NoOptions) -> None:
        self.options = options

    def apply(self, case: Case, ctx: Context) -> Case:
        kind = case.key.vendor_id
        if kind.startswith("healthy"):
            return case
        trace(f"poison:{kind}", case.ref)
        if kind == "segfault":
            ctypes.string_at(0)
        elif kind == "exit":
            os._exit(0)
        elif kind == "memory":
            hoard = [bytearray(50_000_000) for _ in range(1000)]
            return evolve(case, digest=str(len(hoard)))
        elif kind == "disk":
            with (ctx.out / "big").open("wb") as stream:
                stream.truncate(FILE_SIZE_LIMIT + 1)
        elif kind == "bomb":
            breed(7)
        time.sleep(3600)
        return case


def breed(depth: int) -> None:
    """128 processes, each in a session of its own."""
    for _ in range(depth):
        if os.fork() == 0:
            os.setsid()
            depth -= 1
    time.sleep(3600)


@frozen
class PostOptions:
    url: str = option("")
    freeze: float = option(0.0)


class Post:
    """Sends the key; the server may refuse, or take it and never say so."""

    def __init__(self, options: PostOptions) -> None:
        self.options = options

    def deliver(self, case: Case, ctx: ExportContext) -> Receipt:
        trace("post", case.ref)
        time.sleep(self.options.freeze)
        if not ctx.fence_ok():
            raise DeliveryError("the fence is lost")
        request = urllib.request.Request(f"{self.options.url}/{ctx.key}", data=b"x", method="POST")
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return Receipt(ctx.key, self.options.url, ctx.now(), {"status": str(answer.status)})
        except urllib.error.HTTPError as error:
            raise DeliveryError(f"the server says {error.code}") from error
        except OSError as error:
            raise OutcomeUnknown("the line broke") from error

    def probe(self, ctx: ExportContext) -> Receipt | None:
        trace("probe", ctx.place)
        try:
            with urllib.request.urlopen(f"{self.options.url}/{ctx.key}", timeout=5):
                return Receipt(ctx.key, self.options.url, ctx.now(), {"by": "probe"})
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise DeliveryError(f"the server says {error.code}") from error
        except OSError as error:
            raise DeliveryError("the line broke") from error


FACTORIES: dict[str, tuple[Any, type]] = {
    "dur.inbox": (Inbox, InboxOptions),
    "dur.reader": (Reader, NoOptions),
    "dur.work": (Work, WorkOptions),
    "dur.poison": (Poison, NoOptions),
    "dur.post": (Post, PostOptions),
    "dur.mute": (Post, PostOptions),
    "core.folder": (FolderExport, FolderOptions),
    "core.zip": (ZipExport, ZipOptions),
}


class DurRegistry:
    def __init__(self, enabled: Collection[str]) -> None:
        def made(kind: type[StageSpec], name: str, **more: Any) -> StageSpec:
            return kind(name, name, f"{HERE}:{FACTORIES[name][0].__name__}", **more)

        specs = (
            made(ImporterSpec, "dur.inbox", watches=True), made(ImporterSpec, "dur.reader"), made(TransformerSpec, "dur.work"),
            made(TransformerSpec, "dur.poison"),
            made(ExporterSpec, "dur.post", probe=True), made(ExporterSpec, "dur.mute"),
            made(ExporterSpec, "core.folder", probe=True), made(ExporterSpec, "core.zip", probe=True),
        )  # fmt: skip
        self.specs = {spec.name: spec for spec in specs}
        self.plugins = tuple(SimpleNamespace(name=name) for name in sorted({spec.plugin for spec in specs}))
        self.problems: tuple[Any, ...] = ()
        self.available: tuple[Any, ...] = ()

    def stages(self, kind: type[StageSpec]) -> tuple[StageSpec, ...]:
        return tuple(spec for spec in self.specs.values() if isinstance(spec, kind))

    def spec(self, name: str) -> StageSpec:
        return self.specs[name]

    def options_type(self, name: str) -> type:
        return FACTORIES[name][1]

    def build(self, name: str, options: Any = None) -> Any:
        factory, kind = FACTORIES[name]
        return factory(kind() if options is None else options)

    def recognise(self, listing: Listing) -> tuple[Recognition, ...]:
        return recognise(listing)

    def publish(self, event: Event) -> None:
        return None


def load(enabled: Collection[str]) -> DurRegistry:
    return DurRegistry(enabled)


def make_lab(
    root: Path, url: str, *, steps: int = 3, sleep: float = 0.02, burn: float = 0.0, workers: int = 2, freeze: float = 0.0,
    attempts: int = FAR,
) -> Lab:  # fmt: skip
    retry = Retry(attempts=FAR, first_delay=Duration(0.2), max_delay=Duration(1.0))
    common: dict[str, Any] = {"retry": retry, "time_limit": Duration(3.0)}
    exports = [
        Export(use="core.folder", id="folder", with_={"path": "out/folder"}, **common),
        Export(use="core.zip", id="zip", with_={"path": "out/zip"}, **common),
    ]
    if url:
        exports.append(Export(use="dur.post", id="http", with_={"url": url, "freeze": freeze}, **common))
    pipeline = Pipeline(
        name="p",
        import_=(ImportStep(use="dur.inbox", with_={}),),
        steps=tuple(Step(use="dur.work", id=f"s{n}", with_={"sleep": sleep, "burn": burn}) for n in range(steps)),
        export=tuple(exports),
        attempts=attempts,
        time_limit=Duration(60.0),
        memory_limit=ByteCount(1 << 30),
    )
    table = LabTable(name="Durability", state=FolderPath("state"), workers=workers, min_free=ByteCount(0))
    return Lab(
        version=1, lab=table, adapters={"dur": AdapterTable()}, pipelines={"p": pipeline}, path=root / "lab.toml"
    )


def drop_cases(root: Path, count: int) -> None:
    for number in range(count):
        folder = root / "inbox" / f"case {number:04d}"
        folder.mkdir(parents=True)
        (folder / "order.json").write_text(json.dumps({"id": f"case-{number:04d}"}))
        (folder / "upper.stl").write_bytes(os.urandom(2000))
