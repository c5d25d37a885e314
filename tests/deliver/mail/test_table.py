"""Tables: one row per work item, added once, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from casepan.api import (
    AuthenticationFailed,
    Case,
    ConfigError,
    DeliveryError,
    DeliveryRefused,
    Desk,
    FenceLost,
    OutcomeUnknown,
    Prescription,
    Receipt,
    WorkItem,
)
from casepan_deliver.table_fields import COLUMNS, FIELDS

from .labs import SURNAME, a_case, context, deliver, exporter
from .servers import Authority, Line, Server, web_server

ONE = 'files = "one"'


def read(path: Path, delimiter: str = ";", encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    """Rows of a CSV file."""
    with path.open(encoding=encoding, newline="") as stream:
        return list(csv.DictReader(stream, delimiter=delimiter))


def probed(table: str, folder: Path, key: str, **more: Any) -> Receipt | None:
    """What a probe answers."""
    with context(folder, key=key, **more) as ctx:
        found: Receipt | None = exporter("deliver.table", table).probe(ctx)
    return found


def test_one_row_per_work_item(tmp_path: Path) -> None:
    """Both units, the lab's number and the due day, in the file of the case."""
    case = a_case(tmp_path, desk=Desk(number="26-00417", due=date(2026, 2, 3)))
    receipt = deliver("deliver.table", "", case, tmp_path)
    first, second = read(tmp_path / "out" / "table" / "K7Q2-M4.csv")
    assert list(first) == list(COLUMNS)
    assert (first["number"], first["teeth"], first["kind"], first["shade"]) == ("26-00417", "11", "crown", "A2")
    assert (second["teeth"], second["bridge"], second["due"], second["rush"]) == ("14, 15", "b1", "2026-02-03", "1")
    assert set(receipt.files) == {"K7Q2-M4.csv"}


def test_a_column_map_for_the_labs_program(tmp_path: Path) -> None:
    """Its own names, order and dialect; constants; decimals with a comma; no header."""
    table = """
    columns = { Mandant = "text:01", Auftrag = "number", MB = "megabytes", Zahn = "teeth-universal", "Schlüssel" = "delivery" }
    dialect = { delimiter = "|", encoding = "cp1252", decimal = ",", header = false, line_end = "lf" }
    """
    case = a_case(tmp_path)
    scan = evolve(case.scans[0], file=evolve(case.scans[0].file, size=2_340_000))
    deliver("deliver.table", table, evolve(case, scans=(scan,)), tmp_path)
    lines = (tmp_path / "out" / "table" / "K7Q2-M4.csv").read_bytes().decode("cp1252").split("\n")
    assert lines == [f"01|26-00417|2,3|8|{'k' * 40}", f"01|26-00417|2,3|5, 4|{'k' * 40}", ""]


def test_a_case_without_an_order_has_one_row(tmp_path: Path) -> None:
    """So that nothing is missing in the lab's program; no column names a work that nobody ordered."""
    case = a_case(tmp_path, prescription=Prescription())
    deliver("deliver.table", "", case, tmp_path)
    (row,) = read(tmp_path / "out" / "table" / "K7Q2-M4.csv")
    assert row["number"] == "26-00417"
    assert [row[name] for name in ("item", "teeth", "kind", "bridge", "material", "shade")] == [""] * 6


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r\n=1", "＝1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_of_an_order_runs_in_a_spreadsheet(text: str, tmp_path: Path) -> None:
    """An apostrophe makes it text; a line end in it does not make a row."""
    case = a_case(tmp_path, prescription=Prescription((WorkItem("1", shade=text),)))
    deliver("deliver.table", 'columns = { "=a" = "shade", b = "rush" }', case, tmp_path)
    (row,) = read(tmp_path / "out" / "table" / "K7Q2-M4.csv")
    assert row["'=a"] == "'" + text.strip()
    assert row["b"] == "0"


