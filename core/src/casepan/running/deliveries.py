"""One export of one case: the child's side (send, probe, keep the receipt) and the rules of trying again."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from attrs import field, frozen

from casepan.config.lab import Export, Pipeline, Retry
from casepan.config.options import structure_options
from casepan.errors import DeliveryError, FenceLost, OutcomeUnknown, StateError
from casepan.model.case import Case
from casepan.model.documents import from_document, to_plain
from casepan.model.records import Receipt
from casepan.model.vocabulary import Verdict
from casepan.registry import Registry
from casepan.running.context import Bench, Errand
from casepan.running.durable import private_folder, read_document, write_document
from casepan.running.plan import id_of
from casepan.running.wire import Link

SCHEMA = 1
RECEIPTS = "deliveries"


def delay_before(retry: Retry, attempts: int, retry_after: float | None, chance: float | None = None) -> float | None:
    """Seconds until the next try: doubling, with jitter, never before the destination's own ``Retry-After``.

    Args:
        attempts: tries so far.
        chance: between 0 and 1, for tests; random by default.

    Returns:
        None when the tries are used up.
    """
    if attempts >= retry.attempts:
        return None
    spread = random.random() if chance is None else chance
    doubled = float(min(retry.first_delay * 2 ** (attempts - 1), retry.max_delay))
    return max(doubled * (0.75 + 0.5 * spread), retry_after or 0.0)


@frozen
class Sender:
    """Sends what the supervisor asks for, one delivery after the other.

    Attributes:
        folder: the case's folder; umask: of the files that leave the state folder.
        verdict: what the checks say of the case; receipts: of its exports, as they lie in its folder.
    """

    folder: Path
    pipeline: Pipeline
    registry: Registry
    link: Link
    bench: Bench
    umask: int
    verdict: Verdict
    receipts: dict[str, Receipt] = field(factory=dict)

    def run(self, case: Case, order: Mapping[str, Any]) -> None:
        """Until nothing more of this case is due.

        Args:
            order: what is to be sent first; every answer of the supervisor says what comes next.

        Raises:
            FenceLost: another process owns the case.
        """
        if not order.get("done"):
            self.receipts.update(receipts_of(self.folder, self.pipeline))
        while not order.get("done"):
            order = self._one(case, order)

    def _one(self, case: Case, order: Mapping[str, Any]) -> Mapping[str, Any]:
        key = str(order["key"])
        export = next(export for export in self.pipeline.export if id_of(export) == order["export"])
        try:
            receipt = self._receipt(case, export, order)
        except FenceLost:
            raise
        except DeliveryError as error:
            if isinstance(error, OutcomeUnknown) and order["probe"] and export.on_unknown == "resend":
                return self.link.ask(ask="absent", key=key)  # it can never tell, and the lab takes the risk
            return self._failed(key, error)
        except Exception as error:
            return self._failed(
                key, OutcomeUnknown(f"the exporter failed with {type(error).__name__}", place=str(error)[:500])
            )
        return self._answer(key, id_of(export), receipt)

    def _answer(self, key: str, export: str, receipt: Receipt | None) -> Mapping[str, Any]:
        if receipt is None:
            return self.link.ask(ask="absent", key=key)
        self.receipts[export] = receipt
        return self.link.ask(ask="receipt", key=key, sha256=write_receipt(self.folder, export, receipt))

    def _failed(self, key: str, error: DeliveryError) -> Mapping[str, Any]:
        return self.link.ask(
            ask="failed", key=key, code=error.code, reason=error.reason, retryable=error.retryable,
            unknown=isinstance(error, OutcomeUnknown), retry_after=error.retry_after,
            place=error.place, hint=error.hint,
        )  # fmt: skip

    def _receipt(self, case: Case, export: Export, order: Mapping[str, Any]) -> Receipt | None:
        kept = self.receipts.get(id_of(export))
        if kept is not None and kept.key == order["key"] and order["probe"]:
            return kept
        options: Any = structure_options(
            self.registry.options_type(export.use), export.with_, place=f"export {id_of(export)}"
        )
        stage = self.registry.build(export.use, options)
        errand = Errand(
            key=str(order["key"]),
            place=str(order["place"]),
            replace=export.on_existing == "replace",
            receipts=dict(self.receipts),
            verdict=self.verdict,
            fence_ok=lambda: bool(self.link.ask(ask="fence", key=order["key"])["ok"]),
        )
        with _own_umask(self.umask):
            ctx = self.bench.sending(export.use, id_of(export), errand)
            answer = stage.probe(ctx) if order["probe"] else stage.deliver(case, ctx)
        if answer is None and order["probe"]:
            return None
        if not isinstance(answer, Receipt):
            raise OutcomeUnknown("the exporter gave no receipt", hint="Report it to the author of its plugin.")
        return answer


@contextmanager
def _own_umask(umask: int) -> Iterator[None]:
    """What is delivered is for others to read; what stays in the state folder is not."""
    before = os.umask(umask)
    try:
        yield
    finally:
        os.umask(before)


def write_receipt(folder: Path, export: str, receipt: Receipt) -> str:
    """Keep a receipt in the case's folder; the hash that the ledger gets."""
    path = private_folder(folder / RECEIPTS) / f"{export}.json"
    return sha256(write_document(path, {"schema": SCHEMA, **to_plain(receipt)})).hexdigest()


def read_receipt(folder: Path, export: str) -> Receipt | None:
    """The receipt of an export, None when there is none."""
    path = folder / RECEIPTS / f"{export}.json"
    if not path.is_file():
        return None
    try:
        return from_document(read_document(path), Receipt)
    except StateError:
        return None


def receipts_of(folder: Path, pipeline: Pipeline) -> Mapping[str, Receipt]:
    """All receipts of a case, by export id."""
    if not (folder / RECEIPTS).is_dir():
        return {}
    found = {id_of(export): read_receipt(folder, id_of(export)) for export in pipeline.export}
    return {name: receipt for name, receipt in found.items() if receipt is not None}
