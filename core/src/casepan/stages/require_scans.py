"""``core.require-scans``: upper, lower and a bite must be there before anybody starts."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from casepan.contract.context import Context
from casepan.contract.options import option
from casepan.knowledge.completeness import NO_ARCH, NO_BITE
from casepan.model.case import Case, Scan
from casepan.model.finding import Finding

ARCH_ROLES = ("arch", "preparation", "antagonist", "edentulous", "denture")


@frozen
class RequireScansOptions:
    """What a case must hold."""

    upper: bool = option(True, "an upper arch is required")
    lower: bool = option(True, "a lower arch is required")
    bite: bool = option(True, "the bite is required: a bite scan, or arches in one occlusion frame")
    frame_is_bite: bool = option(True, "arches that the layout promises to share one occlusion frame count as a bite")


class RequireScans:
    """Name what is missing. A case of closed files only is not judged: its files say nothing of what they hold."""

    def __init__(self, options: RequireScansOptions) -> None:
        self.options = options

    def check(self, case: Case, ctx: Context) -> Iterator[Finding]:  # noqa: ARG002
        """One ``completeness.missing-scan`` for each scan that is required and absent."""
        if case.closed and not any(scan.readable for scan in case.scans):
            return
        arches = case.scans_of(*ARCH_ROLES)
        yield from self._missing_arches(arches)
        if self.options.bite and not self._has_bite(case, arches):
            yield Finding(
                "completeness.missing-scan",
                "error",
                NO_BITE,
                hint="Ask the office to send the bite scan, or to export both arches in occlusion.",
            )

    def _missing_arches(self, arches: tuple[Scan, ...]) -> Iterator[Finding]:
        wanted = [arch for arch in ("upper", "lower") if getattr(self.options, arch)]
        missing = [arch for arch in wanted if not any(scan.arch in (arch, "both") for scan in arches)]
        unnamed = [scan for scan in arches if scan.arch is None]
        for arch, scan in zip(missing, unnamed, strict=False):
            yield Finding(
                "completeness.missing-scan",
                "warning",
                f"no scan is named {arch}, but {scan.id} names no arch: say which one it shows",
                scan=scan.id,
            )
        for arch in missing[len(unnamed) :]:
            yield Finding(
                "completeness.missing-scan",
                "error",
                NO_ARCH.format(arch=arch),
                hint=f"Ask the office to send the {arch} scan.",
            )

    def _has_bite(self, case: Case, arches: tuple[Scan, ...]) -> bool:
        if case.scans_of("bite") or any(scan.arch == "both" for scan in arches):
            return True
        if not self.options.frame_is_bite:
            return False
        frames = {arch: {scan.frame for scan in arches if scan.arch == arch} - {None} for arch in ("upper", "lower")}
        return bool(frames["upper"] & frames["lower"])
