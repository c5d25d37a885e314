"""Options of stages: strict types, all problems at once, nothing coerced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

import pytest
from attrs import field, frozen
from attrs.validators import in_

from casepan.config import options
from casepan.config.options import Misfit, dotted, keep_options, keys_of, read, structure_options
from casepan.contract.options import ByteCount, Duration, FilePath, FolderPath, Millimetres, Secret, option
from casepan.errors import AdapterError, ConfigError

if TYPE_CHECKING:
    from decimal import Decimal


@frozen
class Inner:
    """An inner table."""

    x: int = 0


@frozen
class Options:
    """One field of every type that options may have."""

    text: str = ""
    flag: bool = False
    count: int = 0
    number: float = 0.0
    length: Millimetres = option(Millimetres(1.0), "a length")
    wait: Duration = option(Duration(1.0), "a pause")
    size: ByteCount = option(ByteCount(1), "a size")
    folder: FolderPath = option(FolderPath("out"), "a folder")
    file: FilePath | None = None
    secret: Secret | None = None
    day: date | None = None
    moment: datetime | None = None
    choice: Literal["ply", "stl", 1] = "ply"
    words: tuple[str, ...] = ()
    more: Sequence[int] = ()
    pair: tuple[float, float] = (0.0, 0.0)
    seen: frozenset[str] = frozenset()
    listed: list[int] = field(factory=list)
    table: Mapping[str, int] = field(factory=dict)
    either: int | tuple[int, ...] = 0
    inner: Inner = field(factory=Inner)
    inners: tuple[Inner, ...] = ()
    anything: Any = None
    low: str = field(default="a", validator=in_(("a", "b")))
    with_: str = ""


def problem(**table: Any) -> tuple[str, str | None]:
    """Reason and hint of the one problem of a table."""
    with pytest.raises(ConfigError) as caught:
        structure_options(Options, table, place="lab.toml:7")
    (one,) = caught.value.problems
    assert one.place == "lab.toml:7"
    return one.reason, one.hint


@pytest.mark.parametrize(
    ("key", "written", "value"),
    [
        ("text", "a", "a"),
        ("flag", True, True),
        ("count", 3, 3),
        ("number", 2, 2.0),
        ("length", 2, 2.0),
        ("wait", "30s", 30.0),
        ("wait", "5m", 300.0),
        ("wait", "2h", 7200.0),
        ("wait", "3d", 259200.0),
        ("wait", "1.5 min", 90.0),
        ("wait", "250ms", 0.25),
        ("wait", "1w", 604800.0),
        ("wait", 12, 12.0),
        ("wait", 0, 0.0),
        ("size", "4GiB", 4 << 30),
        ("size", "512MiB", 512 << 20),
        ("size", "1.5 kB", 1500),
        ("size", "7B", 7),
        ("size", 9, 9),
        ("folder", "a/b", "a/b"),
        ("file", "a", "a"),
        ("secret", {"env": "X"}, Secret(env="X")),
        ("secret", {"file": "X"}, Secret(file="X")),
        ("secret", {"secret": "X"}, Secret(secret="X")),
        ("day", date(2026, 1, 31), date(2026, 1, 31)),
        ("day", "2026-01-31", date(2026, 1, 31)),
        ("moment", "2026-01-31T10:00:00", datetime(2026, 1, 31, 10)),
        ("choice", 1, 1),
        ("choice", "stl", "stl"),
        ("words", ["a", "b"], ("a", "b")),
        ("more", [1], (1,)),
        ("pair", [1, 2.5], (1.0, 2.5)),
        ("seen", ["a"], frozenset({"a"})),
        ("listed", [1], [1]),
        ("table", {"a": 1}, {"a": 1}),
        ("either", 1, 1),
        ("either", [1, 2], (1, 2)),
        ("inner", {"x": 1}, Inner(1)),
        ("inners", [{"x": 1}, {}], (Inner(1), Inner(0))),
        ("anything", {"a": [1, "b"]}, {"a": [1, "b"]}),
        ("with", "a", "a"),
    ],
)
def test_values_of_every_type_are_read(key: str, written: Any, value: Any) -> None:
    """What fits comes out as its own type, integers becoming floats where floats are asked for."""
    got = getattr(structure_options(Options, {key: written}, place="x"), "with_" if key == "with" else key)
    assert (got, type(got)) == (value, type(value))


@pytest.mark.parametrize(
    ("key", "written", "reason"),
    [
        ("text", 3, "must be a string, not an integer"),
        ("text", date(2026, 1, 1), "must be a string, not a date or time"),
        ("text", ["a"], "must be a string, not a list"),
        ("flag", "false", "must be true or false, not a string"),
        ("flag", 1, "must be true or false, not an integer"),
        ("flag", 0.0, "must be true or false, not a float"),
        ("count", True, "must be an integer, not a boolean"),
        ("count", 3.0, "must be an integer, not a float"),
        ("count", "3", "must be an integer, not a string"),
        ("number", "3", "must be a number, not a string"),
        ("number", True, "must be a number, not a boolean"),
        ("number", float("inf"), "must be a finite number"),
        ("number", float("nan"), "must be a finite number"),
        ("number", 10**400, "must be a finite number"),
        ("wait", "30", "'30' is not a duration"),
        ("wait", "thirty seconds", "'thirty seconds' is not a duration"),
        ("wait", "9" * 400 + "s", f"'{'9' * 400}s' is not a duration"),
        ("wait", -1, "a duration cannot be negative or endless"),
        ("wait", float("inf"), "a duration cannot be negative or endless"),
        ("wait", True, "must be a duration, not a boolean"),
        ("size", "4gb", "'4gb' is not a byte size"),
        ("size", 1.5, "must be a byte size, not a float"),
        ("size", -1, "a byte size cannot be negative"),
        ("folder", "", "must name a path"),
        ("folder", "a\0b", "must name a path"),
        ("folder", "~/x", "'~' is not expanded"),
        ("folder", 3, "must be a string, not an integer"),
        ("day", datetime(2026, 1, 1), "must be a date"),
        ("day", "2026-13-01", "must be a date"),
        ("moment", date(2026, 1, 1), "must be a date with a time"),
        ("moment", "2026-01-01", "must be a date with a time"),
        ("choice", "pyl", "'pyl' is not one of 'ply', 'stl', 1"),
        ("choice", True, "must be one of 'ply', 'stl', 1, not a boolean"),
        ("words", "a", "must be a list, not a string"),
        ("pair", [1], "must have 2 entries, not 1"),
        ("table", [], "must be a table, not a list"),
        ("either", "a", "must be an integer or a list, not a string"),
        ("inner", 3, "must be a table, not an integer"),
        ("text", None, "must be a string, not null"),
    ],
)
def test_nothing_is_coerced(key: str, written: Any, reason: str) -> None:
    """A value of another type is told in TOML's words."""
    said, hint = problem(**{key: written})
    assert said.startswith(f"with.{key}: {reason}")
    assert hint is None or hint.endswith((".", "?"))


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("sentinel", "with.secret: must be a reference to a secret, never the secret itself"),
        ({"env": "A", "file": "B"}, "with.secret: must have exactly one of env, file and secret"),
        ({}, "with.secret: must have exactly one of env, file and secret"),
        ({"enw": "sentinel"}, "with.secret.enw: is not a kind of reference to a secret"),
        ({"env": ""}, "with.secret.env: must not be empty"),
        ({"env": 3}, "with.secret.env: must be a string, not an integer"),
    ],
)
def test_secrets_are_references_and_never_printed(written: Any, reason: str) -> None:
    """Whatever stands there may be the secret, so it is not quoted."""
    said, hint = problem(secret=written)
    assert said == reason
    assert "sentinel" not in f"{said} {hint}"


