"""Core's own sample arrivals: any other scanner's files, and one that broke on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from casepan.contract.specs import Expected, Sample


def core_samples() -> Iterable[Sample]:
    """Loose role-named meshes in a folder, and the same with a download that broke off."""
    return (
        Sample(
            "any-scanner",
            "a folder of an unknown scanner, roles in the file names",
            _any_scanner,
            Expected(
                "core.generic",
                scans={
                    "Roe oberkiefer.stl": "arch/upper",
                    "Roe unterkiefer.stl": "arch/lower",
                    "Roe bite_left.stl": "bite/-",
                },
            ),
            evidence="real",
            demo=True,
        ),
        Sample(
            "broken-download",
            "the same, but the upper scan broke off while it was sent",
            _broken,
            Expected(
                "core.generic",
                scans={
                    "Poe upper.stl": "arch/upper",
                    "Poe lower.stl": "arch/lower",
                    "Poe bite.stl": "bite/-",
                },
                outcome="reject",
            ),
            evidence="real",
            demo=True,
        ),
    )


def _scans() -> tuple[bytes, bytes, bytes]:
    from casepan.testing import scan_bytes, small_scan

    return (
        scan_bytes(small_scan("upper"), "stl"),
        scan_bytes(small_scan("lower"), "stl"),
        scan_bytes(small_scan("bite"), "stl"),
    )


def _any_scanner() -> Mapping[str, bytes]:
    upper, lower, bite = _scans()
    folder = "Roe 2026-03-02"
    return {
        f"{folder}/Roe oberkiefer.stl": upper,
        f"{folder}/Roe unterkiefer.stl": lower,
        f"{folder}/Roe bite_left.stl": bite,
    }


def _broken() -> Mapping[str, bytes]:
    upper, lower, bite = _scans()
    folder = "Poe 2026-03-03"
    return {
        f"{folder}/Poe upper.stl": upper[: len(upper) * 2 // 3],
        f"{folder}/Poe lower.stl": lower,
        f"{folder}/Poe bite.stl": bite,
    }
