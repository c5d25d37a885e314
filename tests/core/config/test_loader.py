"""lab.toml: every rule of the file, each with its line, its words and its remedy."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casepan.config.lab import Lab, Retry
from casepan.config.loader import load_lab
from casepan.contract.options import Secret
from casepan.errors import ConfigError
from casepan.model.vocabulary import KINDS

HEAD = 'version = 1\n[lab]\nname = "Synthetic Lab"\n'

DESIGN = """#:schema ./.casepan/lab.schema.json
version = 1
[lab]
name = "Northside Dental Laboratory"
state = "state"                      # ledger and work area
timezone = "Europe/Berlin"
[adapters.trios]                     # a table here enables a plugin; nothing else is imported
[adapters.medit]
max_parallel = 2
[secrets]
cam-portal = { env = "CASEPAN_CAM_TOKEN" }
[verdict]                            # findings → verdict
"mesh.hole" = "review"

[pipelines.crowns]
description = "Crown and bridge: any of our clients' scanners to CAD"
[[pipelines.crowns.import]]
use = "core.inbox"
with = { path = "inbox", settle = "30s" }
[[pipelines.crowns.steps]]
use = "quality.completeness"
[[pipelines.crowns.steps]]
use = "quality.mesh"
with = { profile = "auto" }
[[pipelines.crowns.export]]
id = "cad"
use = "exocad.project"
with = { path = "out/exocad" }
[[pipelines.crowns.export]]
id = "office"
use = "report.html"
with = { path = "out/reports" }
on = ["accept", "review", "reject"]
after = ["cad"]
time_limit = "5m"
retry = { attempts = 5, first_delay = "30s", max_delay = "30m" }
"""


def write(folder: Path, text: str) -> Path:
    """Write a lab.toml."""
    path = folder / "lab.toml"
    path.write_text(text, encoding="utf-8")
    return path


def load(folder: Path, text: str, *overrides: str) -> Lab:
    """Load a lab.toml from its text."""
    return load_lab(write(folder, text), overrides)


def problems(folder: Path, text: str, *overrides: str) -> list[tuple[str, str, str | None]]:
    """Line (or ``--set KEY``), reason and hint of every problem of a text."""
    with pytest.raises(ConfigError) as caught:
        load(folder, text, *overrides)
    assert all(type(problem) is ConfigError for problem in caught.value.problems)
    places = [str(problem.place).removeprefix(f"{folder / 'lab.toml'}:") for problem in caught.value.problems]
    return [(place, problem.reason, problem.hint) for place, problem in zip(places, caught.value.problems, strict=True)]


def only(folder: Path, text: str, *overrides: str) -> tuple[str, str, str | None]:
    """The one problem of a text."""
    (problem,) = problems(folder, text, *overrides)
    return problem


def test_the_lab_of_the_design_loads(tmp_path: Path) -> None:
    """The example everybody starts from gives the values it says."""
    lab = load(tmp_path, DESIGN)
    crowns = lab.pipelines["crowns"]
    assert (lab.lab.name, lab.lab.timezone) == ("Northside Dental Laboratory", "Europe/Berlin")
    assert list(lab.adapters) == ["trios", "medit"]
    assert lab.adapters["medit"].max_parallel == 2
    assert lab.secrets == {"cam-portal": Secret(env="CASEPAN_CAM_TOKEN")}
    assert lab.verdict == {"mesh.hole": "review"}
    assert crowns.name == "crowns"
    assert [step.id for step in crowns.import_] == ["inbox"]
    assert [step.id for step in crowns.steps] == ["completeness", "mesh"]
    assert [export.id for export in crowns.export] == ["cad", "office"]
    assert crowns.import_[0].with_ == {"path": "inbox", "settle": "30s"}
    assert crowns.export[1].on == ("accept", "review", "reject")
    assert crowns.export[1].retry == Retry(5, 30.0, 1800.0)  # type: ignore[arg-type]
    assert crowns.export[1].time_limit == 300.0


def test_paths_count_from_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of lab.toml is the base, wherever the program was started."""
    write(tmp_path, HEAD)
    monkeypatch.chdir(tmp_path.parent)
    lab = load_lab(Path(tmp_path.name) / "lab.toml")
    assert lab.base == tmp_path.resolve()
    assert lab.state == tmp_path.resolve() / "state"


