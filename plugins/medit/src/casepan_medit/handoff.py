"""How cases arrive: a watched folder for Medit Link's downloads.

Unfinished downloads are left alone until they are whole.
"""

from __future__ import annotations

from casepan.api import Watch
from casepan_medit.options import DownloadsOptions


class Downloads:
    """The importer ``medit.downloads``: tells the supervisor what to observe; the case is read by whoever recognises it."""

    def __init__(self, options: DownloadsOptions) -> None:
        self.options = options

    def watch(self) -> Watch:
        """The folder to observe."""
        given = self.options
        return Watch(given.path, settle=given.settle, give_up=given.give_up, done=given.done, names=given.names)
