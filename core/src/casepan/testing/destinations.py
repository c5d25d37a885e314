"""A destination folder on which everything can go wrong: full, read-only, cut off, altered, gone.

    faults = FaultyFolder(tmp_path / "out")
    with faults.full(after=10_000):
        exporter.deliver(case, ctx)

The faults are injected where Python opens and renames files, so that every exporter that writes files meets them. A real
disk or share is never needed, nor are rights that root would ignore.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from casepan.contract.stages import Watch


class Cut(BaseException):
    """The process ends here, as by a power cut: no exporter may catch it."""


class FaultyFolder:
    """A folder below which writing can be made to fail.

    Attributes:
        root: the folder.
        written: bytes written below it since the fault began.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.written = 0

    def full(self, after: int = 0) -> Any:
        """No space left once ``after`` bytes are written."""
        return self._failing(after, lambda: OSError(errno.ENOSPC, "No space left on device"))

    def vanished(self, after: int = 0) -> Any:
        """The share goes away once ``after`` bytes are written; then no call below the folder works."""
        return self._failing(after, lambda: OSError(errno.ESTALE, "Stale file handle"), all_calls=True)

    def cut(self, after: int = 0) -> Any:
        """The process dies once ``after`` bytes are written."""
        return self._failing(after, Cut)

    def read_only(self) -> Any:
        """Nothing below the folder may be changed."""
        return self._failing(-1, lambda: OSError(errno.EROFS, "Read-only file system"), all_calls=True)

    def altering(self) -> Any:
        """One bit of what is written is turned on its way, and nobody is told."""
        return self._patched(lambda _: None, lambda _: None, _turned)

    def slow(self, after: int, happens: Callable[[], object]) -> Any:
        """Writing takes so long that meanwhile something else happens, once: a fence is lost, a person cancels."""
        told: list[object] = []

        def wrote(total: int) -> None:
            if total > after and not told:
                told.append(happens())

        return self._patched(wrote, lambda _: None, None)

    def visible(self) -> dict[str, bytes]:
        """What somebody who watches the folder takes for delivered: path to bytes, without names of unfinished work."""
        skipped = Watch("").skip
        found = {}
        for path in sorted(self.root.rglob("*")) if self.root.is_dir() else ():
            parts = path.relative_to(self.root)
            if path.is_file() and not any(Path(part).match(pattern) for part in parts.parts for pattern in skipped):
                found[parts.as_posix()] = path.read_bytes()
        return found

    def _failing(self, after: int, error: Callable[[], BaseException], *, all_calls: bool = False) -> Any:
        def wrote(total: int) -> None:
            if total > after:
                raise error()

        def called(writing: bool) -> None:
            if writing and all_calls and self.written > after:
                raise error()

        return self._patched(wrote, called, None)

    @contextmanager
    def _patched(
        self, wrote: Callable[[int], None], called: Callable[[bool], None], change: Callable[[bytes], bytes] | None
    ) -> Iterator[FaultyFolder]:
        self.written = 0
        with ExitStack() as stack:
            opened = self._opening(wrote, called, change)
            stack.enter_context(patch.object(builtins, "open", opened))
            stack.enter_context(patch.object(io, "open", opened))
            for name in ("mkdir", "rename", "replace", "unlink", "remove", "rmdir"):
                stack.enter_context(patch.object(os, name, self._calling(getattr(os, name), called)))
            if hasattr(os, "sendfile"):  # it would copy past the wrapped file
                stack.enter_context(patch.object(os, "sendfile", _no_fast_copy))
            yield self

    def _opening(
        self, wrote: Callable[[int], None], called: Callable[[bool], None], change: Callable[[bytes], bytes] | None
    ) -> Callable[..., Any]:
        real = io.open

        def opened(file: Any, mode: str = "r", *more: Any, **named: Any) -> Any:
            writing = any(letter in mode for letter in "wxa+")
            if not self._is_below(file):
                return real(file, mode, *more, **named)
            called(writing)
            stream = real(file, mode, *more, **named)
            return _Watched(stream, self, wrote, change) if writing else stream

        return opened

    def _calling(self, real: Callable[..., Any], called: Callable[[bool], None]) -> Callable[..., Any]:
        def call(path: Any, *more: Any, **named: Any) -> Any:
            if self._is_below(path):
                called(True)
            return real(path, *more, **named)

        return call

    def _is_below(self, path: Any) -> bool:
        if not isinstance(path, str | os.PathLike):
            return False
        return Path(os.path.abspath(path)).is_relative_to(self.root)  # noqa: PTH100  # resolve() would touch the disk


class _Watched:
    """A file open for writing that counts, alters or refuses what is written."""

    def __init__(
        self, stream: Any, folder: FaultyFolder, wrote: Callable[[int], None], change: Callable[[bytes], bytes] | None
    ) -> None:
        self._stream = stream
        self._folder = folder
        self._wrote = wrote
        self._change = change

    def write(self, content: Any) -> int:
        """Write, after saying how much it will be then."""
        self._folder.written += len(content)
        self._wrote(self._folder.written)
        changed = self._change(bytes(content)) if self._change and not isinstance(content, str) else content
        return int(self._stream.write(changed))

    def writelines(self, lines: Any) -> None:
        """Write each line."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._stream)

    def __enter__(self) -> _Watched:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


def _turned(content: bytes) -> bytes:
    """The same length with one bit turned; short pieces stay, so that headers of archives survive."""
    if len(content) < 1_000:
        return content
    middle = len(content) // 2
    return content[:middle] + bytes((content[middle] ^ 1,)) + content[middle + 1 :]


def _no_fast_copy(*_: Any, **__: Any) -> int:
    raise OSError(errno.EINVAL, "not here")
