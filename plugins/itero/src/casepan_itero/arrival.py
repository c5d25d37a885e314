"""Which iTero orders lie in an arrival, and which files belong to each.

Only names, sizes, heads and manifests are read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

from attrs import field, frozen

from casepan.api import Confidence, CorruptFile, Entry, Listing, Recognition
from casepan_itero.layout import (
    MESHES,
    OCCLUSION,
    folded,
    is_medit_name,
    manifest_version,
    order_in,
    order_key,
    order_of_container,
    read_name,
)
from casepan_itero.rx import Exported, Manifest, read_manifest

STAGE = "itero.order"
LARGEST_MANIFEST = 4 * 1024 * 1024
FORGED_ORDER = "999999999"
"""The order number that one laboratory writes into manifests which it puts around meshes of another scanner."""

_LABEL_EVIDENCE = "no order number in these files: the identity is the label or folder name in its place"
_RX_TITLE = b"iTero Treatment Information"


@frozen
class Order:
    """One order found in an arrival.

    Attributes:
        key: the order's number, or the label that stands in its place.
        entries: its files; older: those of an older download, path to reason.
        manifest: the readable manifest of the highest version; broken: the one to complain about when none is readable.
        exported: what the manifests say of each file, by folded name.
    """

    key: str
    entries: tuple[Entry, ...]
    manifest: Manifest | None = None
    broken: str | None = None
    exported: Mapping[str, Exported] = field(factory=dict)
    older: Mapping[str, str] = field(factory=dict)

    @property
    def surfaces(self) -> tuple[Entry, ...]:
        """Its meshes, without those of older downloads."""
        return tuple(entry for entry in self.entries if entry.suffix in MESHES and entry.path not in self.older)

    @property
    def missing(self) -> tuple[str, ...]:
        """Files that the manifest lists and that are not there."""
        there = {folded(entry.name) for entry in self.entries if entry.path not in self.older}
        listed = self.manifest.objects if self.manifest else ()
        return tuple(dict.fromkeys(item.file for item in listed if item.file and folded(item.file) not in there))


def recognise(listing: Listing) -> tuple[Recognition, ...]:
    """The orders of an arrival, one recognition each."""
    return tuple(_recognition(listing, order) for order in orders_in(listing))


def orders_in(listing: Listing) -> tuple[Order, ...]:
    """Every order in an arrival that has a manifest or at least one mesh of either family."""
    manifests = _manifests(listing)
    keys = _keys(listing, manifests)
    found: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in listing.entries:
        if key := keys.get(entry.path):
            found[key].append(entry)
    folders = {part for entry in listing.entries for part in entry.folder.split("/")} | {listing.name}
    contained = {order_of_container(folder) for folder in folders}
    orders = (_order(key, entries, manifests, named=key in contained) for key, entries in found.items())
    return tuple(order for order in orders if order.surfaces or order.manifest or order.broken)


def _manifests(listing: Listing) -> dict[str, Manifest | None]:
    """Manifests by path; None for one that cannot be read."""
    found: dict[str, Manifest | None] = {}
    for entry in listing.entries:
        if entry.suffix == "xml" and entry.size <= LARGEST_MANIFEST and _says_manifest(listing.head(entry.path)):
            try:
                found[entry.path] = read_manifest(listing.read(entry.path), place=entry.path)
            except CorruptFile:
                found[entry.path] = None
    return found


def _says_manifest(head: bytes) -> bool:
    return b"<iTeroExport" in head.replace(b"\0", b"")


def _keys(listing: Listing, manifests: Mapping[str, Manifest | None]) -> dict[str, str]:
    """The order of each file: as a manifest lists it, as its name says it, else the only order of its folder."""
    listed = _listed(listing, manifests)
    keys: dict[str, str] = {}
    for entry in listing.entries:
        own = _manifest_key(entry, manifests[entry.path]) if entry.path in manifests else None
        key = own or _listed_key(entry, listed) or _named_key(listing, entry)
        if key:
            keys[entry.path] = key
    return _spread(listing.entries, keys)


def _manifest_key(entry: Entry, manifest: Manifest | None) -> str | None:
    return order_key(manifest.order) if manifest and manifest.order else order_in(entry.name) or folded(entry.stem)


def _listed(listing: Listing, manifests: Mapping[str, Manifest | None]) -> dict[str, list[tuple[str, str]]]:
    """Folder and order of the manifests that list a file, by the file's folded name."""
    found: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for entry in listing.entries:
        if manifest := manifests.get(entry.path):
            key = _manifest_key(entry, manifest) or ""
            for item in manifest.objects:
                found[folded(item.file)].append((entry.folder, key))
    return found


