"""What packages in vendors' layouts share: renamed meshes with their pictures, and what stays at home."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from attrs import evolve

from casepan.api import (
    Artifact,
    Case,
    CaseKey,
    ClosedFile,
    FolderPath,
    Origin,
    PackageFile,
    PackageOptions,
    Patient,
    Prescription,
    Scan,
    deliver_package,
    left_out,
    named_scans,
    probe_package,
    scan_files,
)
from casepan.running.context import Bench, Errand, SendingContext

FILES = {
    "Doe.obj": b"# by hand\nmtllib ./Doe Jane.mtl\nusemtl a\nv 0 0 0\n",
    "Doe Jane.mtl": b"newmtl a\r\nmap_Kd -o 0 0 C:\\scans\\Doe Jane.PNG\r\nKd 1 1 1\r\n",
    "Doe Jane.png": b"\x89PNG",
    "Doe.ply": b"ply\ncomment TextureFile Doe Jane.png\nend_header\n\x00comment TextureFile Doe Jane.png\n",
    "plain.stl": bytes(84),
}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A bench over the files."""
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    with Bench.at(tmp_path) as bench:
        yield bench


def sending(bench: Bench) -> SendingContext:
    """The context of an exporter."""
    return bench.sending("core.folder", "export", Errand("key", "K7Q2-M4"))


def scan(bench: Bench, mesh: str, *textures: str, **more: object) -> Scan:
    """A scan of the files."""
    images = tuple(bench.reference(name) for name in textures)
    return Scan("upper-arch", "arch", "upper", file=bench.reference(mesh), textures=images, **more)  # type: ignore[arg-type]


def content(bench: Bench, files: Iterable[PackageFile]) -> dict[str, bytes]:
    """Name to bytes."""
    found = {}
    for file in files:
        with file.open(sending(bench)) as stream:
            found[file.name] = stream.read()
    return found


def test_companions_are_named_after_the_mesh_and_so_are_references(bench: Bench) -> None:
    """No name of the sender is left, neither of a file nor inside one; all else stays as it was."""
    files = content(
        bench, scan_files(sending(bench), scan(bench, "Doe.obj", "Doe Jane.mtl", "Doe Jane.png"), "in/K7.obj")
    )
    assert set(files) == {"in/K7.obj", "in/K7.mtl", "in/K7.png"}
    assert files["in/K7.obj"] == b"# by hand\nmtllib K7.mtl\nusemtl a\nv 0 0 0\n"
    assert files["in/K7.mtl"] == b"newmtl a\r\nmap_Kd -o 0 0 K7.png\r\nKd 1 1 1\r\n"


def test_only_the_head_of_a_ply_is_changed(bench: Bench) -> None:
    """What looks like a comment in its binary body is geometry."""
    files = content(
        bench, scan_files(sending(bench), scan(bench, "Doe.ply", "Doe Jane.png"), "K7.ply", picture="_texture")
    )
    assert set(files) == {"K7.ply", "K7_texture.png"}
    head, _, body = files["K7.ply"].partition(b"end_header")
    assert b"comment TextureFile K7_texture.png\n" in head
    assert body == FILES["Doe.ply"].partition(b"end_header")[2]


def test_a_mesh_without_companions_is_not_even_opened(bench: Bench) -> None:
    """It goes on as a reference, byte for byte."""
    one = scan(bench, "plain.stl")
    (file,) = scan_files(sending(bench), one, "K7.stl")
    assert file.content is one.file


def test_each_name_is_given_once(bench: Bench) -> None:
    """The second scan of one word, and one without a word, get their own ids, and the receipt will say so."""
    scans = [
        scan(bench, "plain.stl"),
        evolve(scan(bench, "plain.stl"), id="upper-arch-2"),
        evolve(scan(bench, "plain.stl"), id="other", role="other"),
    ]
    files, told = named_scans(sending(bench), scans, lambda one: "Jaw" if one.role == "arch" else None, other="K7-")
    assert [file.name for file in files] == ["Jaw.stl", "K7-upper-arch-2.stl", "K7-other.stl"]
    assert told == ("scans that the layout has no word for, under a name of their own: 2",)
    assert named_scans(sending(bench), scans[:1], lambda _: "Jaw", other="K7-")[1] == ()


def test_what_stays_at_home_is_counted(bench: Bench) -> None:
    """Variants, unreadable scans, closed files, what steps made; nothing when all goes along."""
    kept = scan(bench, "plain.stl")
    variant = evolve(kept, id="upper-arch-raw", preferred=False)
    closed = evolve(scan(bench, "Doe.ply"), id="closed", readable=False)
    case = Case("K7Q2-M4", CaseKey("x", "y"), Origin("core.generic"), scans=(kept, variant, closed))
    model = Artifact("model-upper", closed.file, "printable model")
    case = evolve(case, closed=(ClosedFile(closed.file, "dxd", "export it openly"),), artifacts=(model,))
    assert left_out(case, [kept]) == (
        "variants that are only carried along stay at home: 1",
        "scans that only the vendor's software can read stay at home: 1",
        "closed files stay at home: 1",
        "files that steps made, such as printable models, stay at home: 1",
    )
    assert left_out(evolve(case, scans=(kept,), closed=(), artifacts=()), [kept]) == ()


def test_what_may_name_people_is_told_as_left_out_without_a_name(bench: Bench) -> None:
    """Only what the case has, and only where the package does not carry it."""
    kept = scan(bench, "plain.stl")
    case = Case("K7Q2-M4", CaseKey("x", "y"), Origin("core.generic"), scans=(kept,))
    assert left_out(case, [kept], private=False) == ()
    order = Prescription(doctor="Dr. Doe", ship_to="Doe Street 1")
    case = evolve(case, prescription=order, patient=Patient(guid="Doe-17"))
    assert left_out(case, [kept], private=True) == ()
    assert left_out(case, [kept], private=False) == (
        "fields of the order that may name people stay at home: doctor, ship to",
        "who the patient is stays at home",
    )


def test_a_package_says_that_names_were_changed(bench: Bench, tmp_path: Path) -> None:
    """In its seal, in the receipt, and when it is found again."""
    options = PackageOptions(path=FolderPath(str(tmp_path / "out")))
    files = scan_files(sending(bench), scan(bench, "plain.stl"), "Jaw.stl")
    receipt = deliver_package(sending(bench), options, files, not_carried=("no order",))
    assert receipt.proof["not carried"] == "no order; files under other names than they came with: 1"
    found = probe_package(sending(bench), options)
    assert found is not None
    assert found.proof["not carried"] == receipt.proof["not carried"]