def test_all_problems_come_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    """Types, unknown keys and broken rules stand in one list."""
    text = HEAD + 'wrokers = 3\ntimezone = "Moon/Base"\nkeep_days = "9"\n[pipelines.a]\ntime_limit = "soon"\n'
    assert [place for place, _, _ in problems(tmp_path, text)] == ["4", "5", "6", "8"]


def test_an_error_prints_every_problem_with_its_place(tmp_path: Path) -> None:
    """What a person sees is file, line, sentence, code and remedy of each."""
    path = write(tmp_path, HEAD + "wrokers = 3\nkeep_days = true\n")
    with pytest.raises(ConfigError) as caught:
        load_lab(path)
    assert str(caught.value).splitlines() == [
        f"{path}:4: lab.wrokers: is not a key here [CP103]",
        "  Did you mean 'workers'?",
        f"{path}:5: lab.keep_days: must be an integer, not a boolean [CP103]",
        "  Write a whole number, without quotes and without a point.",
    ]
    assert caught.value.reason == "the configuration has 2 problems"
    assert caught.value.exit_code == 3


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    """No lab.toml: the remedy is init."""
    with pytest.raises(ConfigError, match="there is no such file") as caught:
        load_lab(tmp_path / "lab.toml")
    assert caught.value.hint == "`casepan init` writes one."
    assert caught.value.place == str(tmp_path / "lab.toml")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """A path that cannot be read is a typed error too."""
    with pytest.raises(ConfigError, match="cannot be read"):
        load_lab(tmp_path)


@pytest.mark.parametrize("data", [b"version = 1\n# Br\xfccke", "version = 1\n".encode("utf-16")])
def test_another_encoding_is_refused(tmp_path: Path, data: bytes) -> None:
    """Latin-1 and UTF-16 are told, not guessed."""
    path = tmp_path / "lab.toml"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match="is not UTF-8 text") as caught:
        load_lab(path)
    assert caught.value.hint == "Save it as UTF-8 in your editor."


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    """Notepad writes both; lines still count right."""
    path = tmp_path / "lab.toml"
    path.write_bytes(b"\xef\xbb\xbf" + HEAD.replace("\n", "\r\n").encode())
    assert load_lab(path).lab.name == "Synthetic Lab"
    path.write_bytes(path.read_bytes() + b"x = 1\r\n")
    with pytest.raises(ConfigError) as caught:
        load_lab(path)
    assert caught.value.problems[0].place == f"{path}:4"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (HEAD + "x = \n", "4", "Invalid value"),
        (HEAD + 'state = "C:\\Lab"\n', "4", "Unescaped"),
        ("version = 1\nversion = 1\n", "2", "Cannot overwrite a value"),
        (HEAD + "[a", "4", ""),
        ("a = " + "[" * 100_000, "1", ""),
        ("a = " + "9" * 5_000, "1", ""),
    ],
)
def test_a_syntax_error_names_its_line(tmp_path: Path, text: str, line: str, words: str) -> None:
    """TOML that cannot be parsed is one problem with a line and a remedy, never a traceback."""
    place, reason, hint = only(tmp_path, text)
    assert place == line
    assert reason.startswith("not valid TOML: ")
    assert words in reason
    assert "(at line" not in reason
    assert "'single quotes'" in str(hint)


@pytest.mark.parametrize(("version", "hint"), [(2, "Upgrade casepan."), (0, "Write version = 1.")])
def test_another_version_is_refused_alone(tmp_path: Path, version: int, hint: str) -> None:
    """Other problems of a file of another version would mislead."""
    text = f"version = {version}\nunknown = 1\n"
    assert only(tmp_path, text) == ("1", f"version {version} is not known; this casepan reads version 1", hint)


def test_a_missing_key_says_what_it_is_for(tmp_path: Path) -> None:
    """Required keys are told at their table, with their documentation."""
    assert problems(tmp_path, "[lab]\n") == [
        ("1", "version: is missing", "Add it: version of the file's own format: 1."),
        ("1", "lab.name: is missing", "Add it: name of the laboratory, shown in reports and letters."),
    ]


@pytest.mark.parametrize("key", ["path", "base"])
def test_fields_the_loader_fills_are_no_keys(tmp_path: Path, key: str) -> None:
    """The file cannot say where it lies."""
    assert only(tmp_path, f'{key} = "x"\n{HEAD}')[1] == f"{key}: is not a key here"


def test_a_pipeline_has_its_name_from_its_table(tmp_path: Path) -> None:
    """The name stands in the table's header, nowhere else."""
    assert only(tmp_path, HEAD + '[pipelines.a]\nname = "b"\n')[1] == "pipelines.a.name: is not a key here"


