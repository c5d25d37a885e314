"""How cases arrive: a watched folder for packages of CS Connect and IS Connect.

Unfinished downloads are left alone until they are whole.
"""

from __future__ import annotations

from casepan.api import Watch
from casepan_carestream.options import PackagesOptions


class Packages:
    """The importer ``carestream.packages``: tells the supervisor what to observe; the case is read by whoever recognises it."""

    def __init__(self, options: PackagesOptions) -> None:
        self.options = options

    def watch(self) -> Watch:
        """The folder to observe."""
        given = self.options
        return Watch(given.path, settle=given.settle, give_up=given.give_up, done=given.done, names=given.names)