@pytest.mark.parametrize("key", ["text", "folder", "count", "words", "table", "choice", "inner"])
def test_a_reference_to_a_secret_fits_only_its_own_fields(key: str) -> None:
    """A reference anywhere else would be taken for text, or for a table."""
    said, _ = problem(**{key: {"env": "X"}})
    assert said.startswith(f"with.{key}")


def test_unknown_keys_get_a_suggestion() -> None:
    """A typo is told with the nearest key; without one all keys are named."""
    assert problem(flga=True) == ("with.flga: is not a key here", "Did you mean 'flag'?")
    said, hint = problem(zzzzzz=1)
    assert said == "with.zzzzzz: is not a key here"
    assert "Possible here: anything, choice" in str(hint)


def test_a_wrong_choice_gets_a_suggestion() -> None:
    """The nearest word of the list is offered."""
    assert problem(choice="pyl")[1] == "Did you mean 'ply'?"


def test_all_problems_come_at_once_with_their_paths() -> None:
    """Deep ones too, list positions counted from one."""
    with pytest.raises(ConfigError) as caught:
        structure_options(Options, {"words": [1, "a", 2], "table": {"a b": "x"}, "inners": [{}, {"y": 1}]}, place="p")
    assert [one.reason.partition(": ")[0] for one in caught.value.problems] == [
        "with.words[1]",
        "with.words[3]",
        'with.table."a b"',
        "with.inners[2].y",
    ]