@pytest.mark.parametrize("key", ["with_", "import_"])
def test_python_names_are_no_keys(tmp_path: Path, key: str) -> None:
    """The trailing underscore of Python is not TOML."""
    text = HEAD + f"[pipelines.a]\n[[pipelines.a.steps]]\nuse = 'core.units'\n[pipelines.a.steps.{key}]\n"
    place, reason, hint = only(tmp_path, text)
    assert (place, reason) == ("7", f"pipelines.a.steps[1].{key}: is not a key here")
    assert hint


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("workers = true", "lab.workers: must be an integer, not a boolean"),
        ("workers = 3.0", "lab.workers: must be an integer, not a float"),
        ('workers = "3"', "lab.workers: must be an integer, not a string"),
        ("workers = 0", "lab.workers: must be at least 1"),
        ("keep_days = -1", "lab.keep_days: must not be negative"),
        ('min_free = "1 gig"', "lab.min_free: '1 gig' is not a byte size"),
        ("timezone = 3", "lab.timezone: must be a string, not an integer"),
        ("state = ''", "lab.state: must name a path"),
        ("state = '~/state'", "lab.state: '~' is not expanded"),
        ("timezone = '../../etc/passwd'", "lab.timezone: '../../etc/passwd' is no time zone"),
    ],
)
def test_values_of_the_lab_are_strict(tmp_path: Path, line: str, reason: str) -> None:
    """Nothing is coerced and every limit is told."""
    assert only(tmp_path, HEAD + line)[:2] == ("4", reason)


def test_a_misspelt_time_zone_gets_a_suggestion(tmp_path: Path) -> None:
    """Zones are known by IANA name."""
    problem = only(tmp_path, HEAD + 'timezone = "Europe/Berlim"\n')
    assert problem == ("4", "lab.timezone: 'Europe/Berlim' is no time zone", "Did you mean 'Europe/Berlin'?")


def test_a_secret_itself_is_refused_and_never_printed(tmp_path: Path) -> None:
    """Only references may stand in the file."""
    place, reason, hint = only(tmp_path, HEAD + '[secrets]\nportal = "sentinel-secret"\n')
    assert (place, reason) == ("5", "secrets.portal: must be a reference to a secret, never the secret itself")
    assert "sentinel" not in reason + str(hint)


def test_a_reference_outside_a_secret_field_is_refused(tmp_path: Path) -> None:
    """A field that is no secret would print it."""
    problem = only(tmp_path, HEAD + 'state = { env = "X" }\n')
    assert problem[1:] == (
        "lab.state: must be a string, not a reference to a secret",
        "Secrets are accepted only where a stage asks for one.",
    )


def test_a_named_secret_points_to_no_other(tmp_path: Path) -> None:
    """Chains could run in circles."""
    problem = only(tmp_path, HEAD + '[secrets]\na = { secret = "a" }\n')
    assert problem[:2] == ("5", "secrets.a: a named secret cannot point to another one")


@pytest.mark.parametrize("line", ['name = "${NAME}"', "[verdict]\n'${X}' = 'review'"])
def test_placeholders_are_refused_anywhere(tmp_path: Path, line: str) -> None:
    """Nothing is expanded, so nothing may look as if."""
    found = problems(tmp_path, "version = 1\n[lab]\n" + line)
    assert any("'${' is not expanded in lab.toml" in reason for _, reason, _ in found)
    assert any(hint and "{ env =" in hint for _, _, hint in found)


def test_placeholders_in_options_are_refused(tmp_path: Path) -> None:
    """Options of stages are searched, lists included."""
    text = HEAD + "[[pipelines.a.steps]]\nuse = 'core.units'\nwith = { a = [ 'x', '${Y}' ] }\n"
    assert only(tmp_path, text)[:2] == ("6", "pipelines.a.steps[1].with.a[2]: '${' is not expanded in lab.toml")


def test_double_ids_are_refused(tmp_path: Path) -> None:
    """Two steps of one name, given or by default, could not be told apart."""
    steps = "[[pipelines.a.steps]]\nuse = 'core.mesh'\n[[pipelines.a.export]]\nid = 'mesh'\nuse = 'x.y'\n"
    problem = only(tmp_path, HEAD + steps)
    assert problem == (
        "7",
        "pipelines.a.export[1].id: the id 'mesh' stands twice in pipeline 'a'",
        'Give this step an id of its own: id = "mesh-2".',
    )


