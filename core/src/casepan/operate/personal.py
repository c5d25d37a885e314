"""Where the files of an ecosystem name people, for steps that take people out."""

from __future__ import annotations

from casepan.contract.specs import Personal
from casepan.registry import Registry


def personal_of(adapter: str) -> Personal:
    """What an adapter declares as ``AdapterInfo.personal``; nothing for core and for plugins without files of their own.

    Only that adapter is loaded.
    """
    for plugin in Registry.load((adapter,)).plugins:
        if plugin.name == adapter:
            return plugin.info.personal or Personal()
    return Personal()
