"""What an adapter does with its samples: everything the rules look at, done once per process."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path

from attrs import frozen

from casepan.contract.listing import Recognition
from casepan.contract.specs import Sample
from casepan.errors import CasepanError
from casepan.model.case import Case
from casepan.registry import Plugin, Registry
from casepan.running.context import Bench
from casepan.testing.lookalikes import look_alikes

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
"""The time of every conformance run."""


@frozen
class Failure:
    """One thing that does not hold.

    Attributes:
        rule: name of the rule (``"source-untouched"``); its function's docstring says what it wants.
        subject: what it was tried on: a sample, a hostile arrival, a stage.
        what: what was seen.
    """

    rule: str
    subject: str
    what: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.what}"


@frozen
class Observed:
    """What became of one sample.

    Attributes:
        sample: the sample; arrival: the name of what was handed over.
        paths: every file that the arrival lists.
        claims, claims_again: what the plugin recognised in two copies at different places.
        cases, cases_again: what its importers read, and read again from the other copy.
        candidates: what the importers' own ``candidates`` said.
        before, after: path to SHA-256 of the source around the first reading.
        error: what was raised instead, as ``"Type: reason"``.
    """

    sample: Sample
    arrival: str
    paths: tuple[str, ...] = ()
    claims: tuple[Recognition, ...] = ()
    claims_again: tuple[Recognition, ...] = ()
    candidates: tuple[Recognition, ...] = ()
    cases: tuple[Case, ...] = ()
    cases_again: tuple[Case, ...] = ()
    before: Mapping[str, str] = {}
    after: Mapping[str, str] = {}
    error: str | None = None


@frozen
class Reading:
    """One recognition and reading of an arrival by one plugin."""

    paths: tuple[str, ...]
    claims: tuple[Recognition, ...]
    candidates: tuple[Recognition, ...]
    cases: tuple[Case, ...]


@cache
def registry() -> Registry:
    """Every installed plugin."""
    return Registry.load()


@cache
def observed(adapter: str) -> tuple[Observed, ...]:
    """Every sample of an adapter, observed."""
    return tuple(observe(adapter, sample) for sample in registry().samples().get(adapter, ()))


def observe(adapter: str, sample: Sample) -> Observed:
    """Write a sample twice, read both copies with its plugin alone, and look at the source before and after."""
    with tempfile.TemporaryDirectory(prefix="casepan-kit-") as scratch:
        first, second = Path(scratch, "one", "inbox"), Path(scratch, "the other place", "inbox")
        path, other = sample.write(first), sample.write(second)
        before = fingerprint(first)
        try:
            one, two = read(adapter, path), read(adapter, other)
        except Exception as error:
            return Observed(sample, path.name, before=before, after=fingerprint(first), error=words(error))
        return Observed(
            sample,
            path.name,
            one.paths,
            one.claims,
            two.claims,
            one.candidates,
            one.cases,
            two.cases,
            before,
            fingerprint(first),
        )


def read(adapter: str, path: Path) -> Reading:
    """Recognise a path with one plugin alone and read every case that it claims."""
    with Bench.at(path, clock=lambda: NOON) as bench:
        assert bench.listing is not None
        claims = claims_of(adapter, bench)
        importers = {claim.stage: registry().build(claim.stage) for claim in claims}
        candidates = [
            found for stage, importer in importers.items() for found in importer.candidates(bench.importing(stage))
        ]
        cases = tuple(importers[claim.stage].read(claim, bench.importing(claim.stage)) for claim in claims)
        return Reading(tuple(entry.path for entry in bench.listing.entries), claims, tuple(candidates), cases)


def claims_of(adapter: str, bench: Bench) -> tuple[Recognition, ...]:
    """What one plugin recognises on a bench."""
    answers = plugin(adapter).hooks.casepan_recognise(listing=bench.listing)
    return tuple(claim for answer in answers for claim in answer)


def disturbance(adapter: str, bench: Bench) -> str | None:
    """What one plugin makes of an arrival that is not its own: None when it is silent, as it must be."""
    try:
        claims = claims_of(adapter, bench)
    except Exception as error:
        return f"raised {words(error)}"
    return f"claimed as {claims[0].stage}, {claims[0].confidence}" if claims else None


@cache
def disturbances() -> tuple[tuple[str, str, str], ...]:
    """Adapter, sample and what it did, for every plugin that is not silent on a sample of another one or on a look-alike."""
    names = [plugin.name for plugin in registry().plugins if plugin.name != "core"]
    found = []
    for owner, samples in {**registry().samples(), "look-alike": look_alikes()}.items():
        for sample in samples:
            with (
                tempfile.TemporaryDirectory(prefix="casepan-kit-") as scratch,
                Bench.at(sample.write(Path(scratch))) as b,
            ):
                said = ((name, disturbance(name, b)) for name in names if name != owner)
                found += [(name, f"{owner} {sample.name}", what) for name, what in said if what]
    return tuple(found)


def plugin(adapter: str) -> Plugin:
    """The loaded plugin. Raises ``AdapterError`` when it is not installed or broken."""
    return registry().plugin(adapter)


def fingerprint(folder: Path) -> Mapping[str, str]:
    """Path to SHA-256 of every file below a folder, empty folders included."""
    found = sorted(path for path in folder.rglob("*"))
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        for path in found
    }


def words(error: BaseException) -> str:
    """An error in one line."""
    text = error.reason if isinstance(error, CasepanError) else str(error)
    return f"{type(error).__name__}: {text}"