def test_the_guard_can_be_left_out_for_programs(tmp_path: Path) -> None:
    """A program that is no spreadsheet gets the text as it is."""
    case = a_case(tmp_path, prescription=Prescription((WorkItem("1", shade="-1"),)))
    deliver("deliver.table", 'columns = { a = "shade" }\ndialect = { guard = false }', case, tmp_path)
    assert read(tmp_path / "out" / "table" / "K7Q2-M4.csv") == [{"a": "-1"}]


REFUSED = [
    ('columns = { a = "tooth" }', "did you mean 'teeth'?"),
    ('columns = { a = "xyzzy" }', "there are adapter, appointment"),
    ('columns = { a = "patient" }', "names people"),
    ("columns = {}", "must have a column"),
    ('dialect = { delimiter = ";;" }', "one sign"),
    ('dialect = { delimiter = ",", decimal = "," }', "one sign"),
    ('name = "../x"', "letters, digits"),
    ('webhook = { url = "http://portal.test/x" }', "not encrypted"),
    ('webhook = { url = "ftp://portal.test/x" }', "readable for everybody"),
    ('private = true\nwebhook = { url = "http://portal.test/x", insecure = true }', "an encrypted way"),
]


@pytest.mark.parametrize(("table", "reason"), REFUSED)
def test_options_that_cannot_be_right_are_refused_at_once(table: str, reason: str) -> None:
    """``casepan check`` says so before anything runs, with the nearest field."""
    with pytest.raises(ConfigError) as refused:
        exporter("deliver.table", table)
    assert reason in str(refused.value)


def test_every_field_can_be_a_column(tmp_path: Path) -> None:
    """Each has a sentence of documentation and a value or nothing for any case."""
    columns = ", ".join(f'"{name}" = "{name}"' for name in FIELDS)
    deliver("deliver.table", f"columns = {{ {columns} }}\nprivate = true", a_case(tmp_path), tmp_path)
    first, _ = read(tmp_path / "out" / "table" / "K7Q2-M4.csv")
    assert all(field.doc for field in FIELDS.values())
    assert first["patient"] == f"Ada {SURNAME}" and first["notes"] == "'-1 shade"


def test_without_private_nobody_is_named(tmp_path: Path) -> None:
    """All fields that are allowed then, and no name in them."""
    columns = ", ".join(f'"{name}" = "{name}"' for name, field in FIELDS.items() if not field.private)
    deliver("deliver.table", f"columns = {{ {columns} }}", a_case(tmp_path), tmp_path)
    assert SURNAME not in (tmp_path / "out" / "table" / "K7Q2-M4.csv").read_text("utf-8-sig")


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_one_file_grows_and_no_delivery_adds_twice(form: str, tmp_path: Path) -> None:
    """Three cases, each tried twice; the header stands once and the mark of the encoding as well."""
    case = a_case(tmp_path)
    for key in ("a", "b", "a", "c", "c", "b"):
        deliver("deliver.table", f'{ONE}\nform = "{form}"', case, tmp_path, key=key * 40)
    content = (tmp_path / "out" / "table" / f"work-items.{form}").read_bytes()
    assert content.count(b"zirconia") == 3
    assert content.count(b"\xef\xbb\xbfnumber") == (form == "csv")
    assert content.count(b"\n") == 6 + (form == "csv")


def test_a_probe_knows_what_was_added(tmp_path: Path) -> None:
    """By the delivery's key, also after a program took the file away for its import."""
    table = 'path = "rows"'
    deliver("deliver.table", table, a_case(tmp_path), tmp_path)
    assert probed(table, tmp_path, "k" * 40) is not None
    assert probed(table, tmp_path, "x" * 40) is None
    (tmp_path / "rows" / "K7Q2-M4.csv").unlink()
    assert probed(table, tmp_path, "k" * 40) is not None
    deliver("deliver.table", table, a_case(tmp_path), tmp_path)
    assert not (tmp_path / "rows" / "K7Q2-M4.csv").exists()