def _listed_key(entry: Entry, listed: Mapping[str, Sequence[tuple[str, str]]]) -> str | None:
    near = [(folder, key) for folder, key in listed.get(folded(entry.name), ()) if _is_below(entry.folder, folder)]
    return max(near, key=lambda found: len(found[0]))[1] if near else None


def _named_key(listing: Listing, entry: Entry) -> str | None:
    if key := order_in(entry.name):
        return key
    if entry.suffix not in MESHES or read_name(entry.name) is None:
        return None
    # a name of the family without its order number: the folder or zip has it, or stands for it
    folders = [part for part in reversed(entry.folder.split("/")) if part] or [listing.name]
    return next((key for folder in folders if (key := order_of_container(folder))), folded(folders[0]))


def _spread(entries: Iterable[Entry], keys: Mapping[str, str]) -> dict[str, str]:
    """Files that name no order (a logo, a practice's own sheet) belong to the only order in or around their folder."""
    entries = tuple(entries)
    by_folder: defaultdict[str, set[str]] = defaultdict(set)
    for entry in entries:
        if key := keys.get(entry.path):
            for folder in _upwards(entry.folder):
                by_folder[folder].add(key)
    spread = dict(keys)
    for entry in entries:
        around = next((by_folder[folder] for folder in _upwards(entry.folder) if by_folder[folder]), set())
        if entry.path not in spread and len(around) == 1:
            spread[entry.path] = next(iter(around))
    return spread


def _upwards(folder: str) -> tuple[str, ...]:
    """The folder and every folder above it, the arrival itself last."""
    parts = folder.split("/") if folder else []
    return tuple("/".join(parts[:count]) for count in range(len(parts), -1, -1))


def _is_below(folder: str, above: str) -> bool:
    return above in _upwards(folder)


def _order(key: str, entries: Sequence[Entry], manifests: Mapping[str, Manifest | None], *, named: bool) -> Order:
    own = sorted((e for e in entries if e.path in manifests), key=lambda e: (-_version(e, manifests), -e.mtime, e.path))
    older = _older_downloads(entries, own, manifests)
    current = [entry for entry in own if entry.path not in older]
    readable = [manifest for entry in current if (manifest := manifests[entry.path])]
    exported: dict[str, Exported] = {}
    for manifest in readable:
        for item in manifest.objects:
            exported.setdefault(folded(item.file), item)
    named = named or any(order_in(entry.name) for entry in entries)
    return Order(
        key=key if named and key != FORGED_ORDER else f"{key} {_fingerprint(entries)}",
        entries=tuple(entries),
        manifest=readable[0] if readable else None,
        broken=None if readable or not current else current[0].path,
        exported=exported,
        older=older,
    )


def _fingerprint(entries: Iterable[Entry]) -> str:
    """Tells arrivals apart whose names hold no order number, so that two patients never become one case."""
    sizes = ",".join(sorted(f"{folded(entry.name)} {entry.size}" for entry in entries if entry.suffix in MESHES))
    return sha256(sizes.encode("utf-8", "surrogateescape")).hexdigest()[:8]


