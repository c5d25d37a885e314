"""``deliver.table``: one row per work item for the lab's management program."""

from __future__ import annotations

from typing import Any

from casepan.api import Case, ExportContext, OutcomeUnknown, Receipt
from casepan_deliver.guarding import before_sending
from casepan_deliver.stores import plain_secret, secret_of
from casepan_deliver.table_fields import rows_of
from casepan_deliver.table_files import TableFile
from casepan_deliver.table_options import TableOptions, TableWebhook
from casepan_deliver.table_text import csv_bytes, jsonl_bytes
from casepan_deliver.webhook import post_json, reach

SCHEMA = 1


class Table:
    """Rows to a file or to a web address; the same delivery never adds rows twice."""

    def __init__(self, options: TableOptions) -> None:
        self.options = options

    def deliver(self, case: Case, ctx: ExportContext) -> Receipt:
        """Add the rows. Raises as ``TableFile.add`` and ``post_json``."""
        rows = list(rows_of(case, ctx.key, self.options.columns))
        if self.options.webhook is not None:
            document = {"schema": SCHEMA, "key": ctx.key, "case": ctx.place, "rows": rows}
            return _post(self.options.webhook, document, ctx)
        given = self.options
        if given.form == "jsonl":
            return self._file(ctx).add(ctx, b"", jsonl_bytes(rows))
        head = csv_bytes((), given.columns, given.dialect, first=True)
        return self._file(ctx).add(ctx, head, csv_bytes(rows, given.columns, given.dialect, first=False))

    def probe(self, ctx: ExportContext) -> Receipt | None:
        """The receipt, if the rows were added.

        Raises:
            OutcomeUnknown: a web address that does not know repeated posts cannot be asked.
        """
        hook = self.options.webhook
        if hook is None:
            return self._file(ctx).find(ctx)
        if hook.repeatable:
            return None  # posted again with its key, it is not taken twice
        raise OutcomeUnknown(
            "this web address cannot be asked whether it took the rows",
            hint="Look there, then: casepan deliveries resolve. With `repeatable = true` it is simply posted again.",
        )

    def health(self, ctx: ExportContext) -> str:
        """A sentence when the web address answers and lets us in; nothing is posted. Raises as ``webhook.reach``."""
        hook = self.options.webhook
        if hook is None:
            return "a folder: nothing has to be asked"
        return reach(
            hook.url, headers=_token(hook, ctx), timeout=hook.timeout, ca=ctx.base / hook.ca if hook.ca else None
        )

    def _file(self, ctx: ExportContext) -> TableFile:
        shared = self.options.files == "one"
        stem = self.options.name if shared else ctx.place
        return TableFile(ctx.base / self.options.path, f"{stem}.{self.options.form}", shared)


def _post(hook: TableWebhook, document: dict[str, Any], ctx: ExportContext) -> Receipt:
    with before_sending():
        headers = {"Idempotency-Key": ctx.key, **_token(hook, ctx)}
    answer = post_json(
        hook.url, document, headers=headers, timeout=hook.timeout, ca=ctx.base / hook.ca if hook.ca else None,
        may_commit=ctx.fence_ok, repeatable=hook.repeatable,
    )  # fmt: skip
    return Receipt(ctx.key, hook.url, ctx.now(), {"server": answer})


def _token(hook: TableWebhook, ctx: ExportContext) -> dict[str, str]:
    token = plain_secret(secret_of(ctx, hook.token))
    return {} if token is None else {"Authorization": f"Bearer {token}"}
