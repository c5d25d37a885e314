"""Which orders of 3Shape's lie in an arrival, and which files belong to each.

Only names, sizes, heads and order documents are read.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import sha256

from attrs import evolve, frozen

from casepan.api import CaseError, Confidence, CorruptFile, Entry, Listing, Recognition, open_archive, strip_copy_marks
from casepan_trios.layout import FRAME, MESHES, Name, place_of, plain, read_name, stem_of
from casepan_trios.rx import Container, named_files, read_container, scan_types

STAGE = "trios.order"
LARGEST_ORDER = 4 * 1024 * 1024
_HPS = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>\s*)?<HPS[\s>]")
_SURFACES = ("arch", "preparation", "antagonist", "preop")
_PAPERS = ("pdf", "jpg", "jpeg", "png", "txt", "html", "htm")


@frozen
class Order:
    """One order found in an arrival.

    Attributes:
        key: what 3Shape or the practice calls it, without re-export marks.
        entries: its files; document: path of its order XML.
        missing: files that the order names; complete: False as well for an export that lacks an arch.
        frame: the frame that its scans share by the layout's word.
    """

    key: str
    entries: tuple[Entry, ...]
    confidence: Confidence
    evidence: tuple[str, ...]
    document: str | None = None
    missing: tuple[str, ...] = ()
    complete: bool = True
    frame: str | None = None

    @property
    def scans(self) -> frozenset[str]:
        """Names of its scans as compared."""
        return frozenset(plain(stem_of(entry.name)) for entry in self.entries if entry.suffix in MESHES)

    @property
    def newest(self) -> float:
        """Time of its newest file."""
        return max(entry.mtime for entry in self.entries)


@frozen
class Group:
    """Scans of one folder whose names share one prefix."""

    root: str
    prefix: str
    scans: tuple[Entry, ...]
    entries: tuple[Entry, ...]


def recognise(listing: Listing) -> tuple[Recognition, ...]:
    """The orders of an arrival, one recognition each; the saves of one order are one recognition."""
    saves: defaultdict[str, list[Order]] = defaultdict(list)
    for order in orders_in(listing):
        saves[order.key].append(order)
    return tuple(_recognition(latest_first(orders)) for orders in saves.values())


def latest_first(orders: Iterable[Order]) -> tuple[Order, ...]:
    """The saves of one order: complete ones before incomplete ones, the newest first."""
    return tuple(sorted(orders, key=lambda order: (not order.complete, -order.newest)))


def orders_in(listing: Listing) -> tuple[Order, ...]:
    """Every order in an arrival: order folders, 3OXZ files, then open exports among what is left."""
    documents = _documents(listing)
    inside: dict[str, list[Entry]] = {root: [] for root in documents}
    outside: list[Entry] = []
    for entry in listing.entries:
        root = _deepest(entry.folder, documents)
        (outside if root is None else inside[root]).append(entry)
    found = [_order_folder(inside[root], *documents[root]) for root in documents]
    found += [_exchange_file(listing, entry) for entry in outside if entry.suffix == "3oxz" and entry.size]
    return (*found, *_joined(_open_export(listing, group) for group in _groups(listing, outside)))


def is_hps(head: bytes) -> bool:
    """True for 3Shape's own scan format, which shares the suffix ``.dcm`` with DICOM."""
    return _HPS.match(head) is not None


def is_mesh(listing: Listing, entry: Entry) -> bool:
    """True for a file that may be a scan: an open mesh by suffix, or ``.dcm`` with HPS inside."""
    return entry.suffix in MESHES and (entry.suffix != "dcm" or is_hps(listing.head(entry.path)))


def members_of(listing: Listing, path: str) -> tuple[Entry, ...]:
    """The members of a 3OXZ, which is a zip; empty when they cannot be listed."""
    try:
        with open_archive(listing, path) as archive:
            return archive.members
    except CaseError:
        return ()


def _joined(orders: Iterable[Order]) -> list[Order]:
    """Exports of one identity in several folders are one export when no scan is there twice."""
    joined: dict[str, Order] = {}
    apart: list[Order] = []
    for order in orders:
        known = joined.get(order.key)
        if known is None:
            joined[order.key] = order
        elif known.scans & order.scans:
            apart.append(order)
        else:
            joined[order.key] = evolve(known, entries=(*known.entries, *order.entries), complete=True)
    return [*joined.values(), *apart]


