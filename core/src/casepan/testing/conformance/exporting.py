"""Rules for exporters that write below a folder: complete and proven, or not there at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from casepan.arrivals.names import safe_name
from casepan.config.options import structure_options
from casepan.contract.specs import ExporterSpec, NameLimits
from casepan.errors import CasepanError, DeliveryError, DeliveryRefused, FenceLost
from casepan.model.case import Case, CaseKey, Origin, Patient
from casepan.model.files import Attachment
from casepan.model.prescription import Prescription, WorkItem
from casepan.model.records import Receipt
from casepan.running.context import Bench, Errand, SendingContext
from casepan.testing.conformance.observing import NOON, registry, words
from casepan.testing.destinations import Cut, FaultyFolder

Found = Iterator[str]
REF = "K7Q2-M4"
NAME = "Sentinella"
"""The patient of every case that the kit delivers: where this word turns up, something told it."""

_NAMES = ("CON", "Ober\u2028kiefer: <\u043f\u0440\u043e\u0442\u0435\u0437> ?. ", "\u4e0a" * 120)
"""Names of scans that not every system takes, and one that is too long."""

_HALF = 60_000
"""Bytes after which a fault sets in: in the middle of the second scan."""


@frozen
class Rig:
    """One exporter, a case for it, and a destination that can fail."""

    stage: str
    options: Mapping[str, Any]
    bench: Bench
    case: Case
    folder: FaultyFolder

    def deliver(self, **errand: Any) -> Receipt:
        """Deliver the case, or the one given, as the runner would."""
        case = errand.pop("case", self.case)
        receipt: Receipt = self._stage().deliver(case, self.context(**errand))
        return receipt

    def probe(self, **errand: Any) -> Receipt | None:
        """Ask the destination."""
        found: Receipt | None = self._stage().probe(self.context(**errand))
        return found

    def context(self, **errand: Any) -> SendingContext:
        """What the exporter is told; ``key`` and ``place`` have defaults."""
        told = Errand(**{"key": "key-1", "place": REF, **errand})
        return self.bench.sending(self.stage, "export", told)

    def _stage(self) -> Any:
        options: Any = structure_options(registry().options_type(self.stage), dict(self.options), place="kit")
        return registry().build(self.stage, options)


class Rigged:
    """A fresh rig in a scratch folder: ``with Rigged("core.folder", {}) as rig``.

    Args:
        given: files that the options name, found at ``../given/NAME``.
    """

    def __init__(self, stage: str, options: Mapping[str, Any], given: Mapping[str, bytes] | None = None) -> None:
        self.stage = stage
        self.options = options
        self.given = dict(given or {})

    def __enter__(self) -> Rig:
        self.scratch = Path(tempfile.mkdtemp(prefix="casepan-kit-"))
        source = self.scratch / "source"
        _write_source(source)
        (self.scratch / "given").mkdir()
        (self.scratch / "lab").mkdir()  # "../given" is found from a folder that is there
        for name, content in self.given.items():
            (self.scratch / "given" / name).write_bytes(content)
        self.bench = Bench.at(source, base=self.scratch / "lab", clock=lambda: NOON)
        return Rig(self.stage, self.options, self.bench, case_on(self.bench), FaultyFolder(self.scratch / "lab"))

    def __exit__(self, *_: object) -> None:
        self.bench.close()
        shutil.rmtree(self.scratch, ignore_errors=True)


def case_on(bench: Bench) -> Case:
    """A crown on 24: preparation, antagonist, bite, an order and a sheet, all under telling names."""
    from casepan.model.case import Scan

    roles: tuple[Any, ...] = (("preparation", "upper"), ("antagonist", "lower"), ("bite", None))
    paths = [entry.path for entry in bench.listing.entries if entry.suffix == "stl"] if bench.listing else []
    by_part = {path.rpartition(" ")[2]: path for path in paths}
    scans = tuple(
        Scan(
            f"{arch}-{role}" if arch else "bite-1",
            role,
            arch,
            file=bench.reference(by_part[f"{arch or 'bite'}.stl"]),
            format="stl",
        )
        for role, arch in roles
    )
    item = WorkItem("1", (24,), "crown", material="zirconia", material_text="Zirconia", shade="A2")
    order = Prescription((item,), reference=f"{NAME} 17", doctor=f"Dr. {NAME}", notes=f"{NAME} is nervous")
    sheet = Attachment("document-1", bench.reference(f"{NAME} order.pdf"), "document")
    return Case(
        REF,
        CaseKey("core", f"{NAME} 17"),
        Origin("core.generic", arrival=NAME),
        digest="0" * 64,
        received_at=NOON,
        patient=Patient(name=f"Maria {NAME}", first="Maria", last=NAME),
        scans=scans,
        prescription=order,
        attachments=(sheet,),
    )


def delivers_with_a_receipt(rig: Rig) -> Found:
    """The receipt bears the key, the place, an aware time, and a checksum for each delivered file."""
    receipt = rig.deliver()
    if receipt.key != "key-1" or receipt.at.tzinfo is None or not receipt.place:
        yield "a receipt without its key, an aware time or a place"
    if len(receipt.files) < len(rig.case.scans) or not all(len(value) == 64 for value in receipt.files.values()):
        yield "the receipt does not give a SHA-256 for each file"
    if not rig.folder.visible():
        yield "nothing was delivered"


def leaves_no_traces_of_work(rig: Rig) -> Found:
    """After a delivery nothing unfinished lies at the destination."""
    rig.deliver()
    every = {path.relative_to(rig.folder.root).as_posix() for path in rig.folder.root.rglob("*") if path.is_file()}
    hidden = {
        path for path in every if path.rpartition("/")[2].startswith(".")
    }  # a seal may hide, but not be left over
    if left := every - hidden - set(rig.folder.visible()):
        yield f"left behind: {sorted(left)[:3]}"


def second_delivery_does_nothing(rig: Rig) -> Found:
    """The same key once more gives the same receipt and changes no file."""
    first = rig.deliver()
    before = _times(rig.folder.root)
    again = rig.deliver()
    if (again.key, dict(again.files)) != (first.key, dict(first.files)):
        yield "another receipt for the same key"
    if _times(rig.folder.root) != before:
        yield "files were written again"


def names_stay_private(rig: Rig) -> Found:
    """By default the patient's name is in no path and in no byte of the delivery, nor in ``repr(receipt)``."""
    receipt = rig.deliver()
    for path, content in rig.folder.visible().items():
        if NAME in path or NAME.encode() in content:
            yield f"{path.replace(NAME, '…')} tells the patient's name"
    if NAME in repr(receipt):
        yield "repr(receipt) tells the patient's name"


