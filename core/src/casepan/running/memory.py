"""What a stage remembers between cases: a small JSON file per stage, changed under a lock and written durably."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import define

from casepan.errors import StateError
from casepan.running import platform
from casepan.running.durable import FILE_MODE, write_file

LOCK_TRIES = 600


@define
class StageMemory(MutableMapping[str, Any]):
    """A mapping of JSON values. Every read looks at the file, every write is durable when it returns."""

    file: Path | None
    _lost: dict[str, Any]

    @classmethod
    def of(cls, folder: Path | None, stage: str) -> StageMemory:
        """The memory of a stage; without a folder it is forgotten with this object."""
        return cls(folder / f"{stage}.json" if folder else None, {})

    def __getitem__(self, key: str) -> Any:
        return self._values()[key]

    def __setitem__(self, key: str, value: Any) -> None:
        with self._changing() as values:
            values[key] = value

    def __delitem__(self, key: str) -> None:
        with self._changing() as values:
            del values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values())

    def __len__(self) -> int:
        return len(self._values())

    def _values(self) -> dict[str, Any]:
        if self.file is None:
            return self._lost
        try:
            values = json.loads(self.file.read_bytes())
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise StateError(
                "what a stage remembers is damaged", place=str(self.file), hint="Remove the file."
            ) from error
        return dict(values)

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Any]]:
        if self.file is None:
            yield self._lost
            return
        with _locked(self.file.with_suffix(".lock")):
            values = self._values()
            yield values
            write_file(self.file, json.dumps(values, indent=2, sort_keys=True).encode())


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE)
    try:
        platform.wait_for_lock(handle, tries=LOCK_TRIES)
        yield
    finally:
        os.close(handle)
