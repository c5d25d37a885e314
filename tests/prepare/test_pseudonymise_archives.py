"""Archives through ``prepare.pseudonymise``: made anew with cleaned members, or left out as a whole."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from functools import cache

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from casepan.mesh import read_mesh
from casepan.testing import scan_bytes, small_scan
from casepan_prepare.hiding.archives import clean_zip
from casepan_prepare.hiding.lexicon import Lexicon
from casepan_prepare.hiding.names import Known
from casepan_prepare.hiding.pseudonyms import Pseudonyms
from casepan_prepare.hiding.search import Needles
from casepan_prepare.hiding.texts import Cleaner
from casepan_prepare.hiding.views import CannotSearchError
from casepan_trios.testing_files import hps_scan

WHO = "Sentinella"
KNOWN = (Known(f"{WHO}, Jürgen", "P-2A3B4C5D6E", "person"),)


def cleaner() -> Cleaner:
    """For a case of one known patient."""
    return Cleaner(Lexicon.of(KNOWN), Needles.of(KNOWN), Pseudonyms.of("a key of the test laboratory"))


def packed(files: Mapping[str, bytes]) -> bytes:
    """A zip with the name in its comment, in the comment and the extra field of every member, and with dates."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = WHO.encode()
        for name, content in files.items():
            info = zipfile.ZipInfo(name, (2026, 3, 1, 9, 30, 0))
            info.comment = f"by {WHO}".encode()
            info.extra = b"\xfe\xca" + len(WHO).to_bytes(2, "little") + WHO.encode()
            archive.writestr(info, content)
    return stream.getvalue()


def unpacked(data: bytes) -> dict[str, bytes]:
    """Name to content of the members."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.comment == b""
        assert {(info.date_time, info.comment, info.extra) for info in archive.infolist()} == {
            ((1980, 1, 1, 0, 0, 0), b"", b"")
        }
        return {name: archive.read(name) for name in archive.namelist()}


@cache
def picture() -> bytes:
    """A texture with words in it."""
    stream, words = io.BytesIO(), PngInfo()
    words.add_text("Patient", WHO)
    Image.fromarray(np.full((8, 8, 3), 99, np.uint8)).save(stream, "PNG", pnginfo=words)
    return stream.getvalue()


def textured() -> dict[str, bytes]:
    """An OBJ with material file and picture, all under the patient's name."""
    mesh = f"# {WHO}\nmtllib {WHO}.mtl\ng {WHO}\nusemtl {WHO}\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\nf 1/1 2/2 3/3\n"
    material = f"newmtl {WHO}\nmap_Kd {WHO}.png\n"
    return {f"{WHO}/{WHO}.obj": mesh.encode(), f"{WHO}/{WHO}.mtl": material.encode(), f"{WHO}/{WHO}.png": picture()}


def test_what_can_be_cleaned_is_cleaned_and_kept() -> None:
    """Documents, meshes, a zip in it; neutral names, nothing of the old archive, and the same bytes each time."""
    mesh = scan_bytes(small_scan("upper"), "stl")
    files = {
        f"{WHO} upper.stl": f"Patient {WHO}".encode().ljust(80) + mesh[80:],
        f"order {WHO}.xml": f"<o><n>{WHO}</n><s>A2</s></o>".encode(),
        "notes.txt": f"for {WHO}: light contacts".encode(),
        "inner.zip": packed({f"{WHO}.json": f'{{"patient": "{WHO}"}}'.encode()}),
        "empty/": b"",
        "__MACOSX/._notes.txt": WHO.encode(),
        "scans/.DS_Store": WHO.encode(),
    }
    made = clean_zip(packed(files), cleaner(), sheets=True)
    found = unpacked(made)
    assert sorted(found) == ["file-1.stl", "file-2.zip", "file-3.txt", "file-4.xml"]
    assert found["file-1.stl"][84:] == mesh[84:]
    assert b"A2" in found["file-4.xml"]
    assert b"light contacts" in found["file-3.txt"]
    assert sorted(unpacked(found["file-2.zip"])) == ["file-1.json"]
    assert Needles.of(KNOWN).find(packed(files)) is not None
    assert Needles.of(KNOWN).find(made) is None
    assert made == clean_zip(packed(dict(reversed(files.items()))), cleaner(), sheets=True)


def test_a_textured_mesh_keeps_its_picture_under_its_new_name() -> None:
    """References in mesh and material file lead to it; its words are gone."""
    found = unpacked(clean_zip(packed(textured()), cleaner(), sheets=True))
    assert sorted(found) == ["file-1.mtl", "file-2.obj", "file-3.png"]
    mesh = read_mesh(found["file-2.obj"], images=found.get)
    assert mesh.texture is not None
    assert mesh.texture.image == found["file-3.png"]
    assert not any(WHO.encode() in content for content in found.values())


UNCLEAN = {
    "a photograph": {"face.jpg": b"\xff\xd8\xff\xe0 a face"},
    "a picture that no mesh wears": {**textured(), "other.png": picture()},
    "PDF": {"order.pdf": b"%PDF-1.4"},
    "a name as suffix": {"scan.sentinella": b"x"},
    "no suffix": {"README": b"x"},
    "closed scan": {"scan.dcm": hps_scan(small_scan("bite"))[:200]},
    "torn mesh": {"scan.stl": b"solid"},
    "torn XML": {"order.xml": b"<o>"},
    "torn texture": {**textured(), f"{WHO}/{WHO}.png": picture()[:40]},
    "torn archive in it": {"inner.zip": b"PK\x03\x04 torn"},
    "pictures of one name": {**textured(), f"b/{WHO}.png": picture()},
}


@pytest.mark.parametrize("what", UNCLEAN)
def test_one_member_that_cannot_be_cleaned_keeps_all_of_it_back(what: str) -> None:
    """Half an archive would look like the whole one."""
    with pytest.raises(CannotSearchError):
        clean_zip(packed({"notes.txt": b"A2", **UNCLEAN[what]}), cleaner(), sheets=True)


def test_sheets_and_depth_and_passwords_are_minded() -> None:
    """An HTML sheet only where the laboratory lets sheets go; four zips in each other are too many."""
    sheet = packed({"order.html": b"<p>A2</p>"})
    assert unpacked(clean_zip(sheet, cleaner(), sheets=True))["file-1.html"] == b"<p>A2</p>"
    with pytest.raises(CannotSearchError, match="cannot be cleaned"):
        clean_zip(sheet, cleaner(), sheets=False)
    deep = packed({"a.txt": b"A2"})
    for _ in range(3):
        deep = packed({"a.zip": deep})
    with pytest.raises(CannotSearchError, match="too many times"):
        clean_zip(deep, cleaner(), sheets=True)
    locked = bytearray(packed({"a.txt": b"A2"}))
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(CannotSearchError, match="password"):
        clean_zip(bytes(locked), cleaner(), sheets=True)
    with pytest.raises(CannotSearchError, match="cannot be opened"):
        clean_zip(b"no zip", cleaner(), sheets=True)