def says_what_it_does_not_carry(rig: Rig) -> Found:
    """Where a file of the case stays at home, the receipt says so under ``not carried``, or the exporter for every case."""
    receipt = rig.deliver()
    came = [scan.file for scan in rig.case.scans] + [item.file for item in rig.case.attachments]
    left = [file for file in came if file.sha256 not in receipt.files.values()]
    if left and not _spec(rig).not_carried and receipt.proof.get("not carried", "nothing") == "nothing":
        yield f"{len(left)} files of the case stay at home, and nothing says so"
    if NAME in receipt.proof.get("not carried", ""):
        yield "what is not carried is told with the patient's name"


def keeps_to_its_limits_for_names(rig: Rig) -> Found:
    """Long, foreign and reserved names: what is delivered has names within the declared limits, or is refused with advice."""
    limits = _spec(rig).names
    if limits is None:
        yield "the exporter does not say which names it takes"
        return
    named = [evolve(scan, name=f"{name}.stl") for scan, name in zip(rig.case.scans, _NAMES, strict=True)]
    try:
        rig.deliver(case=evolve(rig.case, scans=tuple(named)))
    except DeliveryRefused as error:
        if not error.hint:
            yield "refused without saying what to do"
    for path in rig.folder.visible():
        yield from _beyond(path, limits)


def refuses_more_faces_than_it_takes(rig: Rig) -> Found:
    """Who declares a limit of faces keeps it: a larger scan is refused with advice, and nothing is delivered."""
    most = _spec(rig).max_faces
    if most is None:
        return
    large = tuple(evolve(scan, faces=most + 1) for scan in rig.case.scans)
    try:
        rig.deliver(case=evolve(rig.case, scans=large))
        yield f"a scan of {most + 1:,} faces was taken, the limit is {most:,}"
    except DeliveryRefused as error:
        if not error.hint:
            yield "refused without saying what to do"


def never_overwrites(rig: Rig) -> Found:
    """What another delivery left at the place stays as it is, unless the lab allows to replace it."""
    rig.deliver(key="older")
    before = rig.folder.visible()
    changed = evolve(rig.case, revision=2, digest="1" * 64)
    try:
        rig.deliver(key="newer", case=changed)
        yield "another delivery lay at the place, and nothing was raised"
    except DeliveryRefused:
        pass
    if rig.folder.visible() != before:
        yield "another delivery was changed"
    rig.deliver(key="newer", case=changed, replace=True)


def a_lost_fence_commits_nothing(rig: Rig) -> Found:
    """A process that no longer owns the case leaves nothing visible."""
    yield from _fails(rig, FenceLost, lambda: rig.deliver(fence_ok=lambda: False))


def a_fence_lost_while_writing_commits_nothing(rig: Rig) -> Found:
    """The fence is asked right before the commit, not at the start."""
    lost: list[bool] = []
    with rig.folder.slow(_HALF, lambda: lost.append(True)):
        yield from _fails(rig, FenceLost, lambda: rig.deliver(fence_ok=lambda: not lost))


def a_full_disk_is_a_delivery_error(rig: Rig) -> Found:
    """No space in the middle: nothing visible, an error that says what to do, and the next try succeeds."""
    yield from _recovers(rig, DeliveryError, rig.folder.full(_HALF))


