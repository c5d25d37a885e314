"""Options of ``deliver.table``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from attrs import frozen

from casepan.api import Duration, FilePath, FolderPath, Secret, option
from casepan_deliver.guarding import refuse_open_url
from casepan_deliver.table_fields import COLUMNS, ORDERED, refuse_unknown


@frozen
class Dialect:
    """How a CSV file is written."""

    delimiter: str = option(";", "sign between columns; a tab is `\\t`")
    encoding: Literal["utf-8-sig", "utf-8", "cp1252", "latin-1"] = option(
        "utf-8-sig", "`utf-8-sig` is what Excel reads right; the others are for programs that ask for them"
    )
    decimal: Literal[".", ","] = option(".", "decimal sign")
    header: bool = option(True, "names of the columns in the first line")
    line_end: Literal["crlf", "lf"] = option("crlf", "end of a line")
    guard: bool = option(True, "put an apostrophe before texts that a spreadsheet would run as a formula (= + - @ tab)")

    def __attrs_post_init__(self) -> None:
        if len(self.delimiter) != 1 or not self.delimiter.isascii() or self.delimiter in "\"\r\n'" + self.decimal:
            raise ValueError("`delimiter` must be one sign, no quote, no line end, and not the decimal sign")


@frozen
class TableWebhook:
    """Where rows are posted as JSON."""

    url: str = option(doc="address, https")
    token: Secret | None = option(None, "sent as `Authorization: Bearer …`")
    insecure: bool = option(False, "allow http:// to another machine")
    ca: FilePath | None = option(None, "certificates (PEM) of the authority to trust instead of the system's")
    timeout: Duration = option(Duration(30.0), "longest wait for an answer")
    repeatable: bool = option(
        False, "the receiver knows a repeated post by its Idempotency-Key: a lost answer is then simply tried again"
    )

    def __attrs_post_init__(self) -> None:
        refuse_open_url(self.url, insecure=self.insecure)


@frozen
class TableOptions:
    """One row per work item, as CSV, JSON lines or a post."""

    form: Literal["csv", "jsonl"] = option("csv", "form of the files")
    path: FolderPath = option(FolderPath("out/table"), "folder that gets the files")
    files: Literal["case", "one"] = option(
        "case", "`case`: a file for each case, named after it; `one`: rows are added to one file"
    )
    name: str = option("work-items", "name of the one file, without its ending")
    columns: Mapping[str, str] = option(COLUMNS, "name of each column and the field it holds, in order")
    private: bool = option(False, "allow fields that name patient, practice or doctor")
    dialect: Dialect = option(Dialect(), "how CSV is written")
    webhook: TableWebhook | None = option(None, "post the rows there instead of writing files")

    def __attrs_post_init__(self) -> None:
        refuse_unknown(self.columns, private=self.private)
        if self.private and self.webhook is not None and self.webhook.insecure:
            raise ValueError("`private` needs an encrypted way: leave out `insecure`")
        if not self.name.replace("-", "").replace("_", "").isalnum():
            raise ValueError("`name` may have letters, digits, - and _ only")

    def not_carried(self) -> Iterator[str]:
        """What stays at home whatever the case is, see ``ExporterSpec``."""
        without = [name for name in ORDERED if name not in self.columns.values()]
        if without:
            yield f"fields of the order without a column: {', '.join(without)}"
