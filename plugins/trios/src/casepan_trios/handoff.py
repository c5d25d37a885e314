"""How 3Shape cases arrive: a watched folder of open exports, portal downloads or incoming orders (one folder each)."""

from __future__ import annotations

from casepan.api import Watch
from casepan_trios.options import InboxOptions


class Inbox:
    """The importer ``trios.inbox``: tells the supervisor what to observe; the case is read by whoever recognises it."""

    def __init__(self, options: InboxOptions) -> None:
        self.options = options

    def watch(self) -> Watch:
        """The folder to observe; unfinished downloads in it are left alone."""
        given = self.options
        return Watch(given.path, settle=given.settle, give_up=given.give_up, done=given.done, names=given.names)