def a_read_only_folder_is_a_delivery_error(rig: Rig) -> Found:
    """Nothing may be written: an error that says what to do, and the next try succeeds."""
    yield from _recovers(rig, DeliveryError, rig.folder.read_only())


def a_vanished_share_is_a_delivery_error(rig: Rig) -> Found:
    """The share goes away in the middle: nothing visible, and the next try succeeds."""
    yield from _recovers(rig, DeliveryError, rig.folder.vanished(_HALF))


def altered_bytes_are_noticed(rig: Rig) -> Found:
    """What was written is read back: a turned bit never counts as delivered."""
    yield from _recovers(rig, DeliveryError, rig.folder.altering())


def a_cut_leaves_no_half_delivery(rig: Rig) -> Found:
    """The process dies in the middle, early and late: nothing visible, and the next try succeeds."""
    for after in (0, _HALF, 2 * _HALF):
        yield from _recovers(rig, Cut, rig.folder.cut(after))
        for path in rig.folder.root.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def a_probe_tells_absent_present_and_damaged(rig: Rig) -> Found:
    """``probe`` gives a receipt for a complete delivery of this key only."""
    if not _spec(rig).probe:
        return
    if rig.probe() is not None:
        yield "a receipt before anything was delivered"
    files = rig.deliver().files
    found = rig.probe()
    if found is None or dict(found.files) != dict(files):
        yield "no receipt, or another one, for a complete delivery"
    if rig.probe(key="another") is not None:
        yield "a receipt for another key"
    for path in rig.folder.visible():
        yield from _probes_damage(rig, rig.folder.root / path)


RULES = (
    delivers_with_a_receipt,
    leaves_no_traces_of_work,
    second_delivery_does_nothing,
    names_stay_private,
    says_what_it_does_not_carry,
    keeps_to_its_limits_for_names,
    refuses_more_faces_than_it_takes,
    never_overwrites,
    a_lost_fence_commits_nothing,
    a_fence_lost_while_writing_commits_nothing,
    a_full_disk_is_a_delivery_error,
    a_read_only_folder_is_a_delivery_error,
    a_vanished_share_is_a_delivery_error,
    altered_bytes_are_noticed,
    a_cut_leaves_no_half_delivery,
    a_probe_tells_absent_present_and_damaged,
)


def _spec(rig: Rig) -> ExporterSpec:
    spec = registry().spec(rig.stage)
    assert isinstance(spec, ExporterSpec)
    return spec


def _beyond(path: str, limits: NameLimits) -> Found:
    """What is wrong with the names of one delivered file."""
    *_, name = parts = path.split("/")
    if limits.longest is not None and max(len(part.encode()) for part in parts) > limits.longest:
        yield f"a name of {len(name.encode())} bytes, the limit is {limits.longest}"
    if limits.longest_path is not None and len(path.encode()) > limits.longest_path:
        yield f"a path of {len(path.encode())} bytes, the limit is {limits.longest_path}"
    if any(safe_name(part, limit=len(part.encode())) != part for part in parts):
        yield "a name that not every system takes"
    if limits.characters == "ascii" and not path.isascii():
        yield "a name beyond ASCII"


def _write_source(folder: Path) -> None:
    from casepan.testing.scans import scan_bytes, small_scan

    folder.mkdir()
    for part in ("upper", "lower", "bite"):
        (folder / f"{NAME} {part}.stl").write_bytes(scan_bytes(small_scan(part), "stl"))
    (folder / f"{NAME} order.pdf").write_bytes(b"%PDF-1.4\n%%EOF\n")


def _recovers(rig: Rig, error: type[BaseException], fault: AbstractContextManager[Any]) -> Found:
    with fault:
        yield from _fails(rig, error, rig.deliver)
    try:
        rig.deliver()
    except CasepanError as later:
        yield f"the try after it failed too: {words(later)}"


def _fails(rig: Rig, wanted: type[BaseException], deliver: Callable[[], Receipt]) -> Found:
    """What is wrong with a delivery that must fail."""
    try:
        deliver()
        yield "the delivery was reported as done"
    except wanted as error:
        if isinstance(error, DeliveryError) and not (error.retryable and error.hint):
            yield f"{type(error).__name__} is not retryable, or does not say what to do"
    except BaseException as error:
        yield f"raised {words(error)} instead of {wanted.__name__}"
    if half := rig.folder.visible():
        yield f"half a delivery is visible: {sorted(half)[:3]}"


def _probes_damage(rig: Rig, path: Path) -> Found:
    content = path.read_bytes()
    turned = bytearray(content or b"x")
    turned[len(turned) // 2] ^= 0xFF
    damages = [("a turned byte", bytes(turned)), ("half of it", content[: len(content) // 2])]
    for what, damaged in damages if content else damages[:1]:
        path.write_bytes(damaged)
        if rig.probe() is not None:
            yield f"a receipt although {path.suffix or 'a file'} holds {what}"
    path.unlink()
    if rig.probe() is not None:
        yield f"a receipt although a {path.suffix} file is gone"
    path.write_bytes(content)


def _times(root: Path) -> dict[str, int]:
    return {path.as_posix(): path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}
