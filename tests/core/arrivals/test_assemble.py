"""What all layouts have in common."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from casepan.arrivals.assemble import assemble_case, scan_of
from casepan.arrivals.listing import FolderListing
from casepan.contract.context import ImportContext
from casepan.contract.listing import Recognition
from casepan.model.case import Scan
from casepan.model.prescription import Prescription, WorkItem

Maker = Callable[..., Path]
Context = Callable[[Path], ImportContext]
STL = b"solid scan\nendsolid scan\n"
PLY = b"ply\nformat ascii 1.0\nelement vertex 0\nend_header\n"


def recognition(context: ImportContext, **more: object) -> Recognition:
    """A claim on the whole arrival."""
    files = tuple(entry.path for entry in context.listing.entries)
    return Recognition("trios.order", "C1001", files, "certain", **more)  # type: ignore[arg-type]


def scans_in(context: ImportContext) -> list[Scan]:
    """Upper and lower arch of the arrival."""
    return [scan_of(context, f"{arch}.stl", role="arch", arch=arch) for arch in ("upper", "lower")]


def test_a_scan_knows_its_format_by_content(make_folder: Maker, reading: Context) -> None:
    """The suffix may lie; hash and size are taken."""
    context = reading(make_folder("x", {"a.stl": PLY, "b.dcm": b"DICM", "c.xyz": b"1 2 3\n"}))
    scans = {name: scan_of(context, name, role="other") for name in ("a.stl", "b.dcm", "c.xyz")}
    assert [scan.format for scan in scans.values()] == ["ply", "dcm", "xyz"]
    assert [scan.readable for scan in scans.values()] == [True, False, False]
    assert scans["a.stl"].file.size == len(PLY)


def test_a_scan_knows_its_counts_and_colour(make_folder: Maker, reading: Context) -> None:
    """From the header alone; a damaged file is a scan without them."""
    obj = b"v 0 0 0 1 0 0\nv 1 0 0 1 0 0\nv 0 1 0 1 0 0\nf 1 2 3\n"
    context = reading(make_folder("x", {"a.obj": obj, "b.stl": bytes(80) + b"\xff\xff\xff\x7f"}))
    good, bad = (scan_of(context, name, role="other") for name in ("a.obj", "b.stl"))
    assert (good.faces, good.vertices, good.colour) == (1, 3, "vertex")
    assert (bad.format, bad.readable, bad.faces, bad.colour) == ("stl", True, None, None)


def test_a_case_says_where_it_came_from(make_folder: Maker, reading: Context) -> None:
    """Key, origin, time and digest are filled in; the ref is the runner's."""
    context = reading(make_folder("Jane Doe", {"upper.stl": STL, "lower.stl": STL}))
    case = assemble_case(recognition(context, evidence=("order",)), context, scans=scans_in(context))
    assert (case.ref, case.key.adapter, case.key.vendor_id) == ("", "trios", "C1001")
    assert (case.origin.stage, case.origin.confidence, case.origin.arrival) == ("trios.order", "certain", "Jane Doe")
    assert case.received_at == context.now()
    assert len(case.digest) == 64


def test_the_digest_is_one_for_folder_and_zip(make_folder: Maker, make_zip: Maker, reading: Context) -> None:
    """The same order sent once as a folder and once as a zip is the same content."""
    files = {"upper.stl": STL, "lower.stl": STL + b"x", "order.pdf": b"%PDF"}
    folder = reading(make_folder("Jane", files))
    packed = reading(make_zip("Jane.zip", {f"Jane/{name}": content for name, content in files.items()}))
    first = assemble_case(recognition(folder), folder, scans=scans_in(folder))
    scans = [scan_of(packed, f"Jane.zip!Jane/{arch}.stl", role="arch", arch=arch) for arch in ("upper", "lower")]
    assert assemble_case(recognition(packed), packed, scans=scans).digest == first.digest


