"""Rules for an adapter as a whole: what it declares, and what it does with arrivals that are not its own."""

from __future__ import annotations

import atexit
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.resources import files
from pathlib import Path

from attrs import asdict, fields

from casepan.contract.specs import (
    ExporterSpec,
    ImporterSpec,
    ObserverSpec,
    StageSpec,
    TransformerSpec,
    ValidatorSpec,
)
from casepan.errors import AdapterError, CasepanError
from casepan.running.context import Bench
from casepan.testing.conformance.observing import disturbance, disturbances, plugin, read, registry, words
from casepan.testing.hostile import damaged_copies, hostile_arrivals

Found = Iterator[tuple[str, str]]
HEAVY = ("numpy", "scipy", "trimesh")
_METHODS = {
    ImporterSpec: "read",
    ValidatorSpec: "check",
    TransformerSpec: "apply",
    ExporterSpec: "deliver",
    ObserverSpec: "observe",
}
_FORMATS = frozenset(("stl", "ply", "obj", "glb", "hps", "dicom"))
_TIERS = ("bronze", "silver", "gold")
_EVIDENCE = ("real", "code", "documented", "inferred")


def declares_who_it_is(adapter: str) -> Found:
    """Title and summary are there; the card of an ecosystem has every line, and then formats and evidence are named."""
    info = plugin(adapter).info
    if not info.title.strip() or not info.summary.strip():
        yield adapter, "no title or no summary"
    if info.openness and not all(text.strip() for text in asdict(info.openness).values()):
        yield adapter, "an empty line on its card"
    if info.openness and not (info.formats and info.evidence and info.scanners):
        yield adapter, "a card without formats, evidence or scanners"


def starts_without_heavy_imports(adapter: str) -> Found:
    """Loading the plugin and its options imports neither numpy nor scipy nor trimesh."""
    modules = {_module(adapter)}
    modules |= {spec.options.partition(":")[0] for spec in plugin(adapter).stages if spec.options}
    heavy = f"[name for name in {HEAVY} if name in sys.modules]"
    code = f"import sys, importlib\nfor name in {sorted(modules)}: importlib.import_module(name)\nprint(*{heavy})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode or done.stdout.strip():
        yield adapter, f"imports {done.stdout.strip() or done.stderr.strip().splitlines()[-1:]}"


def stages_can_be_built(adapter: str) -> Found:
    """Each factory exists and has the method of its kind; each option says what it means."""
    for spec in plugin(adapter).stages:
        try:
            options, factory = registry().options_type(spec.name), _factory(spec)
        except (AdapterError, ImportError, AttributeError) as error:
            yield spec.name, words(error)
            continue
        missing = [name for name in _methods(spec) if not callable(getattr(factory, name, None))]
        if missing:
            yield spec.name, f"has no {', '.join(missing)}"
        for field in fields(options):
            if not field.metadata.get("doc"):
                yield spec.name, f"the option {field.name!r} does not say what it means"


def destinations_say_what_they_take(adapter: str) -> Found:
    """Each exporter declares its limits for names; its formats are words of the kit's; each phrase of loss says something."""
    for spec in plugin(adapter).stages:
        if not isinstance(spec, ExporterSpec):
            continue
        if spec.names is None:
            yield spec.name, "does not say which names it takes (`names`)"
        if unknown := set(spec.formats) - _FORMATS:
            yield spec.name, f"takes formats that nobody writes: {', '.join(sorted(unknown))}"
        told = getattr(registry().options_type(spec.name), "not_carried", None)
        if not all(phrase.strip() for phrase in spec.not_carried) or (told is not None and not callable(told)):
            yield spec.name, "an empty phrase in `not_carried`, or one that is no method of its options"


def findings_have_pages(adapter: str) -> Found:
    """Each finding code is explained with title, cause, example and remedy."""
    for doc in plugin(adapter).findings:
        if not all((doc.title.strip(), doc.cause.strip(), doc.example.strip(), doc.remedy.strip())):
            yield doc.code, "a page with an empty part"


def claims_carry_evidence(adapter: str) -> Found:
    """``quality.toml`` beside the plugin names a tier, claims with their sources, and exemptions with their reasons."""
    package = _module(adapter).rpartition(".")[0]
    page = files(package) / "quality.toml" if package else None
    if page is None or not page.is_file():
        yield adapter, "there is no quality.toml in its package"
        return
    quality = tomllib.loads(page.read_text(encoding="utf-8"))
    if quality.get("tier") not in _TIERS or not quality.get("claims"):
        yield adapter, f"quality.toml without claims or with a tier that is none of {', '.join(_TIERS)}"
    for claim in quality.get("claims", ()):
        if not (claim.get("claim") and claim.get("source") and claim.get("evidence") in _EVIDENCE):
            yield adapter, f"a claim without source, or with evidence that is none of {', '.join(_EVIDENCE)}"
    if not all(item.get("rule") and item.get("reason") for item in quality.get("exemptions", ())):
        yield adapter, "an exemption without rule or reason"


def has_samples(adapter: str) -> Found:
    """There are generated arrivals with unique names, one of them for the demo."""
    samples = registry().samples().get(adapter, ())
    if len({sample.name for sample in samples}) != len(samples) or not any(sample.demo for sample in samples):
        yield adapter, "no sample for the demo, or two samples of one name"


def silent_on_hostile_arrivals(adapter: str) -> Found:
    """Arrivals that belong to nobody are neither claimed nor stumbled over."""
    for hostile in hostile_arrivals():
        with Bench.at(_hostile_folder() / hostile.name) as bench:
            if what := disturbance(adapter, bench):
                yield hostile.name, what


def silent_on_other_adapters(adapter: str) -> Found:
    """Samples of every other installed plugin, and look-alikes of known exports, are not claimed."""
    return ((subject, what) for name, subject, what in disturbances() if name == adapter)


def damage_is_said_in_words(adapter: str) -> Found:
    """Broken documents of its own end in a case, in silence, or in an error of ``casepan.errors``; never in another."""
    for sample in registry().samples().get(adapter, ()):
        for broken in damaged_copies(sample):
            with tempfile.TemporaryDirectory(prefix="casepan-kit-") as scratch:
                try:
                    read(adapter, broken.write(Path(scratch)))
                except CasepanError:
                    continue
                except Exception as error:
                    yield broken.name, f"raised {words(error)}"


RULES = (
    declares_who_it_is,
    starts_without_heavy_imports,
    stages_can_be_built,
    destinations_say_what_they_take,
    findings_have_pages,
    claims_carry_evidence,
    has_samples,
    silent_on_hostile_arrivals,
    silent_on_other_adapters,
    damage_is_said_in_words,
)


@cache
def _hostile_folder() -> Path:
    """Written once per process, removed at its end."""
    folder = Path(tempfile.mkdtemp(prefix="casepan-hostile-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for hostile in hostile_arrivals():
        hostile.write(folder)
    return folder


def _module(adapter: str) -> str:
    """The module that an adapter's entry point names."""
    (module,) = {hook.plugin for hook in plugin(adapter).hooks.casepan_adapter.get_hookimpls()}
    return str(getattr(module, "__name__", ""))


def _factory(spec: StageSpec) -> object:
    module, _, name = spec.factory.partition(":")
    return getattr(import_module(module), name)


def _methods(spec: StageSpec) -> tuple[str, ...]:
    if isinstance(spec, ImporterSpec):
        return ("watch",) if spec.watches else ("candidates", "read")
    named = (_METHODS[type(spec)],)
    return (*named, "probe") if isinstance(spec, ExporterSpec) and spec.probe else named
