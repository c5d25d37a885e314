"""Results in a file, one line for each mouth, so that a run can be stopped and taken up again."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from attrs import asdict, define, field
from tables import Arch, Sound, Trial

Task = tuple[int, int]
TRIALS, SOUND, REAL = range(3)


@define
class Results:
    """What is known so far.

    Attributes:
        path: the file, None to keep nothing.
        found: trials, sound cases and real casts, by kind of work.
        done: the work that is behind them.
    """

    path: Path | None
    found: tuple[list[Trial], list[Sound], list[Counter[str]]] = field(factory=lambda: ([], [], []))
    done: set[Task] = field(factory=set)

    @classmethod
    def at(cls, path: Path | None) -> Results:
        """What the file holds; nothing where there is none."""
        results = cls(path)
        lines = path.read_text().splitlines() if path is not None and path.exists() else []
        for line in lines:
            kept = json.loads(line)
            kind, number = kept["task"]
            results._take((kind, number), [_read(kind, values) for values in kept["results"]])
        return results

    def add(self, task: Task, results: list[Any]) -> None:
        """Take new results and write them down."""
        self._take(task, results)
        if self.path is not None:
            with self.path.open("a") as file:
                plain = [dict(one) if isinstance(one, Counter) else asdict(one) for one in results]
                file.write(json.dumps({"task": task, "results": plain}) + "\n")

    def _take(self, task: Task, results: list[Any]) -> None:
        self.found[task[0]].extend(results)
        self.done.add(task)


def _read(kind: int, values: dict[str, Any]) -> Any:
    if kind == TRIALS:
        return Trial(**values)
    if kind == REAL:
        return Counter(values)
    arches = tuple(Arch(**arch) for arch in values.pop("arches"))
    alarms = tuple((code, words) for code, words in values.pop("alarms"))
    return Sound(**values, alarms=alarms, arches=arches)
