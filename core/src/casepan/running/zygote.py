"""A warm process that forks one fresh child per attempt: ``python -m casepan.running.zygote``, on Linux only.

It has imported what every child needs and has never seen a case, so a forked child knows as little as a started one and begins
forty times faster. It runs a single thread; when its line to the supervisor closes it ends, and its children end with it.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import socket
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from casepan.running import child, platform
from casepan.running.wire import Message, encode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from casepan.contract.specs import StageSpec

WARM = ("casepan.running.attempt", "encodings.cp437")
READER = "casepan.mesh.reading"
"""Brings numpy along; only where a stage has to do with meshes at all."""
LONGEST_ORDER = 1 << 20
SPARE_MARK = "0" * 16
"""Stands in the environment until a forked child writes its own over it, byte for byte."""


def main() -> int:
    """Get ready, say so, and fork whenever the supervisor asks."""
    line = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    order = _next_order(line)
    platform.current().end_with_parent(int(order["parent"]))
    ready = prepare(order)
    line.sendall(encode({"ready": os.getpid(), "threads": platform.threads(), "paths": sys.path}))
    with suppress(BrokenPipeError, ConnectionResetError):
        serve(line, ready)
    return 0


def _next_order(line: socket.socket) -> Message:
    text = b""
    while not text.endswith(b"\n"):
        more = line.recv(LONGEST_ORDER)
        if not more:
            sys.exit(0)
        text += more
    order: Message = json.loads(text)
    return order


def prepare(order: Message) -> child.Ready:
    """Import what children need. What cannot be imported is left to them: they say what is wrong with it."""
    import gc

    from casepan.model.documents import prepare_converter
    from casepan.running.intake import Landed
    from casepan.running.layout import base_of
    from casepan.running.planned import CaseFacts, PlannedDelivery

    ready = child.get_ready(order)
    base_of(ready.lab.path)
    for name in (*WARM, *_modules_of(ready)):
        _warm(name)
    if "casepan.mesh" in sys.modules:
        _warm(READER)
    facts = CaseFacts((("",),), (("",),), (("", ""),), ("",))
    prepare_converter(Landed("", ("",), "", "", ""), PlannedDelivery("", "", 0, ("",)), facts)
    for stage, table in _tables_of(ready):
        _warm_options(ready, stage, table)
    gc.collect()
    gc.freeze()
    return ready


def _warm(name: str) -> None:
    # A plugin may even call sys.exit; the child meets it again, and reports it.
    with suppress(Exception, SystemExit):
        importlib.import_module(name)


def _warm_options(ready: child.Ready, stage: str, table: Mapping[str, Any]) -> None:
    """Make the options of a stage. What does not fit is left to the child that needs it."""
    from casepan.config.options import keep_options

    with suppress(Exception):
        keep_options(ready.registry.options_type(stage), table)


def _tables_of(ready: child.Ready) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every reader and every step or destination of a pipeline, with what the lab writes for it."""
    from casepan.config.readers import reader_table
    from casepan.contract.specs import ImporterSpec

    for spec in ready.registry.stages(ImporterSpec):
        yield spec.name, reader_table(ready.lab, spec.name)
    for pipeline in ready.lab.pipelines.values():
        yield from ((step.use, step.with_) for step in pipeline.steps)
        yield from ((export.use, export.with_) for export in pipeline.export)


def _specs_of(ready: child.Ready) -> tuple[StageSpec, ...]:
    """All readers, and every stage that a pipeline uses."""
    from casepan.contract.specs import ImporterSpec

    pipelines = ready.lab.pipelines.values()
    uses = {step.use for pipeline in pipelines for step in pipeline.steps}
    uses |= {export.use for pipeline in pipelines for export in pipeline.export}
    return (*ready.registry.stages(ImporterSpec), *(ready.registry.spec(use) for use in sorted(uses)))


def _modules_of(ready: child.Ready) -> tuple[str, ...]:
    """Where those stages and their options are."""
    targets = [target for spec in _specs_of(ready) for target in (spec.factory, spec.options) if target]
    return tuple(dict.fromkeys(target.partition(":")[0] for target in targets))


def serve(line: socket.socket, ready: child.Ready) -> None:
    """Fork when asked, tell of every end, until the line closes."""
    ended, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    while True:
        readable = select.select([line.fileno(), ended], [], [])[0]
        if ended in readable:
            os.read(ended, LONGEST_ORDER)
            _tell_ends(line)
        if line.fileno() in readable:
            text, handles, _, _ = socket.recv_fds(line, LONGEST_ORDER, 3)
            if not text:
                return
            pid = os.fork()
            if pid == 0:
                _become_child(json.loads(text)["mark"], handles, (line.fileno(), ended, waker), ready)
            for handle in handles:
                os.close(handle)
            line.sendall(encode({"pid": pid}))


def _tell_ends(line: socket.socket) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        line.sendall(encode({"ended": pid, "code": os.waitstatus_to_exitcode(status)}))


def _become_child(mark: str, handles: list[int], mine: tuple[int, ...], ready: child.Ready) -> NoReturn:
    """Everything a started child has: a session, streams and a mark of its own, and nothing of this process."""
    code = 70
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        for number, handle in enumerate(handles):
            os.dup2(handle, number)
        for handle in (*handles, *mine):
            os.close(handle)
        platform.carry_mark(mark)
        _draw_anew()
        code = child.main(ready)
    finally:
        with suppress(OSError, ValueError):
            sys.stderr.flush()
        os._exit(code)


def _draw_anew() -> None:
    """Python's own random numbers are seeded again after a fork, numpy's global ones are not."""
    numbers: Any = sys.modules.get("numpy.random")
    if numbers is not None:
        numbers.seed()


if __name__ == "__main__":
    # Nothing is left to tidy up, and the supervisor waits for this end.
    os._exit(main())
