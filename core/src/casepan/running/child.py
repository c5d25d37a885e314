"""The child process of one attempt: ``python -m casepan.running.child``. It holds no state and may die at any moment."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from typing import TYPE_CHECKING, Any

from attrs import frozen

from casepan.running import platform
from casepan.running.wire import Link, Message, describe_error

if TYPE_CHECKING:
    from casepan.config.lab import Lab
    from casepan.registry import Registry
    from casepan.running.attempt import Opened


@frozen
class Ready:
    """What a warm process has made ready for its children."""

    lab: Lab
    registry: Registry


def main(ready: Ready | None = None) -> int:
    """Do the job that comes over standard input; after an arrival perhaps also a case of it, if the supervisor says so.

    Args:
        ready: lab and registry in a forked child; a started one makes its own.
    """
    umask = os.umask(0o077)
    link = Link.on_standard_streams()
    job = link.receive()
    here = platform.current()
    here.end_with_parent(int(job["parent"]))
    here.limit(int(job["memory"]), int(job["file_size"]))
    _keep_to(str(job["scratch"]))
    opened: Opened = {}
    while "do" in job:  # nothing more, or somebody else's by now
        try:
            ready = ready or get_ready(job)
            end = run(job, link, umask, ready, opened)
        except BaseException as error:
            traceback.print_exc()
            end = {"error": describe_error(error)}
        link.send({"end": end})
        job = link.receive() if "taken" in end else {}
    return 0


def _keep_to(folder: str) -> None:
    """Temporary files of stages lie where the supervisor removes them, also those of a child that was killed."""
    os.chdir(folder)
    os.environ.update(dict.fromkeys(("TMPDIR", "TEMP", "TMP"), folder))
    tempfile.tempdir = folder


def run(job: Message, link: Link, umask: int, ready: Ready, opened: Opened) -> Message:
    """Take an arrival, or work on a case; the message for the supervisor."""
    from casepan.running.attempt import take, work

    if job["do"] == "arrival":
        return take(job, link, ready.lab, ready.registry, opened)
    return work(job, link, ready.lab, ready.registry, umask, opened)


def get_ready(job: Message) -> Ready:
    """Lab and registry as a message names them."""
    from casepan.config.lab import Lab
    from casepan.model.documents import from_document

    lab = from_document(job["lab"], Lab)
    return Ready(lab, load_registry(str(job["loader"]), lab))


def load_registry(loader: str, lab: Lab) -> Registry:
    """The registry with the lab's adapters, made by ``"module:function"``."""
    import importlib

    module, _, name = loader.partition(":")
    made: Any = importlib.import_module(module)
    for part in name.split("."):
        made = getattr(made, part)
    registry: Registry = made(tuple(lab.adapters))
    return registry


if __name__ == "__main__":
    sys.exit(main())
