"""Who knows this arrival? The highest confidence wins, file set by file set."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol

from attrs import evolve, frozen

from casepan.contract.listing import Listing, Recognition
from casepan.errors import AmbiguousCase, CaseError, UnrecognisedArrival
from casepan.model.finding import Finding

GENERIC = "core.generic"
MESHES = frozenset({"stl", "ply", "obj"})
_RANK = {"certain": 3, "likely": 2, "possible": 1}


class Recogniser(Protocol):
    """What is needed of the registry."""

    def recognise(self, listing: Listing) -> tuple[Recognition, ...]:
        """Every recognition of every enabled plugin."""


@frozen
class RecognitionResult:
    """What became of an arrival.

    Attributes:
        chosen: one recognition per case, in the order of their first files.
        others: recognitions that lost against a better one.
        findings: ``arrival.unrecognised`` or ``arrival.ambiguous`` with the reason; ``arrival.incomplete`` is not
            among them.
        error: the same as an exception when nothing was chosen or a choice could not be made, else None.
    """

    chosen: tuple[Recognition, ...] = ()
    others: tuple[Recognition, ...] = ()
    findings: tuple[Finding, ...] = ()
    error: CaseError | None = None

    def required(self) -> tuple[Recognition, ...]:
        """The chosen recognitions.

        Raises:
            UnrecognisedArrival: nobody knows the arrival. AmbiguousCase: two adapters claim it with equal confidence.
        """
        if self.error is not None and not self.chosen:
            raise self.error
        return self.chosen


def recognise(listing: Listing, registry: Recogniser) -> RecognitionResult:
    """Ask every enabled adapter and choose.

    For each set of overlapping claims the highest confidence wins; ``core.generic`` comes after everybody's
    ``possible``. Equal ``certain`` or ``likely`` of two plugins is ambiguous; equal ``possible`` of two plugins goes
    to ``core.generic``.
    """
    claims = tuple(registry.recognise(listing))
    special = [claim for claim in claims if claim.stage != GENERIC]
    chosen: list[Recognition] = []
    disputed: list[Recognition] = []
    for rank in (3, 2, 1):
        free = [
            claim for claim in special if _RANK[claim.confidence] == rank and not _overlaps(claim, [*chosen, *disputed])
        ]
        fought = [claim for claim in free if any(_rivals(claim, other) for other in free)]
        chosen += _one_stage_each([claim for claim in free if claim not in fought])
        disputed += fought if rank > 1 else []
    chosen += [claim for claim in claims if claim.stage == GENERIC and not _overlaps(claim, [*chosen, *disputed])]
    chosen.sort(key=lambda claim: min(claim.files, default=""))
    others = tuple(claim for claim in claims if claim not in chosen)
    asleep = sorted(item.name for item in getattr(registry, "available", ()))
    return _result(listing, _told_apart(chosen), others, disputed, asleep)


def _told_apart(chosen: Sequence[Recognition]) -> tuple[Recognition, ...]:
    """Two cases of one arrival are never revisions of each other: equal identities get the place of their files added."""
    shared = Counter((_plugin(claim), claim.vendor_id) for claim in chosen)
    return tuple(
        evolve(claim, vendor_id=f"{claim.vendor_id}/{_place(claim)}")
        if shared[_plugin(claim), claim.vendor_id] > 1
        else claim
        for claim in chosen
    )


def _place(claim: Recognition) -> str:
    """The folder that all its files share, else its first file: whatever no other claim can have."""
    folders = [posixpath.dirname(path.replace("!", "/")) for path in claim.files]
    return (posixpath.commonpath(folders) if folders else "") or min(claim.files, default="")


def _result(
    listing: Listing,
    chosen: tuple[Recognition, ...],
    others: tuple[Recognition, ...],
    disputed: Sequence[Recognition],
    asleep: Sequence[str],
) -> RecognitionResult:
    if not disputed and chosen:
        return RecognitionResult(chosen, others, _unclaimed(listing, chosen))
    error: CaseError = _ambiguous(listing, disputed) if disputed else _unrecognised(listing, asleep)
    code = "arrival.ambiguous" if disputed else "arrival.unrecognised"
    return RecognitionResult(chosen, others, (Finding(code, "error", error.reason, hint=error.hint),), error)


def _rivals(first: Recognition, second: Recognition) -> bool:
    return _plugin(first) != _plugin(second) and _overlaps(first, [second])


def _overlaps(claim: Recognition, others: Iterable[Recognition]) -> bool:
    files = set(claim.files)
    return any(files.intersection(other.files) for other in others)


def _plugin(claim: Recognition) -> str:
    return claim.stage.partition(".")[0]


def _one_stage_each(claims: Sequence[Recognition]) -> list[Recognition]:
    """Of two stages of one plugin on the same files, the one that claims more; claims of one stage may share a file."""
    kept: list[Recognition] = []
    for claim in sorted(claims, key=lambda claim: (-len(claim.files), -len(claim.evidence), claim.stage)):
        if not any(claim.stage != other.stage and _overlaps(claim, [other]) for other in kept):
            kept.append(claim)
    return kept


def _ambiguous(listing: Listing, disputed: Sequence[Recognition]) -> AmbiguousCase:
    names = sorted({claim.stage for claim in disputed})
    return AmbiguousCase(
        f"{' and '.join(names)} claim the same files with equal confidence",
        place=listing.name,
        hint="Enable only the adapter of this client's scanner, or give the client an inbox of its own.",
    )


def _unrecognised(listing: Listing, asleep: Sequence[str]) -> UnrecognisedArrival:
    suffixes = {entry.suffix for entry in listing.entries}
    reason, hint = _advice(suffixes)
    if asleep and suffixes:
        hint = f"{hint} Installed here but not enabled, and perhaps the one that knows it: {', '.join(asleep)}."
    return UnrecognisedArrival(reason, place=listing.name, hint=hint)


def _advice(suffixes: set[str]) -> tuple[str, str]:
    if not suffixes:
        return "an arrival without any file", "Ask the sender to export the case again."
    if suffixes & {"rar", "7z", "tar", "gz"}:
        return "an archive that is not a zip", "Unpack it and drop the folder, or ask for a zip."
    if suffixes & MESHES:
        return "meshes that no enabled importer takes", "Enable the adapter of this scanner in lab.toml."
    return (
        "nothing in it is a scan that an enabled adapter knows",
        "Ask for an export as STL, PLY or OBJ, or enable the adapter of this scanner in lab.toml.",
    )


def _unclaimed(listing: Listing, chosen: Sequence[Recognition]) -> tuple[Finding, ...]:
    """Meshes that belong to none of the cases must not disappear silently."""
    claimed = {path for claim in chosen for path in claim.files}
    left = [entry for entry in listing.entries if entry.suffix in MESHES and entry.path not in claimed]
    if not left:
        return ()
    message = f"{len(left)} meshes of the arrival belong to none of its cases"
    return (
        Finding(
            "arrival.unrecognised",
            "warning",
            message,
            value=float(len(left)),
            hint="Look at them with casepan inspect.",
        ),
    )
