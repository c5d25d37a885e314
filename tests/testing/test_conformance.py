"""The conformance kit: it must find what a careless author does."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from casepan import api
from casepan.registry import Installed, Registry
from casepan.running.context import Bench
from casepan.testing import Failure, check_adapter, check_exporter, hostile_arrivals, look_alikes
from casepan.testing.conformance import adapter_rules, exporter_rules, importer_rules, observing
from casepan.testing.conformance.exporting import Rig, Rigged
from casepan.testing.conformance.running import try_adapter, try_exporter, try_importer

Deliver = Callable[[api.Case, api.ExportContext, api.NoOptions], api.Receipt]


class Careless:
    """An importer that breaks what an importer can break; ``Careless.way`` says how."""

    way = ""

    def __init__(self, options: api.NoOptions) -> None:
        self.options = options

    def candidates(self, ctx: api.ImportContext) -> Iterable[api.Recognition]:
        """The same as the hook, but for one way."""
        return () if self.way == "candidates" else recognise(ctx.listing)

    def read(self, candidate: api.Recognition, ctx: api.ImportContext) -> api.Case:
        """A case with one flaw."""
        if self.way == "bare":
            raise ZeroDivisionError("oops")
        scans = [api.scan_of(ctx, path, role="arch", arch="upper") for path in candidate.files if path.endswith("stl")]
        case = api.assemble_case(candidate, ctx, scans=scans, patient=api.Patient(name="Jane Roe"))
        return FLAWS[self.way](case, ctx) if self.way in FLAWS else case


def recognise(listing: api.Listing) -> Iterator[api.Recognition]:
    """Whoever has an ``order.bad`` is ours; in one way everybody is."""
    paths = tuple(entry.path for entry in listing.entries)
    if Careless.way == "greedy" or any(path.endswith("order.bad") for path in paths):
        yield api.Recognition("bad.order", "order 17", paths, "certain", ("order.bad",))


def touched(case: api.Case, ctx: api.ImportContext) -> api.Case:
    """The source gets a new file."""
    (Path(ctx.listing.root) / "done").touch()  # type: ignore[attr-defined]
    return case


def evolved(**changes: Any) -> Callable[[api.Case, api.ImportContext], api.Case]:
    """The case with these changes."""
    from attrs import evolve

    return lambda case, _: evolve(case, **changes)


WORDY = api.Finding("arrival.incomplete", "info", "the scan of Jane Roe is odd")
SECRET = api.Finding("bad.unheard-of", "info", "nobody has documented this")
LYING = api.Prescription(provenance={"notes": "file"})
FLAWS: dict[str, Callable[[api.Case, api.ImportContext], api.Case]] = {
    "source": touched,
    "lost": evolved(attachments=(), scans=()),
    "names": evolved(findings=(WORDY,)),
    "codes": evolved(findings=(SECRET,)),
    "provenance": evolved(prescription=LYING),
    "json": evolved(patient=api.Patient(raw={"scan": object()})),
}


def sample_files() -> dict[str, bytes]:
    """One order of the bad scanner."""
    return {"order 17/order.bad": b"x", "order 17/page.txt": b"y", "order 17/upper.stl": bytes(84)}


def straight(case: api.Case, ctx: api.ExportContext, _: api.NoOptions) -> api.Receipt:
    """Writes where it will be seen, checks nothing, asks nobody."""
    folder = ctx.base / "out" / ctx.place
    folder.mkdir(parents=True, exist_ok=True)
    for scan in case.scans:
        (folder / scan.file.name).write_bytes(ctx.read(scan.file))
    return api.Receipt(ctx.key, str(folder), ctx.now(), files={scan.id: scan.file.sha256 for scan in case.scans})


@pytest.fixture(autouse=True)
def bad_plugin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A plugin ``bad`` beside the installed ones, and no memory of what the kit saw before."""
    module = ModuleType("casepan_bad_plugin")
    here = __name__
    expected = api.Expected("bad.order", {"upper.stl": "arch/upper"}, vendor_id="order 17")
    hooks: dict[str, Callable[..., Any]] = {
        "casepan_adapter": lambda: api.AdapterInfo("bad", "Bad", api.API_VERSION, "careless"),
        "casepan_importers": lambda: (api.ImporterSpec("bad.order", "x", f"{here}:Careless"),),
        "casepan_exporters": lambda: (api.ExporterSpec("bad.straight", "x", f"{here}:STRAIGHT", max_faces=1_000),),
        "casepan_recognise": lambda listing: recognise(listing),
        "casepan_samples": lambda: (api.Sample("one", "one order", sample_files, expected),),
    }
    for name, hook in hooks.items():
        setattr(module, name, api.hookimpl(hook))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(sys.modules, here, sys.modules.get(here) or _this())
    registry = Registry.load(installed=(Installed("bad", module.__name__, "casepan-bad", "1"),))
    assert registry.problems == ()
    caches = (observing.registry, observing.observed, observing.disturbances)
    for cached in caches:
        cached.cache_clear()
    monkeypatch.setattr(observing, "registry", lambda: registry)
    for area in ("adapting", "exporting", "importing"):
        monkeypatch.setattr(f"casepan.testing.conformance.{area}.registry", lambda: registry)
    yield
    Careless.way = ""
    for cached in caches:
        cached.cache_clear()