def test_equal_ids_in_two_pipelines_are_fine(tmp_path: Path) -> None:
    """Ids are unique within their pipeline."""
    steps = "[[pipelines.a.steps]]\nuse = 'core.units'\n[[pipelines.b.steps]]\nuse = 'core.units'\n"
    assert len(load(tmp_path, HEAD + steps).pipelines) == 2


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("use = 'units'", "pipelines.a.steps[1].use: 'units' is no name of a stage"),
        ("use = 'core.units'\nid = 'My Step'", "pipelines.a.steps[1].id: 'My Step' is no id"),
        ("use = 'core.units'\nid = 'source'", "pipelines.a.steps[1].id: 'source' is taken by casepan itself"),
        (
            "use = 'core.units'\nfail_on = 'eror'",
            "pipelines.a.steps[1].fail_on: 'eror' is not one of 'info', 'warning', 'error'",
        ),
        (
            "use = 'core.units'\nwhen = { kind = ['crwn'] }",
            "pipelines.a.steps[1].when.kind[1]: 'crwn' is not one of " + ", ".join(map(repr, KINDS)),
        ),
        (
            "use = 'core.units'\nwhen = { adapter = ['medit'] }",
            "pipelines.a.steps[1].when.adapter[1]: adapter 'medit' is not enabled here",
        ),
        (
            "use = 'core.units'\nwhen = { rush = 'yes' }",
            "pipelines.a.steps[1].when.rush: must be true or false, not a string",
        ),
        ("use = 'core.units'\nwith = 3", "pipelines.a.steps[1].with: must be a table, not an integer"),
    ],
)
def test_rules_of_a_step(tmp_path: Path, line: str, reason: str) -> None:
    """Names, ids, words and types of a step."""
    assert only(tmp_path, HEAD + "[[pipelines.a.steps]]\n" + line)[1] == reason


def test_a_pipeline_name_is_plain(tmp_path: Path) -> None:
    """Names become folders and rows."""
    problem = only(tmp_path, HEAD + "[pipelines.'Crown & Bridge']\n")
    assert problem[1] == 'pipelines."Crown & Bridge": is no name for a pipeline'


def test_a_verdict_without_quotes_is_explained(tmp_path: Path) -> None:
    """An unquoted code is two keys in TOML."""
    found = problems(tmp_path, HEAD + "[verdict]\nmesh.hole = 'review'\n")
    assert ("5", "verdict.mesh: is no finding code", 'Put the code in quotes: "mesh.hole" = "review".') in found


EXPORT = "[[pipelines.a.export]]\nuse = 'core.folder'\nid = '{id}'\nafter = [{after}]\n"


@pytest.mark.parametrize("after", ["'a1'", "'zip'"])
def test_after_names_another_export(tmp_path: Path, after: str) -> None:
    """An export cannot wait for itself or for nothing."""
    problem = only(tmp_path, HEAD + EXPORT.format(id="a1", after=after))
    assert problem[0] == "7"
    assert problem[1] == f"pipelines.a.export[1].after[1]: {after} is no other export of this pipeline"


def test_exports_that_wait_for_each_other_are_refused(tmp_path: Path) -> None:
    """A circle would wait for ever; what only waits behind it is told too."""
    text = (
        HEAD + EXPORT.format(id="x", after="'y'") + EXPORT.format(id="y", after="'x'") + EXPORT.format(id="z", after="")
    )
    assert [(place, reason) for place, reason, _ in problems(tmp_path, text)] == [
        ("7", "pipelines.a.export[1].after: these exports wait for each other"),
        ("11", "pipelines.a.export[2].after: these exports wait for each other"),
    ]


def test_a_chain_of_exports_is_fine(tmp_path: Path) -> None:
    """Waiting in a row is what ``after`` is for."""
    text = (
        EXPORT.format(id="x", after="") + EXPORT.format(id="y", after="'x'") + EXPORT.format(id="z", after="'x', 'y'")
    )
    assert load(tmp_path, HEAD + text).pipelines["a"].export[2].after == ("x", "y")


INBOX = "[[pipelines.{pipeline}.import]]\nuse = 'core.inbox'\nwith = {{ path = '{path}' }}\n"