def _recognition(saves: Sequence[Order]) -> Recognition:
    order = saves[0]
    older = tuple(f"an older save of the same order lies beside it ({len(save.entries)} files)" for save in saves[1:])
    return Recognition(
        stage=STAGE,
        vendor_id=order.key,
        files=tuple(sorted(entry.path for save in saves for entry in save.entries)),
        confidence=order.confidence,
        evidence=order.evidence + older,
        missing=order.missing,
        frame=order.frame if all(read_name(e.name) for e in order.entries if e.suffix in MESHES) else None,
    )


def _documents(listing: Listing) -> dict[str, tuple[Entry, Container | None]]:
    """The order XML of every folder that holds one; None for one that says it is an order and cannot be read."""
    found: defaultdict[str, list[tuple[Entry, Container | None]]] = defaultdict(list)
    for entry in listing.entries:
        if entry.suffix == "xml" and entry.size <= LARGEST_ORDER and _says_container(listing.head(entry.path)):
            try:
                container = read_container(listing.read(entry.path), place=entry.path)
            except CorruptFile:
                found[entry.folder].append((entry, None))
                continue
            if container.of("Order"):
                found[entry.folder].append((entry, container))
    return {root: min(candidates, key=_document_rank) for root, candidates in found.items()}


def _says_container(head: bytes) -> bool:
    return b"<DentalContainer" in head.replace(b"\0", b"")


def _document_rank(candidate: tuple[Entry, Container | None]) -> tuple[bool, bool, float]:
    """The readable document named like its order comes first, then the newest."""
    entry, container = candidate
    return container is None, container is None or container.id != stem_of(entry.name), -entry.mtime


def _deepest(folder: str, roots: Collection[str]) -> str | None:
    """The nearest of the roots at or above a folder; the arrival itself is ``""``."""
    parts = folder.split("/") if folder else []
    upwards = ("/".join(parts[:count]) for count in range(len(parts), -1, -1))
    return next((root for root in upwards if root in roots), None)


def _order_folder(entries: Sequence[Entry], document: Entry, container: Container | None) -> Order:
    if container is None:
        says = "an order XML of 3Shape (DentalContainer) that cannot be read"
        return Order(stem_of(document.name), tuple(entries), "certain", (says,), document.path)
    source = container.order.get("ScanSource", "not given")
    evidence = (f"order XML: DentalContainer {container.version} with an order, ScanSource {source}",)
    missing = _missing(entries, container)
    return Order(
        key=container.id or stem_of(document.name),
        entries=tuple(entries),
        confidence="certain",
        evidence=evidence,
        document=document.path,
        missing=missing,
        complete=not missing,
    )


def _missing(entries: Sequence[Entry], container: Container) -> tuple[str, ...]:
    """Scan files that the order names; as a rule it names none, then its kinds of scan when no scan is there at all."""
    there = {plain(entry.name) for entry in entries}
    named = tuple(name for name in named_files(container) if plain(re.split(r"[\\/]", name)[-1]) not in there)
    scans = any(entry.suffix in MESHES and not place_of(entry.folder).no_scan for entry in entries)
    whole = any(entry.suffix == "3oxz" for entry in entries)
    return named if scans or whole else named or tuple(f"Scans ({kind})" for kind in scan_types(container))


def _exchange_file(listing: Listing, entry: Entry) -> Order:
    members = members_of(listing, entry.path)
    known = any(member.suffix == "3ox" for member in members)
    if not members:
        return Order(
            stem_of(entry.name), (entry,), "possible", ("named .3oxz, but its list of members cannot be read",)
        )
    evidence = (
        "named .3oxz",
        f"a zip with {len(members)} members",
        *(("one of them is a .3ox order",) if known else ()),
    )
    return Order(stem_of(entry.name), (entry,), "certain" if known else "likely", evidence)


def _groups(listing: Listing, entries: Sequence[Entry]) -> tuple[Group, ...]:
    folders: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.suffix != "3oxz":
            folders[place_of(entry.folder).root].append(entry)
    groups = {root: _groups_of_folder(listing, root, inside) for root, inside in folders.items()}
    holding = {root for root, found in groups.items() if found}
    for root, inside in folders.items():
        above = None if root in holding else _deepest(root, holding)
        if above is not None and len(groups[above]) == 1 and _are_papers(inside):
            groups[above] = [evolve(group, entries=(*group.entries, *inside)) for group in groups[above]]
    return tuple(group for found in groups.values() for group in found)