class Stop(Exception):
    """The process dies here."""


@pytest.mark.parametrize("call", ["write", "intend", "replace"])
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("files", ["case", "one"])
def test_a_sender_that_dies_anywhere_leaves_no_doubt(
    call: str, moment: str, files: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The probe tells whether the rows are in; trying again adds them once, after another delivery did its own."""
    from casepan_deliver import table_files

    table = f'path = "rows"\nfiles = "{files}"'
    owner, name = {
        "write": (table_files, "_write_verified"),
        "intend": (table_files.TableFile, "_intend"),
        "replace": (Path, "replace"),
    }[call]
    real = getattr(owner, name)

    def dying(*arguments: Any) -> Any:
        if moment == "after":
            real(*arguments)
        raise Stop

    deliver("deliver.table", table, a_case(tmp_path), tmp_path, key="0" * 40, place="FIRST")
    with monkeypatch.context() as patched:
        patched.setattr(owner, name, dying)
        with pytest.raises(Stop):
            deliver("deliver.table", table, a_case(tmp_path), tmp_path)
    renamed = (call, moment) == ("replace", "after")
    assert (probed(table, tmp_path, "k" * 40) is not None) == renamed
    assert probed(table, tmp_path, "0" * 40, place="FIRST") is not None
    deliver("deliver.table", table, a_case(tmp_path), tmp_path, key="1" * 40, place="THIRD")
    deliver("deliver.table", table, a_case(tmp_path), tmp_path)
    assert probed(table, tmp_path, "k" * 40) is not None
    rows = [row for path in (tmp_path / "rows").glob("*.csv") for row in read(path)]
    assert sum(row["kind"] == "crown" for row in rows) == 3


def test_a_line_of_the_records_that_a_power_loss_cut_hurts_nobody(tmp_path: Path) -> None:
    """What was written before and what is written after it stay known."""
    table = ONE
    deliver("deliver.table", table, a_case(tmp_path), tmp_path, key="a" * 40)
    records = tmp_path / "out" / "table" / ".casepan" / "work-items.csv.jsonl"
    records.write_bytes(records.read_bytes() + b'{"key": "bbb')
    deliver("deliver.table", table, a_case(tmp_path), tmp_path, key="c" * 40)
    assert probed(table, tmp_path, "a" * 40) and probed(table, tmp_path, "c" * 40)


def _add(folder: str, key: str) -> None:
    deliver("deliver.table", ONE, a_case(Path(folder)), Path(folder), key=key)


def test_senders_that_add_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    """Four at once, six deliveries, and some of them twice; each has its own handle on the lock, as processes have."""
    keys = [letter * 40 for letter in "abcdefabc"]
    for number in range(len(keys)):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "out").symlink_to(tmp_path / "shared")
    (tmp_path / "shared").mkdir()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(_add, [str(tmp_path / str(number)) for number in range(len(keys))], keys))
    assert len(read(tmp_path / "shared" / "table" / "work-items.csv")) == 12


def test_another_file_at_the_place_is_not_touched(tmp_path: Path) -> None:
    """Not the file of another delivery, nor a table with other columns."""
    table = 'path = "rows"'
    deliver("deliver.table", table, a_case(tmp_path), tmp_path, key="a" * 40)
    with pytest.raises(DeliveryRefused, match="another delivery"):
        deliver("deliver.table", table, a_case(tmp_path), tmp_path, key="b" * 40)
    deliver("deliver.table", table, a_case(tmp_path), tmp_path, key="b" * 40, replace=True)
    assert len(read(tmp_path / "rows" / "K7Q2-M4.csv")) == 2
    (tmp_path / "rows" / "work-items.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DeliveryRefused, match="other columns"):
        deliver("deliver.table", f"{table}\n{ONE}", a_case(tmp_path), tmp_path)
    assert (tmp_path / "rows" / "work-items.csv").read_text() == "a,b\n1,2\n"


def test_a_file_that_somebody_left_without_a_line_end(tmp_path: Path) -> None:
    """Rows do not run into each other."""
    table = f'{ONE}\ncolumns = {{ a = "kind" }}\ndialect = {{ encoding = "utf-8" }}'
    deliver("deliver.table", table, a_case(tmp_path), tmp_path, key="a" * 40)
    path = tmp_path / "out" / "table" / "work-items.csv"
    path.write_bytes(path.read_bytes() + b"splint")
    deliver("deliver.table", table, a_case(tmp_path), tmp_path, key="b" * 40)
    assert [row["a"] for row in read(path)] == ["crown", "pontic", "splint", "crown", "pontic"]


def test_a_sign_that_the_encoding_does_not_know(tmp_path: Path) -> None:
    """Refused with the encoding that does, never a question mark in its place."""
    case = a_case(tmp_path, prescription=Prescription((WorkItem("1", shade="牙"),)))
    with pytest.raises(DeliveryRefused, match="does not know"):
        deliver("deliver.table", 'dialect = { encoding = "latin-1" }', case, tmp_path)


def test_whoever_lost_the_case_adds_nothing(tmp_path: Path) -> None:
    """The fence is asked right before the rename."""
    with pytest.raises(FenceLost):
        deliver("deliver.table", ONE, a_case(tmp_path), tmp_path, fence_ok=lambda: False)
    assert not (tmp_path / "out" / "table" / "work-items.csv").exists()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """Tried again; the lab may make room or mount the share."""
    (tmp_path / "out").write_text("a file")
    with pytest.raises(DeliveryError, match="cannot be written") as failed:
        deliver("deliver.table", "", a_case(tmp_path), tmp_path)
    assert failed.value.retryable


def test_a_lock_that_stays_held_is_waited_for_with_patience(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program has it: tried again later."""
    from casepan_deliver import table_files

    monkeypatch.setattr(table_files, "PATIENCE", 0.05)
    rows = tmp_path / "out" / "table" / ".casepan"
    rows.mkdir(parents=True)
    with (rows / "lock").open("ab") as held:
        assert table_files._try_lock(held.fileno())
        with pytest.raises(DeliveryError, match="holds the table's lock"):
            deliver("deliver.table", ONE, a_case(tmp_path), tmp_path)
    deliver("deliver.table", ONE, a_case(tmp_path), tmp_path)


def test_a_full_disk_adds_nothing(tmp_path: Path) -> None:
    """Tried again; what was there before is untouched, and the probe knows that the rows are not in."""
    deliver("deliver.table", ONE, a_case(tmp_path), tmp_path, key="a" * 40)
    rows = tmp_path / "out" / "table"
    before = (rows / "work-items.csv").read_bytes()
    (rows / ".casepan" / f"work-items.csv.{'k' * 16}.part").symlink_to("/dev/full")
    with pytest.raises(DeliveryError, match="No space left"):
        deliver("deliver.table", ONE, a_case(tmp_path), tmp_path)
    assert probed(ONE, tmp_path, "k" * 40) is None
    assert (rows / "work-items.csv").read_bytes() == before


def hook(port: int, path: str = "hook", more: str = "") -> str:
    """A webhook."""
    return f'webhook = {{ url = "http://127.0.0.1:{port}/{path}", timeout = "2s"{more} }}'


def test_rows_can_be_posted(web: Server, tmp_path: Path) -> None:
    """One document per case, with the delivery key to know it by, and a token where one is wanted."""
    table = hook(web.port, "guarded", ', token = { env = "TOKEN" }')
    deliver("deliver.table", table, a_case(tmp_path), tmp_path, secrets={"TOKEN": "sesame-sentinel"})
    (post,) = web.documents()
    assert post["key"] == post["document"]["key"] == "k" * 40
    assert [row["kind"] for row in post["document"]["rows"]] == ["crown", "pontic"]
    assert post["document"]["schema"] == 1


POSTS = [
    ("413", DeliveryRefused, 0),
    ("301", DeliveryRefused, 0),
    ("401", AuthenticationFailed, 0),
    ("429", DeliveryError, 0),
    ("507", DeliveryError, 0),
    ("502", OutcomeUnknown, 0),
    ("hang", OutcomeUnknown, 1),
]


@pytest.mark.parametrize(("do", "kind", "copies"), POSTS)
def test_what_a_server_answers_decides_what_is_known(
    do: str, kind: type[DeliveryError], copies: int, web: Server, tmp_path: Path
) -> None:
    """Only a lost answer leaves doubt."""
    web.misbehave(do)
    with pytest.raises(DeliveryError) as failed:
        deliver("deliver.table", hook(web.port), a_case(tmp_path), tmp_path)
    assert type(failed.value) is kind
    assert len(web.documents()) == copies


def test_a_receiver_that_knows_repeated_posts_is_simply_asked_again(web: Server, tmp_path: Path) -> None:
    """The lost answer is a reason to try again, and there is one copy in the end."""
    line = Line(web.port, mute=True)
    repeatable = ", repeatable = true"
    with pytest.raises(DeliveryError) as failed:
        deliver("deliver.table", hook(line.port, "once", repeatable), a_case(tmp_path), tmp_path)
    line.close()
    assert type(failed.value) is DeliveryError
    assert probed(hook(web.port, "once", repeatable), tmp_path, "k" * 40) is None
    deliver("deliver.table", hook(web.port, "once", repeatable), a_case(tmp_path), tmp_path)
    assert len(web.documents()) == 1


def test_another_receiver_cannot_be_asked(web: Server, tmp_path: Path) -> None:
    """A person decides."""
    with pytest.raises(OutcomeUnknown, match="cannot be asked"):
        probed(hook(web.port), tmp_path, "k" * 40)


def test_whoever_lost_the_case_posts_nothing(web: Server, tmp_path: Path) -> None:
    """The fence is asked right before the call."""
    with pytest.raises(FenceLost):
        deliver("deliver.table", hook(web.port), a_case(tmp_path), tmp_path, fence_ok=lambda: False)
    assert not web.documents()


def test_json_lines_keep_values_as_they_are(tmp_path: Path) -> None:
    """Numbers stay numbers and nothing is guarded."""
    case: Case = a_case(tmp_path)
    deliver("deliver.table", 'form = "jsonl"\ncolumns = { a = "material-text", b = "revision" }', case, tmp_path)
    lines = (tmp_path / "out" / "table" / "K7Q2-M4.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [{"a": None, "b": 1}, {"a": '=HYPERLINK("x")', "b": 1}]


def test_the_readme_lists_every_field(repository: Path) -> None:
    """What can be a column, and which of them need the lab's word."""
    text = (repository / "plugins" / "deliver" / "README.md").read_text("utf-8")
    rows = [f"| `{name}`{' *' if field.private else ''} | {field.doc} |" for name, field in FIELDS.items()]
    assert [row for row in rows if row not in text] == []


def test_a_post_may_be_encrypted_by_the_labs_own_authority(authority: Authority, tmp_path: Path) -> None:
    """Trusted when ``ca`` names it, refused when it does not; an address is told in neither case."""
    server = web_server(tmp_path / "box", authority)
    server.start()
    try:
        url = f"https://127.0.0.1:{server.port}/hook"
        with pytest.raises(DeliveryRefused, match="certificate is not trusted") as refused:
            deliver("deliver.table", f'webhook = {{ url = "{url}" }}', a_case(tmp_path), tmp_path)
        assert url not in str(refused.value)
        deliver("deliver.table", f'webhook = {{ url = "{url}", ca = "{authority.file}" }}', a_case(tmp_path), tmp_path)
        assert len(server.documents()) == 1
    finally:
        server.stop()