def _version(entry: Entry, manifests: Mapping[str, Manifest | None]) -> float:
    """The manifest's version: 5.0 in the file is v50 in the name."""
    manifest = manifests[entry.path]
    try:
        return float(manifest.version) * 10 if manifest else manifest_version(entry.name)
    except ValueError:
        return manifest_version(entry.name)


def _older_downloads(
    entries: Sequence[Entry], own: Sequence[Entry], manifests: Mapping[str, Manifest | None]
) -> dict[str, str]:
    """Folders that hold a mesh which another folder of the order holds too: the latest complete one wins whole."""
    folders: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        folders[entry.folder].append(entry)
    complete = {entry.folder for entry in own if _is_complete(manifests[entry.path], folders[entry.folder])}
    ranked = sorted(folders, key=lambda f: (f not in complete, -max(e.mtime for e in folders[f]), f))
    kept: set[str] = set()
    older: dict[str, str] = {}
    for folder in ranked:
        meshes = {folded(entry.name) for entry in folders[folder] if entry.suffix in MESHES}
        if meshes & kept:
            older |= {entry.path: "an older download of the same order" for entry in folders[folder]}
        else:
            kept |= meshes
    return older


def _is_complete(manifest: Manifest | None, entries: Iterable[Entry]) -> bool:
    there = {folded(entry.name) for entry in entries}
    return manifest is not None and all(folded(item.file) in there for item in manifest.objects)


def _recognition(listing: Listing, order: Order) -> Recognition:
    confidence, evidence = _judge(listing, order)
    names = [read_name(entry.name) for entry in order.surfaces]
    shared = bool(names) and all(name and name.in_occlusion and name.role == "arch" for name in names)
    return Recognition(
        stage=STAGE,
        vendor_id=order.key,
        files=tuple(entry.path for entry in order.entries),
        confidence=confidence,
        evidence=evidence if order.key.isdecimal() else (*evidence, _LABEL_EVIDENCE),
        missing=order.missing,
        frame=OCCLUSION if shared else None,
    )


def _judge(listing: Listing, order: Order) -> tuple[Confidence, tuple[str, ...]]:
    """How sure it is. A manifest proves little around meshes with foreign names: manifests are known to be forged."""
    marks = _marks(listing, order)
    manifest = order.manifest
    if manifest is None:
        damaged = ("a manifest (iTeroExport) that cannot be read",) if order.broken else ()
        return "likely" if len(marks) + len(damaged) > 1 else "possible", damaged + marks
    says = f"manifest: iTeroExport {manifest.version}, {len(manifest.objects)} files listed"
    listed = [item for item in manifest.objects if item.kind == "Surface"]
    if order.key.startswith(FORGED_ORDER) or any(is_medit_name(item.file) for item in listed):
        return "possible", (says, "but its meshes have the names of another scanner, or a made-up order number", *marks)
    if not listed or any(read_name(item.file) for item in listed):
        return "certain", (says, *marks)
    return "likely" if marks else "possible", (says, "but none of its meshes is named like an iTero export", *marks)


def _marks(listing: Listing, order: Order) -> tuple[str, ...]:
    named = [entry for entry in order.surfaces if read_name(entry.name)]
    folders = {part for entry in order.entries for part in entry.folder.split("/")} | {listing.name}
    marks = []
    if named:
        marks.append("meshes named like an iTero export")
    if len(named) > 1:
        marks.append(f"{len(named)} such meshes belong to one order")
    if any(_is_rx_sheet(listing, entry) for entry in order.entries):
        marks.append("an iTero prescription sheet lies with them")
    if any(order_of_container(folder) for folder in folders):
        marks.append("folder or zip named like an iTero export")
    return tuple(marks)


def _is_rx_sheet(listing: Listing, entry: Entry) -> bool:
    if entry.suffix == "pdf":
        return entry.name.casefold().startswith("itero_rx_")
    return entry.suffix in ("html", "htm") and _RX_TITLE in listing.head(entry.path)