def test_ids_are_unique_and_tell_no_names(make_folder: Maker, reading: Context) -> None:
    """Role, arch, number and variant make the id, a counter the rest."""
    context = reading(make_folder("Jane", {"Jane Doe.stl": STL}))

    def scan(role: str, **more: object) -> Scan:
        return scan_of(context, "Jane Doe.stl", role=role, **more)  # type: ignore[arg-type]

    scans = [
        scan("preparation", arch="upper", variant="with-ditch"),
        scan("preparation", arch="upper", variant="without-ditch", preferred=False),
        scan("arch", arch="lower"),
        scan("arch", arch="lower"),
        scan("bite"),
        scan("bite"),
        scan("bite", number=7),
        scan("antagonist"),
    ]
    case = assemble_case(recognition(context), context, scans=scans)
    assert [one.id for one in case.scans] == [
        "upper-preparation-with-ditch",
        "upper-preparation-without-ditch",
        "lower-arch",
        "lower-arch-2",
        "bite-1",
        "bite-2",
        "bite-7",
        "antagonist",
    ]


def test_every_other_file_is_attached_or_ignored(make_folder: Maker, reading: Context) -> None:
    """Documents and pictures are carried, the rest is named with a reason."""
    files = {"order.xml": b"<a/>", "rx.html": b"x", "a.JPG": b"x", "form.pdf": b"x", "upper.png": b"x"}
    files |= {"upper.stl": STL, "lower.stl": STL, "old.stl": STL, "save.bin": b"x", "draft.ply": PLY, ".DS_Store": b"x"}
    context = reading(make_folder("Jane", files))
    scans = [scan_of(context, "upper.stl", role="arch", arch="upper", textures=["upper.png"]), scans_in(context)[1]]
    case = assemble_case(
        recognition(context),
        context,
        scans=scans,
        documents={"order.xml": "order"},
        ignored={"old.stl": "an older save"},
    )
    assert {(item.file.path, item.what, item.id) for item in case.attachments} == {
        ("a.JPG", "picture", "picture-1"),
        ("form.pdf", "document", "document-1"),
        ("order.xml", "order", "order-1"),
        ("rx.html", "sheet", "sheet-1"),
    }
    assert {item.path: item.why for item in case.ignored} == {
        "old.stl": "an older save",
        "draft.ply": "a mesh without a role in this layout",
        "save.bin": "of no use to the case",
        ".DS_Store": "litter of macOS",
    }


