"""The registry: hostile plugins are reported, all others work."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from casepan.errors import AdapterError
from casepan.registry import Installed, Registry

GOOD = """
from casepan.api import API_VERSION, AdapterInfo, ValidatorSpec, hookimpl, validator

@validator
def check(case, ctx, options):
    return []

@hookimpl
def casepan_adapter():
    return AdapterInfo(name="{name}", title="Good", api_version={api}, summary="fine")

@hookimpl
def casepan_validators():
    return [ValidatorSpec("{name}.fine", "always fine", f"{{__name__}}:check")]
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Installed]:
    """Write a plugin module and get it as an installed entry point."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(name: str, source: str, distribution: str | None = None) -> Installed:
        module = f"hostile_{name}_{abs(hash((source, str(tmp_path))))}"
        (tmp_path / f"{module}.py").write_text(textwrap.dedent(source), encoding="utf-8")
        return Installed(name, module, distribution or f"casepan-{name}", "1.0")

    return make


def test_a_good_plugin_offers_its_stages(plugin: Callable[..., Installed]) -> None:
    """A stage of a loaded plugin can be found and built."""
    registry = Registry.load(installed=[plugin("good", GOOD.format(name="good", api="API_VERSION"))])
    assert [item.name for item in registry.plugins] == ["core", "good"]
    assert list(registry.build("good.fine").check(None, None)) == []


HOSTILE = {
    "raises": ("raise RuntimeError('boom')", "boom"),
    "exits": ("import sys; sys.exit(3)", "SystemExit"),
    "missing": ("import no_such_module_anywhere", "no_such_module_anywhere"),
    "misspelt": (
        GOOD.format(name="x", api=1) + "\n@hookimpl\ndef casepan_recognize(listing):\n    return ()\n",
        "casepan_recognise",
    ),
    "undecorated": (GOOD.format(name="x", api=1) + "\ndef casepan_recognise(listing):\n    return ()\n", "@hookimpl"),
    "wrong-arguments": (
        GOOD.format(name="x", api=1) + "\n@hookimpl\ndef casepan_recognise(folder):\n    return ()\n",
        "folder",
    ),
    "newer": (GOOD.format(name="x", api=99), "Upgrade casepan."),
    "older": (GOOD.format(name="x", api=0), "Upgrade casepan-x."),
    "other-name": (GOOD.format(name="y", api=1), "calls itself"),
    "anonymous": ("x = 1", "does not say who it is"),
    "no-info": ("from casepan.api import hookimpl\n@hookimpl\ndef casepan_adapter():\n    return {}", "no AdapterInfo"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_plugin_is_reported_and_the_others_work(plugin: Callable[..., Installed], kind: str) -> None:
    """Whatever a plugin does at import or declaration, it is named with a remedy and the good one is usable."""
    source, expected = HOSTILE[kind]
    registry = Registry.load(
        installed=[plugin("x", source), plugin("good", GOOD.format(name="good", api="API_VERSION"))]
    )
    assert [item.name for item in registry.plugins] == ["core", "good"]
    (problem,) = registry.problems
    assert problem.distribution == "casepan-x"
    assert expected in f"{problem.reason} {problem.hint}"
    with pytest.raises(AdapterError):
        registry.spec("x.fine")


def test_two_distributions_with_one_name_are_both_refused(plugin: Callable[..., Installed]) -> None:
    """Nobody can tell which one the lab means, so both are named and none is loaded."""
    source = GOOD.format(name="same", api=1)
    registry = Registry.load(installed=[plugin("same", source, "casepan-same"), plugin("same", source, "other-same")])
    (problem,) = registry.problems
    assert "casepan-same 1.0" in problem.reason
    assert "other-same 1.0" in problem.reason
    assert [item.name for item in registry.plugins] == ["core"]


def test_nobody_may_call_itself_core(plugin: Callable[..., Installed]) -> None:
    """The name core belongs to casepan."""
    registry = Registry.load(installed=[plugin("core", GOOD.format(name="core", api=1))])
    assert "casepan itself" in registry.problems[0].reason


@pytest.mark.parametrize(
    ("declares", "expected"),
    [
        ('[ValidatorSpec("other.fine", "s", "m:f")]', "must begin with"),
        ('[ValidatorSpec("x.fine", "s", "m:f"), ValidatorSpec("x.fine", "s", "m:f")]', "twice"),
        ('["x.fine"]', "no stage"),
        ('[ValidatorSpec("x fine", "s", "m:f")]', "plugin.stage-name"),
    ],
)
def test_bad_declarations_are_refused(plugin: Callable[..., Installed], declares: str, expected: str) -> None:
    """A plugin declares its own stages only, each once, as specs."""
    source = GOOD.format(name="x", api=1).replace(
        '[ValidatorSpec("x.fine", "always fine", f"{__name__}:check")]', declares
    )
    registry = Registry.load(installed=[plugin("x", source)])
    assert expected in f"{registry.problems[0].reason} {registry.problems[0].hint}"


def test_a_plugin_that_is_not_enabled_is_not_imported(plugin: Callable[..., Installed], tmp_path: Path) -> None:
    """The allow-list counts before anything is loaded."""
    marker = tmp_path / "imported"
    item = plugin("quiet", f"open({str(marker)!r}, 'w').close()")
    registry = Registry.load(["other"], installed=[item])
    assert not marker.exists()
    assert [found.name for found in registry.available] == ["quiet"]
    with pytest.raises(AdapterError, match="installed but not enabled"):
        registry.spec("quiet.fine")


def test_unknown_stages_get_a_suggestion() -> None:
    """A slip of the pen is answered with what is nearest, a foreign name with what to install."""
    registry = Registry.load([])
    with pytest.raises(AdapterError, match=r"core\.folder"):
        registry.spec("core.foldr")
    with pytest.raises(AdapterError, match="pip install casepan-nobody"):
        registry.spec("nobody.order")


def test_a_recogniser_that_raises_claims_nothing(plugin: Callable[..., Installed]) -> None:
    """One broken recogniser is reported and the arrival still gets an answer."""
    source = (
        GOOD.format(name="x", api=1) + "\n@hookimpl\ndef casepan_recognise(listing):\n    raise ValueError('bug')\n"
    )
    registry = Registry.load(installed=[plugin("x", source)])
    failed: list[str] = []

    class Empty:
        name = "empty"
        entries = ()

    assert registry.recognise(Empty(), lambda name, error: failed.append(f"{name}: {error}")) == ()  # type: ignore[arg-type]
    assert failed == ["x: bug"]


def test_an_observer_that_raises_stops_nothing(
    plugin: Callable[..., Installed], caplog: pytest.LogCaptureFixture
) -> None:
    """Observers may not raise; one that does is logged."""
    from casepan.contract.specs import Event

    source = GOOD.format(name="x", api=1) + "\n@hookimpl\ndef casepan_on_event(event):\n    raise ValueError('bug')\n"
    registry = Registry.load(installed=[plugin("x", source)])
    registry.publish(Event("case.taken", "K7Q2-M4", "2026-01-01T00:00:00Z"))
    assert "plugin x failed" in caplog.text


def test_entry_points_of_real_distributions_are_found(tmp_path: Path) -> None:
    """Metadata alone decides: a distribution on the path is listed without being imported."""
    info = tmp_path / "casepan_ghost-3.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: casepan-ghost\nVersion: 3.1\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[casepan]\nghost = casepan_ghost.plugin\n", encoding="utf-8")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from casepan.registry import Registry\n"
        "r = Registry.load([])\n"
        "print([i for i in r.available if i.name == 'ghost'])\n"
        "print([p.reason for p in Registry.load(['ghost']).problems])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "version='3.1'" in done.stdout
    assert "casepan_ghost" in done.stdout.splitlines()[1]
