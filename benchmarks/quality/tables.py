"""What was measured, as tables in Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

import numpy as np
from attrs import frozen

Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)

RECALL, ALARMS, TOLD, UNKNOWN = 0.98, 0.02, 0.97, 0.05
ENOUGH = 100  # positives of each fault; twice as many sound cases
_BANDS = ((0, 25_000), (25_000, 70_000), (70_000, 250_000), (250_000, 1_000_000))


@frozen
class Trial:
    """One planted fault: how large, in whom, and whether it was found, so many mm from its place."""

    fault: str
    size: float
    counts: bool
    targeted: bool
    seed: int
    triangles: int
    hit: bool
    away: float | None

    @property
    def fine(self) -> bool:
        """Found, or too small to count."""
        return self.hit or not self.counts


@frozen
class Arch:
    """What an arch is, and what it was taken for: None for no answer."""

    true: str
    shown: str | None


@frozen
class Sound:
    """What was said against one sound case."""

    coverage: str
    seed: int
    triangles: int
    scans: int
    alarms: tuple[tuple[str, str], ...]
    arches: tuple[Arch, ...]

    @property
    def fine(self) -> bool:
        """Nothing said against it, and no arch taken for the other."""
        return not self.alarms and all(arch.shown in (arch.true, None) for arch in self.arches)


def told(trials: list[Trial], sound: list[Sound], real: list[Counter[str]]) -> str:
    """All tables."""
    parts = []
    if trials:
        parts += ["## Recall above the limit", recall(trials), "## Recall over size", over_size(trials)]
        parts += ["## Recall over density", over_density(trials), missed(trials)]
    if sound:
        parts += ["## False alarms", false_alarms(sound), "## Upper or lower by shape", arches(sound)]
    if real:
        parts += ["## Bent real casts without a planted fault", real_casts(real)]
    return "\n\n".join(parts)


def recall(trials: list[Trial]) -> str:
    rows = []
    for name, group in _grouped([trial for trial in trials if trial.counts], lambda trial: trial.fault):
        hits, count = sum(trial.hit for trial in group), len(group)
        errors = [trial.away for trial in group if trial.hit and trial.away is not None]
        place = f"{np.median(errors):.2f} / {np.percentile(errors, 95):.2f}" if errors else "-"
        verdict = _verdict(hits / count >= RECALL, count, ENOUGH) if group[0].targeted else "no target"
        rows.append((name, count, f"{hits / count:.3f}", _interval(hits, count), place, verdict))
    return _table(("fault", "n", "recall", "95 %", "place error mm, median / 95 %", "target 0.98"), rows)


def over_size(trials: list[Trial]) -> str:
    rows = []
    names = list(dict.fromkeys(trial.fault for trial in trials))
    ordered = sorted(trials, key=lambda trial: (names.index(trial.fault), trial.size))
    for (name, size), group in _grouped(ordered, lambda trial: (trial.fault, trial.size)):
        hits, count = sum(trial.hit for trial in group), len(group)
        which = "" if group[0].counts else "below the limit"
        rows.append((name, f"{size:g}", count, f"{hits / count:.2f}", _interval(hits, count), which))
    return _table(("fault", "size", "n", "recall", "95 %", ""), rows)


def over_density(trials: list[Trial]) -> str:
    rows = []
    for low, high in _BANDS:
        group = [trial for trial in trials if trial.counts and trial.targeted and low <= trial.triangles < high]
        if group:
            hits = sum(trial.hit for trial in group)
            rows.append((_band(low, high), len(group), f"{hits / len(group):.3f}", _interval(hits, len(group))))
    return _table(("triangles an arch", "n (all faults)", "recall", "95 %"), rows)


def missed(trials: list[Trial]) -> str:
    """Every miss above a limit, so that it can be looked at again."""
    rows = [
        (
            trial.fault,
            f"{trial.size:g}",
            trial.seed,
            trial.triangles,
            "-" if trial.away is None else f"{trial.away:.1f}",
        )
        for trial in trials
        if trial.counts and not trial.hit
    ]
    return "Missed:\n\n" + _table(("fault", "size", "seed", "triangles", "nearest finding mm"), sorted(rows))


def false_alarms(sound: list[Sound]) -> str:
    rows: list[tuple[object, ...]] = [_alarm_row("all", sound)]
    rows += [_alarm_row(name, group) for name, group in _grouped(sound, lambda case: case.coverage)]
    for low, high in _BANDS:
        group = [case for case in sound if low <= case.triangles < high]
        rows += [_alarm_row(_band(low, high), group)] if group else []
    listed = [
        f"- {code}: {words} ({case.coverage}, seed {case.seed}, {case.triangles})"
        for case in sound
        for code, words in case.alarms
    ]
    head = ("cases", "n", "scans", "alarms", "alarms a scan", "95 %", "target 0.02")
    return "\n\n".join([_table(head, rows), "\n".join(sorted(listed)) or "No alarm."])


def _alarm_row(name: str, group: list[Sound]) -> tuple[object, ...]:
    scans, count = sum(case.scans for case in group), sum(len(case.alarms) for case in group)
    verdict = _verdict(count / scans <= ALARMS, len(group), 2 * ENOUGH) if name == "all" else ""
    return name, len(group), scans, count, f"{count / scans:.4f}", _interval(min(count, scans), scans), verdict


def arches(sound: list[Sound]) -> str:
    rows = [_arch_row("all", sound)] + [_arch_row(name, group) for name, group in _grouped(sound, lambda c: c.coverage)]
    return _table(("cases", "arches", "told", "right of those told", "95 %", "no answer", "95 %", "target"), rows)


def _arch_row(name: str, group: list[Sound]) -> tuple[object, ...]:
    every = [arch for case in group for arch in case.arches]
    answers = [arch for arch in every if arch.shown is not None]
    right, silent = sum(arch.shown == arch.true for arch in answers), len(every) - len(answers)
    met = bool(answers) and right / len(answers) >= TOLD and silent / len(every) <= UNKNOWN
    share = f"{right / len(answers):.3f}" if answers else "-"
    silence = f"{silent / len(every):.3f}", _interval(silent, len(every))
    verdict = _verdict(met, len(group), 2 * ENOUGH) if name == "all" else ""
    return name, len(every), len(answers), share, _interval(right, len(answers)), *silence, verdict


def real_casts(real: list[Counter[str]]) -> str:
    total: Counter[str] = Counter()
    for found in real:
        total.update(found)
    rows = [(code, count, f"{count / len(real):.2f}") for code, count in total.most_common()]
    return f"{len(real)} casts. What is true of them nobody knows; none counts as a false alarm.\n\n" + _table(
        ("code", "casts", "share"), rows
    )


def wilson(hits: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    z, share = 1.96, hits / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * float(np.sqrt(share * (1 - share) / count + z * z / (4 * count * count))) / (1 + z * z / count)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _verdict(met: bool, count: int, enough: int) -> str:
    """Whether a target is met; of too few cases it is only so far."""
    return f"{'met' if met else 'MISSED'}{'' if count >= enough else ', too few cases'}"


def _interval(hits: int, count: int) -> str:
    if not count:
        return "-"
    low, high = wilson(hits, count)
    return f"{low:.3f} to {high:.3f}"


def _band(low: int, high: int) -> str:
    return f"{low:,} to {high:,}"


def _grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> list[tuple[Key, list[Item]]]:
    """Items by key, in the order in which keys first come."""
    groups: dict[Key, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return list(groups.items())


def _table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)
