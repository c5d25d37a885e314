"""What both ways into a DICOM archive share: what is asked of one, and how its answers are judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Protocol

from attrs import field, frozen

from casepan.api import DeliveryError, DeliveryRefused
from casepan_dicom.objects import Instance

NO_CLASS = 0x0122
"""Status "SOP class not supported" (PS3.7 C.5.6)."""
DUPLICATE = 0x0111
"""Status "duplicate SOP instance" (PS3.7 C.5.7): whoever answers so has the object of an earlier try."""

_FULL = 0xA7
_MISSING = 'Install it: pip install "casepan-dicom[network]"'


@frozen
class Held:
    """What an archive has of a study: the description of its series, and its instances."""

    series: str = ""
    instances: frozenset[str] = field(factory=frozenset)


class Archive(Protocol):
    """One way into an archive."""

    @property
    def place(self) -> str:
        """The archive, for receipts; no secret in it."""

    def store(self, instances: Sequence[Instance], may_go: Callable[[], None]) -> tuple[str, ...]:
        """Store instances one after the other; each is confirmed by the archive.

        Args:
            may_go: called before each; raises when this process may send no more.

        Returns:
            Warnings of the archive, each once: it has the object, but not as it came.

        Raises:
            DeliveryError: or one of its kinds.
        """

    def greet(self, kind: str) -> str:
        """A sentence when the archive answers, lets us in, answers queries and, as far as it tells, takes models of a kind.

        Nothing is sent.

        Raises:
            DeliveryError: or one of its kinds.
        """

    def held(self, study: str) -> Held:
        """What the archive has of a study.

        Raises:
            DeliveryError: it cannot be asked now.
        """


def needed(module: str) -> Any:
    """A module of the extra ``network``, imported when an archive is first spoken to.

    Raises:
        DeliveryRefused: it is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise DeliveryRefused(f"{module.partition('.')[0]} is not installed", hint=_MISSING) from error


def untrusted(place: str) -> DeliveryRefused:
    """The archive's certificate is not one of those that count."""
    hint = "Correct the address, or name the certificate of the archive's own authority in `ca`."
    return DeliveryRefused("the archive's certificate is not trusted", place=place, hint=hint)


def refused(status: int) -> DeliveryError:
    """The error for a failure status of storing (PS3.4 B.2.3)."""
    if status >> 8 == _FULL:
        return DeliveryError(
            "the archive has no room", hint="Free some space in the archive; casepan tries again by itself."
        )
    if status == NO_CLASS:
        return not_taken()
    reason = f"the archive refused an object with status {status:04X}"
    return DeliveryRefused(reason, hint="Look into the archive's log, then: casepan deliveries resend")


def not_taken() -> DeliveryRefused:
    """The archive does not know encapsulated models."""
    return DeliveryRefused(
        "the archive does not take encapsulated meshes of this kind",
        hint="Allow their SOP classes in the archive, or send dicom.stl instead of dicom.obj.",
    )
