"""How iTero cases arrive: a watched folder of downloads from the MyiTero portal."""

from __future__ import annotations

from casepan.api import Watch
from casepan_itero.options import DownloadsOptions


class Downloads:
    """The importer ``itero.downloads``: tells the supervisor what to observe; the case is read by whoever recognises it."""

    def __init__(self, options: DownloadsOptions) -> None:
        self.options = options

    def watch(self) -> Watch:
        """The folder to observe; unfinished downloads in it are left alone."""
        given = self.options
        return Watch(given.path, settle=given.settle, give_up=given.give_up, done=given.done, names=given.names)
