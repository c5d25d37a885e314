"""``core.inbox``: a folder into which exports are dropped. It observes; adapters recognise."""

from __future__ import annotations

from attrs import frozen

from casepan.contract.options import Duration, FolderPath, option
from casepan.contract.stages import Watch
from casepan.errors import ConfigError

_DEFAULT_SKIP = Watch(path="").skip


@frozen
class InboxOptions:
    """Where to look and when to take what is there."""

    path: FolderPath = option(doc="folder that exports are dropped into; a network share is fine")
    settle: Duration = option(Duration(30.0), "an arrival is taken when two listings this far apart are equal")
    give_up: Duration = option(Duration(7200.0), "an arrival with missing files is taken all the same after this time")
    done: str = option("leave", "`leave`, or `move:FOLDER` to move the source away once every receipt is there")
    names: tuple[str, ...] = option((), "patterns of names to take, such as `*.zip`; empty takes everything")
    skip: tuple[str, ...] = option(
        (), "patterns of names to leave alone, besides unfinished downloads and hidden files"
    )


class Inbox:
    """Tells the supervisor what to observe.

    Raises:
        ConfigError: ``done`` is neither ``leave`` nor ``move:FOLDER``, or a time is negative.
    """

    def __init__(self, options: InboxOptions) -> None:
        _check(options)
        self.options = options

    def watch(self) -> Watch:
        """The inbox to observe."""
        given = self.options
        return Watch(
            path=given.path,
            settle=given.settle,
            give_up=given.give_up,
            done=given.done,
            names=given.names,
            skip=(*_DEFAULT_SKIP, *given.skip),
        )


def _check(options: InboxOptions) -> None:
    move, folder = options.done.startswith("move:"), options.done.partition(":")[2].strip()
    if options.done != "leave" and not (move and folder):
        raise ConfigError("`done` of an inbox must be `leave` or `move:FOLDER`", hint='Write done = "move:done".')
    if options.settle < 0 or options.give_up < 0:
        raise ConfigError("the times of an inbox must not be negative", hint='Write settle = "30s".')
