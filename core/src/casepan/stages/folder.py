"""``core.folder``: one folder per case, complete or not there at all."""

from __future__ import annotations

from attrs import frozen

from casepan.contract.context import ExportContext
from casepan.contract.options import FolderPath, option
from casepan.model.case import Case
from casepan.model.records import Receipt
from casepan.packages import deliver_folder, probe_folder
from casepan.stages.packing import MANIFEST, PackingOptions, case_seal, pack_case


@frozen
class FolderOptions(PackingOptions):
    """Where the folders go; a network share mounted on this machine is fine."""

    path: FolderPath = option(FolderPath("out"), "folder that gets one folder per case")


class FolderExport:
    """Write ``NAME.part``, verify every file by reading it back, then rename: the rename is the delivery."""

    def __init__(self, options: FolderOptions) -> None:
        self.options = options

    def deliver(self, case: Case, ctx: ExportContext) -> Receipt:
        """The folder with scans, documents and ``manifest.json``. Raises as ``casepan.packages.deliver_folder``."""
        packed = pack_case(case, self.options)
        seal = case_seal(case, packed, private=self.options.private)
        return deliver_folder(ctx, self.options.path, packed, seal=seal)

    def probe(self, ctx: ExportContext) -> Receipt | None:
        """The receipt, if the folder is there with this delivery's key and every file as the manifest says."""
        return probe_folder(ctx, self.options.path, seal=MANIFEST)
