"""``core.zip``: the single case file, one zip per case, complete or not there at all."""

from __future__ import annotations

from attrs import frozen

from casepan.contract.context import ExportContext
from casepan.contract.options import FolderPath, option
from casepan.model.case import Case
from casepan.model.records import Receipt
from casepan.packages import deliver_zip, probe_zip
from casepan.stages.packing import MANIFEST, PackingOptions, case_seal, pack_case


@frozen
class ZipOptions(PackingOptions):
    """Where the zips go."""

    path: FolderPath = option(FolderPath("out"), "folder that gets one zip per case")
    compress: bool = option(False, "deflate the files; meshes shrink to about 45 % and take longer")


class ZipExport:
    """Write ``NAME.zip.part``, verify every member by reading it back, then rename: the rename is the delivery."""

    def __init__(self, options: ZipOptions) -> None:
        self.options = options

    def deliver(self, case: Case, ctx: ExportContext) -> Receipt:
        """The zip with scans, documents and ``manifest.json``. Raises as ``casepan.packages.deliver_zip``."""
        packed = pack_case(case, self.options)
        seal = case_seal(case, packed, private=self.options.private)
        return deliver_zip(ctx, self.options.path, packed, seal=seal, compress=self.options.compress)

    def probe(self, ctx: ExportContext) -> Receipt | None:
        """The receipt, if the zip is there with this delivery's key and every member as the manifest says."""
        return probe_zip(ctx, self.options.path, seal=MANIFEST)