def _this() -> ModuleType:
    module = ModuleType(__name__)
    module.__dict__.update(globals())
    return module


STRAIGHT = api.exporter(straight)

WAYS = [
    ("bare", "reads-without-an-error"),
    ("candidates", "candidates-equal-recognition"),
    ("source", "source-untouched"),
    ("lost", "every-file-is-accounted-for"),
    ("names", "names-stay-private"),
    ("codes", "findings-are-documented"),
    ("provenance", "provenance-is-exact"),
    ("json", "survives-as-json"),
]


@pytest.mark.parametrize(("way", "rule"), WAYS)
def test_a_careless_importer_is_found_out(way: str, rule: str) -> None:
    """Each flaw breaks the rule that is there for it, and the failure names rule and sample."""
    Careless.way = way
    (failure, *_) = try_importer("bad.order", rule)
    assert (failure.rule, failure.subject) == (rule, "one")
    assert failure.what in str(failure)


def test_an_importer_without_a_flaw_breaks_no_rule() -> None:
    """The rules do not fire by themselves."""
    assert [failure for rule in importer_rules() for failure in try_importer("bad.order", rule)] == []


def test_a_sample_that_promises_otherwise_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Roles, teeth, identity and number of cases are compared."""
    expected = api.Expected("bad.order", {"upper.stl": "bite/-"}, (11,), "another", closed=1, cases=2)
    sample = api.Sample("one", "one order", sample_files, expected)
    monkeypatch.setattr(Registry, "samples", lambda self: {"bad": (sample,)})
    for rule in ("recognised-as-expected", "roles-as-expected", "order-as-expected"):
        assert try_importer("bad.order", rule), rule


def test_a_greedy_recogniser_is_found_out() -> None:
    """It claims every hostile arrival, and every sample that is not its own."""
    Careless.way = "greedy"
    assert len(try_adapter("bad", "silent-on-hostile-arrivals")) == len(hostile_arrivals())
    assert len(try_adapter("bad", "silent-on-other-adapters")) == 2 + len(look_alikes())


def test_a_plugin_without_papers_is_found_out() -> None:
    """No quality file, no limits of its destination, no sample for the demo, no module that a fresh interpreter could import."""
    failures = check_adapter("bad")
    papers = {"claims-carry-evidence", "destinations-say-what-they-take", "has-samples"}
    expected = {*papers, "starts-without-heavy-imports"}
    assert {failure.rule for failure in failures} == expected
    assert all(isinstance(failure, Failure) for failure in failures)


def test_damage_that_ends_in_a_bare_exception_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only errors of casepan may come out of a broken document."""
    Careless.way = "bare"
    assert {failure.subject.split(":")[0] for failure in try_adapter("bad", "damage-is-said-in-words")} == {"one"}


def test_a_straight_exporter_is_found_out() -> None:
    """Whoever writes in place, verifies nothing and asks for no fence breaks nearly every rule."""
    broken = {failure.rule for failure in check_exporter("bad.straight")}
    kept = set(exporter_rules()) - broken
    assert kept == {
        "delivers-with-a-receipt",
        "leaves-no-traces-of-work",
        "a-probe-tells-absent-present-and-damaged",
    }


def test_every_rule_says_what_it_wants() -> None:
    """Its docstring is what an author reads when it breaks."""
    rules = {**adapter_rules(), **importer_rules(), **exporter_rules()}
    assert len(rules) > 30
    assert [name for name, rule in rules.items() if not rule.__doc__] == []


def test_faults_of_a_destination_end_with_their_block() -> None:
    """Outside the block the same call works, and what was written before the fault is counted."""
    with Rigged("core.folder", {}) as rig:
        assert isinstance(rig, Rig)
        with rig.folder.full(after=100):
            assert rig.folder.visible() == {}
            with pytest.raises(api.DeliveryError):
                rig.deliver()
        assert rig.folder.written > 100
        assert rig.deliver().files


@pytest.mark.parametrize("rule", ["a-full-disk-is-a-delivery-error", "a-cut-leaves-no-half-delivery"])
def test_the_kit_leaves_nothing_behind(rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scratch folders are removed, whatever went wrong in them."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    try_exporter("bad.straight", rule, {})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("hostile", hostile_arrivals(), ids=lambda hostile: hostile.name)
def test_hostile_arrivals_can_be_listed(hostile: Any, tmp_path: Path) -> None:
    """They come through the listing, so that recognisers really see them."""
    path = hostile.write(tmp_path)
    with Bench.at(path) as bench:
        assert bench.listing is not None
        assert bool(bench.listing.entries) == (hostile.name != "nothing")
