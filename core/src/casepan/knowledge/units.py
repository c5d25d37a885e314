"""The sizes of scans in millimetres, and what is said of one that fits another unit, or none."""

from __future__ import annotations

from casepan.model.finding import Finding

UNITS = {"metres": 1000.0, "inches": 25.4, "centimetres": 10.0, "micrometres": 0.001}
"""Units in which exports came by mistake, and their millimetres."""
WHOLE_ARCH_MM, SMALLER_MM = (50.0, 95.0), (8.0, 80.0)
"""Usual longest sides of whole arches, and of bite, gingiva and scan body scans."""


def unit_finding(scan: str, longest: float, limits: tuple[float, float], *, is_arch: bool = True) -> Finding | None:
    """``identity.unit``, or None for a scan of a plausible size.

    Args:
        scan: id of the scan.
        longest: its longest side, taken as millimetres.
        limits: smallest and largest longest side, mm.
        is_arch: False for scans that show less than an arch.
    """
    low, high = limits
    if low <= longest <= high:
        return None
    size = f"{longest:.4g}" if longest < 10_000 else f"{longest:,.0f}"
    return Finding(
        "identity.unit",
        "error",
        f"the longest side measures {size} as if in millimetres{_guess(longest, is_arch)}",
        scan=scan,
        value=round(longest, 6),
        limit=low if longest < low else high,
        unit="mm",
        hint=f"Ask for an export in millimetres{', or check that the file shows an arch' if is_arch else ''}.",
    )


def _guess(longest: float, is_arch: bool) -> str:
    low, high = WHOLE_ARCH_MM if is_arch else SMALLER_MM
    fitting = [name for name, factor in UNITS.items() if low <= longest * factor <= high]
    if fitting:
        return f": the file seems to be in {' or '.join(fitting)}"
    return ": no usual unit makes an arch of it" if is_arch else ""