def _are_papers(entries: Iterable[Entry]) -> bool:
    """True for a folder of photos and documents: it belongs to the export beside it."""
    return all(entry.suffix in _PAPERS for entry in entries)


def _groups_of_folder(listing: Listing, root: str, entries: Sequence[Entry]) -> list[Group]:
    names = {e: read_name(e.name) for e in entries if not place_of(e.folder).no_scan and is_mesh(listing, e)}
    prefixes = _prefixes(name for name in names.values() if name)
    if not prefixes:
        scans = tuple(entry for entry in names if entry.suffix == "dcm")
        return [Group(root, "", scans, tuple(entries))] if scans else []
    groups: dict[str, list[Entry]] = {prefix: [] for prefix in prefixes}
    rest: list[Entry] = []
    for entry in entries:
        prefix = _prefix_of(entry, names.get(entry), prefixes)
        (rest if prefix is None else groups[prefix]).append(entry)
    if len(groups) == 1:
        groups[next(iter(groups))] += rest
    return [
        Group(root, prefix, tuple(e for e in found if e in names), tuple(found)) for prefix, found in groups.items()
    ]


def _prefixes(names: Iterable[Name]) -> tuple[str, ...]:
    """Prefixes that 3Shape's own words follow and that have more than a bite."""
    return tuple(dict.fromkeys(plain(name.prefix) for name in names if name.strong and name.role in _SURFACES))


def _prefix_of(entry: Entry, name: Name | None, prefixes: Sequence[str]) -> str | None:
    if name and plain(name.prefix) in prefixes:
        return plain(name.prefix)
    if len(prefixes) == 1:
        return prefixes[0]
    stem = plain(stem_of(entry.name))
    return max((p for p in prefixes if p and stem.startswith(p)), key=len, default=None)


def _open_export(listing: Listing, group: Group) -> Order:
    names = {entry: name for entry in group.scans if (name := read_name(entry.name))}
    folders = any(place_of(entry.folder).arch for entry in group.scans)
    key, origin = _key(listing, group, ordered=folders)
    confidence, evidence = _marks(group, names, ordered=folders)
    open_export = {name.role for name in names.values()} <= {"arch", "bite"} and not folders and bool(names)
    entries = tuple(sorted(group.entries, key=lambda entry: entry.path))
    return Order(
        key=key,
        entries=entries,
        confidence=confidence,
        evidence=(*evidence, origin),
        complete=len({(name.role, name.arch) for name in names.values() if name.role in _SURFACES}) > 1,
        frame=FRAME if open_export else None,
    )


def _marks(group: Group, names: Mapping[Entry, Name], *, ordered: bool) -> tuple[Confidence, tuple[str, ...]]:
    strong = {(name.role, name.arch) for name in names.values() if name.strong}
    hps = [entry for entry in group.scans if entry.suffix == "dcm"]
    marks = []
    if strong:
        marks.append("scans named in 3Shape's words: " + ", ".join(sorted({role for role, _ in strong})))
    if len(strong) > 1:
        marks.append(f"{len(strong)} different scans share one prefix")
    if ordered:
        marks.append("scans in the folders of a Dental System order (Scans, Upper, Lower)")
    if hps:
        marks.append(f"{len(hps)} scans in 3Shape's own format (HPS)")
    if hps and strong:
        return "certain", tuple(marks)
    return "likely" if len(marks) > 1 or hps else "possible", tuple(marks)


def _key(listing: Listing, group: Group, *, ordered: bool) -> tuple[str, str]:
    """Identity of an export without an order document, and the sentence that says what it rests on."""
    if group.prefix and not ordered:
        return group.prefix, "no order document: the identity is the text before the names of the scans"
    container = strip_copy_marks(group.root.rpartition("/")[2] or listing.name)
    container = re.sub(r"\.zip$", "", container, flags=re.IGNORECASE)
    if ordered:
        return container, "no order document: the identity is the name of the order's folder"
    # Bare names in a folder called "STL" say nothing about whose they are: two such arrivals must not become one case.
    sizes = ",".join(sorted(f"{stem_of(entry.name)} {entry.size}" for entry in group.scans))
    mark = sha256(sizes.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return (
        f"{container} {mark}",
        "no order document and bare names: the identity is the folder's name and the sizes of its scans",
    )