def test_a_document_behind_a_password_is_ignored_with_the_reason(make_zip: Maker, reading: Context) -> None:
    """It costs the document, not the case."""
    path = make_zip("a.zip", {"a.stl": STL, "b.pdf": b"x"})
    packed = bytearray(path.read_bytes())
    packed[packed.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(packed)
    context = reading(path)
    case = assemble_case(recognition(context), context, scans=[scan_of(context, "a.zip!a.stl", role="other")])
    assert [(item.path, "password" in item.why) for item in case.ignored] == [("a.zip!b.pdf", True)]


def test_closed_files_are_warned_of_with_advice(make_folder: Maker, reading: Context) -> None:
    """A closed scan is both a scan and a closed file."""
    context = reading(make_folder("Jane", {"upper.dcm": b"<HPS/>", "case.dxd": b"PK"}))
    scan = scan_of(context, "upper.dcm", role="arch", arch="upper")
    closed = {"upper.dcm": ("hps-ce", "Export as STL."), "case.dxd": ("dxd", "Download as .ply.")}
    case = assemble_case(recognition(context), context, scans=[scan], closed=closed)
    assert [item.format for item in case.closed] == ["dxd", "hps-ce"]
    assert not case.scans[0].readable
    assert [(finding.code, finding.severity, finding.scan, finding.hint) for finding in case.findings] == [
        ("format.closed", "warning", None, "Download as .ply."),
        ("format.closed", "warning", "upper-arch", "Export as STL."),
    ]


def test_missing_files_are_counted_and_not_named(make_folder: Maker, reading: Context) -> None:
    """An incomplete arrival is a finding."""
    context = reading(make_folder("Jane", {"upper.stl": STL, "lower.stl": STL}))
    case = assemble_case(recognition(context, missing=("Jane bite.stl",)), context, scans=scans_in(context))
    assert [(finding.code, finding.value) for finding in case.findings] == [("arrival.incomplete", 1.0)]
    assert "Jane" not in case.findings[0].message


def test_the_recognised_frame_is_the_scans_frame(make_folder: Maker, reading: Context) -> None:
    """A scan's own frame is kept."""
    context = reading(make_folder("Jane", {"upper.stl": STL, "lower.stl": STL}))
    scans = [scans_in(context)[0], scan_of(context, "lower.stl", role="arch", arch="lower", frame="own")]
    case = assemble_case(recognition(context, frame="occlusion"), context, scans=scans)
    assert [scan.frame for scan in case.scans] == ["occlusion", "own"]


def test_a_prescription_file_beside_the_export_is_merged(make_folder: Maker, reading: Context) -> None:
    """The order fills in what the scanner does not know."""
    rx = b'version = 1\nreference = "R-7"\n[patient]\nlast = "Doe"\n[[items]]\nteeth = "24"\nkind = "crown"\n'
    context = reading(make_folder("Jane", {"upper.stl": STL, "lower.stl": STL, "rx.toml": rx}))
    case = assemble_case(recognition(context), context, scans=scans_in(context))
    assert (case.prescription.reference, case.prescription.teeth, case.patient.last) == ("R-7", (24,), "Doe")


def test_a_contradicting_prescription_file_is_a_conflict(make_folder: Maker, reading: Context) -> None:
    """What the ecosystem delivered stays, and the difference is told."""
    rx = b'{"version": 1, "items": [{"teeth": "24", "shade": "B1"}]}'
    context = reading(make_folder("Jane", {"upper.stl": STL, "lower.stl": STL, "rx.json": rx}))
    order = Prescription(items=(WorkItem("1", (24,), shade="A2"),))
    case = assemble_case(recognition(context), context, scans=scans_in(context), prescription=order)
    assert case.prescription.items[0].shade == "A2"
    assert [finding.code for finding in case.findings] == ["rx.conflict"]


def test_a_damaged_prescription_file_rejects_the_case(make_folder: Maker, reading: Context) -> None:
    """Nobody works on half an order."""
    context = reading(make_folder("Jane", {"upper.stl": STL, "lower.stl": STL, "rx.toml": b"version = "}))
    case = assemble_case(recognition(context), context, scans=scans_in(context))
    assert [(finding.code, finding.severity) for finding in case.findings] == [("rx.unreadable", "error")]


def test_an_order_never_reaches_another_patients_case(make_folder: Maker, reading: Context) -> None:
    """A prescription file beside two cases is used for neither; in the case's own folder it is used."""
    rx = b'version = 1\nreference = "R-7"\n'
    files = {"a/upper.stl": STL, "b/upper.stl": STL}
    claims = Recognition("trios.order", "a", ("a/upper.stl",), "certain")
    shared = reading(make_folder("shared", files | {"rx.toml": rx}))
    case = assemble_case(claims, shared, scans=[scan_of(shared, "a/upper.stl", role="arch", arch="upper")])
    assert case.prescription.reference is None
    assert [finding.code for finding in case.findings] == ["arrival.ambiguous"]
    own = reading(make_folder("own", files | {"a/rx.toml": rx}))
    case = assemble_case(claims, own, scans=[scan_of(own, "a/upper.stl", role="arch", arch="upper")])
    assert case.prescription.reference == "R-7"


def test_listings_without_litter_are_fine(make_folder: Maker, reading: Context) -> None:
    """An adapter's own listing need not know what was set aside."""
    context = reading(make_folder("Jane", {"upper.stl": STL}))
    assert isinstance(context.listing, FolderListing)
    del context.listing.set_aside
    case = assemble_case(recognition(context), context, scans=[scan_of(context, "upper.stl", role="other")])
    assert case.ignored == ()


def test_a_picture_that_did_not_come_is_a_finding(make_folder: Maker, reading: Context) -> None:
    """A mesh that names its texture is asked about when the image is not there, without the image's name."""
    header = b"ply\nformat ascii 1.0\ncomment TextureFile Sentinella.jpg\nelement vertex 3\nproperty float x\n"
    mesh = header + b"property float y\nproperty float z\nelement face 1\nproperty list uchar int vertex_indices\n"
    mesh += b"property list uchar float texcoord\nend_header\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2 6 0 0 1 0 0 1\n"
    for image, expected in ((None, ["colour.missing-texture"]), (b"jpg", [])):
        files = {"upper.ply": mesh, "lower.stl": STL} | ({"Sentinella.jpg": image} if image else {})
        context = reading(make_folder(f"Jane {bool(image)}", files))
        textures = ("Sentinella.jpg",) if image else ()
        scans = [scan_of(context, "upper.ply", role="arch", arch="upper", textures=textures)]
        found = assemble_case(recognition(context), context, scans=scans).findings
        assert [finding.code for finding in found] == expected
        assert not any("Sentinella" in finding.message for finding in found)