@pytest.mark.parametrize(("one", "other"), [("in", "in"), ("in", "./x/../in"), ("in", "in/deep"), ("in/deep", "in")])
def test_import_folders_of_two_pipelines_never_overlap(tmp_path: Path, one: str, other: str) -> None:
    """A case taken by two pipelines would be sent twice."""
    text = HEAD + INBOX.format(pipeline="a", path=one) + INBOX.format(pipeline="b", path=other)
    assert only(tmp_path, text) == (
        "9",
        "pipelines.b.import[1].with.path: overlaps the import folder of a.inbox",
        "Give each import a folder of its own, none inside another.",
    )


def test_neighbouring_import_folders_are_fine(tmp_path: Path) -> None:
    """A common beginning of two names is no overlap."""
    text = HEAD + INBOX.format(pipeline="a", path="in") + INBOX.format(pipeline="b", path="in2")
    assert len(load(tmp_path, text).pipelines) == 2


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_links_do_not_hide_an_overlap(tmp_path: Path) -> None:
    """A link to an inbox is that inbox."""
    (tmp_path / "in").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "in")
    text = HEAD + INBOX.format(pipeline="a", path="in") + INBOX.format(pipeline="b", path="link")
    assert "overlaps the import folder" in only(tmp_path, text)[1]


@pytest.mark.parametrize("path", ["state", "state/in", "."])
def test_the_state_folder_is_no_inbox(tmp_path: Path, path: str) -> None:
    """casepan would take in its own files."""
    problem = only(tmp_path, HEAD + INBOX.format(pipeline="a", path=path))
    assert problem[1] == "pipelines.a.import[1].with.path: overlaps the state folder"


def test_nothing_is_exported_into_the_state_folder(tmp_path: Path) -> None:
    """What lies there is casepan's, and is tidied up."""
    text = HEAD + "[[pipelines.a.export]]\nuse = 'core.zip'\nwith.path = 'state/out'\n"
    (problem,) = problems(tmp_path, text)
    assert problem[1] == "pipelines.a.export[1].with.path: lies in the state folder"


def test_a_pipeline_does_not_export_into_its_own_inbox(tmp_path: Path) -> None:
    """Its output would come in again, for ever."""
    text = (
        HEAD
        + INBOX.format(pipeline="a", path="in")
        + "[[pipelines.a.export]]\nuse = 'core.zip'\nwith.path = 'in/out'\n"
    )
    assert only(tmp_path, text)[:2] == (
        "9",
        "pipelines.a.export[1].with.path: lies in an import folder of its own pipeline",
    )


def test_a_pipeline_may_feed_another(tmp_path: Path) -> None:
    """Handing on from one pipeline to the next is allowed."""
    text = INBOX.format(pipeline="a", path="in") + "[[pipelines.b.export]]\nuse = 'core.zip'\nwith.path = 'in'\n"
    assert load(tmp_path, HEAD + text).pipelines["b"].export[0].with_ == {"path": "in"}


def test_broken_types_do_not_hide_broken_rules(tmp_path: Path) -> None:
    """Rules are checked on what is there, however odd the rest."""
    text = "version = 1\nlab = 3\nsecrets = 4\nverdict = 5\nadapters = 6\n[pipelines]\na = 1\n"
    text += "b = { steps = 1, export = [1, { use = 2, after = 3, with = 4, when = 5 }] }\n"
    text += "[[pipelines.c.steps]]\nuse = 'x'\n"
    found = problems(tmp_path, text)
    assert (
        "10",
        "pipelines.c.steps[1].use: 'x' is no name of a stage",
        'Write plugin.stage, such as "core.inbox".',
    ) in found
    assert len(found) == 12


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.recursive(
        st.booleans() | st.integers(-9, 9) | st.text(st.characters(codec="ascii", categories=["Ll"]), max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["use", "with", "import", "steps", "export", "a", "id", "after"]), inner, max_size=3
            )
        ),
        max_leaves=12,
    )
)
def test_no_value_anywhere_ends_in_a_traceback(tmp_path: Path, value: object) -> None:
    """Whatever stands under pipelines, the answer is a lab or a ConfigError with places."""
    path = write(tmp_path, HEAD + f"[pipelines]\na = {inline(value)}\n")
    places = {f"{path}:5"}
    try:
        names = list(load_lab(path).pipelines)
    except ConfigError as error:
        names, places = ["a"], {str(problem.place) for problem in error.problems}
    assert (names, places) == (["a"], {f"{path}:5"})


def inline(value: object) -> str:
    """A value as inline TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    return f"'{value}'" if isinstance(value, str) else str(value)
