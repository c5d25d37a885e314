"""The exporters ``dicom.stl`` and ``dicom.obj``: a case as one DICOM study, into a folder or an archive."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256

from attrs import evolve

from casepan.api import (
    Case,
    DeliveryRefused,
    ExportContext,
    FenceLost,
    PackageFile,
    Receipt,
    Seal,
    deliver_folder,
    left_out,
    probe_folder,
)
from casepan_dicom.archives import Archive
from casepan_dicom.dimse import DimseArchive
from casepan_dicom.models import models_of
from casepan_dicom.objects import SERIES, Instance, Kind, instances
from casepan_dicom.options import DicomOptions
from casepan_dicom.uids import uid
from casepan_dicom.web import WebArchive

_ORDER = "the order stays at home: these objects have no field for it"
_COUNT = re.compile(re.escape(SERIES).replace(re.escape("{count}"), r"(\d{1,4})"))


class _Study:
    """A case as one study of one kind of models."""

    kind: Kind

    def __init__(self, options: DicomOptions) -> None:
        self.options = options

    def deliver(self, case: Case, ctx: ExportContext) -> Receipt:
        """The study. Sending it again changes nothing: the same delivery has the same identifiers.

        Raises:
            DeliveryRefused: there is nothing to send, a scan is damaged, or the archive does not take such objects.
            AuthenticationFailed: the archive does not know user or AE title.
            OutcomeUnknown: the line broke while an object was on its way.
            DeliveryError: the archive or the folder cannot be reached now.
        """
        made, told = self._made(case, ctx)
        if self.options.to == "folder":
            files = [PackageFile(instance.name, instance.content, "model") for instance in made]
            receipt = deliver_folder(ctx, self.options.path, files, seal=Seal(more={"not_carried": list(told)}))
        else:
            receipt = self._send(made, ctx)
        return evolve(receipt, proof={**receipt.proof, **_facts(ctx), "not carried": "; ".join(told)})

    def probe(self, ctx: ExportContext) -> Receipt | None:
        """The receipt, if folder or archive has every object of this delivery.

        Raises:
            DeliveryError: the archive cannot be asked now.
        """
        if self.options.to == "folder":
            receipt = probe_folder(ctx, self.options.path)
            return receipt and evolve(receipt, proof={**receipt.proof, **_facts(ctx)})
        archive = self._archive(ctx)
        held = archive.held(uid(ctx.key, "study"))
        count = _COUNT.fullmatch(held.series)
        wanted = {uid(ctx.key, "model", number) for number in range(1, int(count[1]) + 1)} if count else set()
        if not wanted or not wanted <= held.instances:
            return None
        said = {"verified": f"a probe found {len(wanted)} of {len(wanted)} objects", **_facts(ctx)}
        return Receipt(ctx.key, self._place(archive, ctx), ctx.now(), said)

    def health(self, ctx: ExportContext) -> str:
        """A sentence when the archive answers and lets us in; nothing is sent. Raises as ``probe``."""
        if self.options.to == "folder":
            return "a folder: nothing has to be asked"
        return self._archive(ctx).greet(self.kind)

    def _made(self, case: Case, ctx: ExportContext) -> tuple[tuple[Instance, ...], tuple[str, ...]]:
        scans = [scan for scan in case.scans if scan.preferred and scan.readable]
        if not scans:
            raise DeliveryRefused("the case has no scan that can be read", hint="Ask the sender for open files.")
        packed = models_of(scans, ctx, self.kind, None if self.options.private else case.patient)
        order = (_ORDER,) if case.prescription.items else ()
        told = (*left_out(case, scans), *packed.lost, *order) or ("nothing",)
        return instances(packed.models, case, ctx, private=self.options.private), told

    def _send(self, made: Sequence[Instance], ctx: ExportContext) -> Receipt:
        def may_go() -> None:
            if not ctx.fence_ok():
                raise FenceLost("another process owns this case now")

        archive = self._archive(ctx)
        warned = archive.store(made, may_go)
        hashes = {instance.name: sha256(instance.content).hexdigest() for instance in made}
        said = {"verified": f"the archive confirmed {len(made)} of {len(made)} objects"}
        if warned:
            said["the archive warned"] = ", ".join(warned)
        return Receipt(ctx.key, self._place(archive, ctx), ctx.now(), said, hashes)

    def _archive(self, ctx: ExportContext) -> Archive:
        return WebArchive(self.options, ctx) if self.options.to == "stow-rs" else DimseArchive(self.options, ctx)

    def _place(self, archive: Archive, ctx: ExportContext) -> str:
        return f"{archive.place}/studies/{uid(ctx.key, 'study')}"


class StlStudy(_Study):
    """The exporter ``dicom.stl``."""

    kind: Kind = "stl"


class ObjStudy(_Study):
    """The exporter ``dicom.obj``."""

    kind: Kind = "obj"


def _facts(ctx: ExportContext) -> dict[str, str]:
    return {"study": uid(ctx.key, "study"), "units": "millimetres"}
