"""What is refused before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from casepan.api import CasepanError, DeliveryError, DeliveryRefused, FenceLost
from casepan_deliver.addresses import parse_address, refuse_readable


@contextmanager
def before_sending() -> Iterator[None]:
    """A secret that is not there, a package that is not installed, a file that is gone: refused, with the same remedy.

    Nothing was sent yet, so none of it may be taken for an unknown outcome.

    Raises:
        DeliveryRefused: whatever else casepan raises in here.
    """
    try:
        yield
    except (DeliveryError, FenceLost):
        raise
    except CasepanError as error:
        raise DeliveryRefused(f"nothing was sent: {error.reason}", place=error.place, hint=error.hint) from error


def refuse_open_url(url: str, *, insecure: bool, query: bool = False) -> None:
    """Only https, or http to this machine, unless the lab says otherwise. The address is not quoted, it may be a secret.

    Args:
        query: True when it may end with ``?name=value``, as addresses of some chats do.

    Raises:
        ValueError: it cannot be used.
    """
    address = parse_address(url.partition("?")[0] if query else url, ("https", "http"))
    refuse_readable(address, insecure=insecure)