def test_what_the_classes_own_validators_say_is_told() -> None:
    """A validator of the plugin becomes a problem with a place, not a traceback."""
    assert "with: 'low' must be in ('a', 'b')" in problem(low="c")[0]


def test_required_options_are_told_with_their_documentation() -> None:
    """A missing key says what it is for."""

    @frozen
    class Required:
        path: FolderPath = option(doc="where it goes")

    with pytest.raises(ConfigError) as caught:
        structure_options(Required, {}, place="p")
    assert [(one.reason, one.hint) for one in caught.value.problems] == [
        ("with.path: is missing", "Add it: where it goes.")
    ]


@frozen
class Unreadable:
    """Options whose type exists for type checkers only."""

    price: Decimal | None = None


@frozen
class Odd:
    """Options of a type that TOML does not have."""

    number: complex = 0j


@pytest.mark.parametrize(("kind", "words"), [(Unreadable, "cannot be read"), (int, "cannot be read")])
def test_an_unusable_options_class_is_the_plugins_fault(kind: type, words: str) -> None:
    """The error is the adapter's, with whom to tell."""
    with pytest.raises(AdapterError, match=words) as caught:
        keys_of(kind)
    assert "Tell the plugin's author." in str(caught.value.hint)


def test_an_unusable_type_is_the_plugins_fault() -> None:
    """A type that no TOML value could have is told by name."""
    with pytest.raises(AdapterError, match="options cannot have the type <class 'complex'>"):
        structure_options(Odd, {"number": 1}, place="p")


def test_a_union_tells_the_problem_of_the_arm_that_got_furthest() -> None:
    """For a list with a wrong entry the entry is the problem, not the list."""
    with pytest.raises(Misfit) as caught:
        read(int | tuple[int, ...], [1, "a"])
    assert [(one.path, one.reason) for one in caught.value.problems] == [((1,), "must be an integer, not a string")]


def test_paths_are_written_as_people_write_them() -> None:
    """Dots between keys, quotes around odd ones, positions from one."""
    assert dotted(("verdict", "mesh.hole")) == 'verdict."mesh.hole"'
    assert dotted(("a", "steps", 1, "with")) == "a.steps[2].with"
    assert dotted(()) == ""


def test_kept_options_are_found_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a warm process has kept is given for the very same table, and for no other one or other type."""
    monkeypatch.setattr(options, "_KEPT", {})
    keep_options(Options, {"anything": 1})
    kept = structure_options(Options, {"anything": 1}, place="p")
    assert structure_options(Options, {"anything": 1}, place="q") is kept
    others = [structure_options(Options, {"anything": value}, place="p") for value in (True, 1.0, "1")]
    assert [type(other.anything) for other in others] == [bool, float, str]
    assert isinstance(structure_options(Inner, {"x": 1}, place="p"), Inner)


def test_options_that_do_not_fit_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who needs them is told what is wrong, in the place where it stands."""
    monkeypatch.setattr(options, "_KEPT", {})
    for keep in (keep_options, lambda kind, table: structure_options(kind, table, place="lab.toml:7")):
        with pytest.raises(ConfigError):
            keep(Options, {"count": "one"})
    assert options._KEPT == {}
