"""Folders, zips and loose files as recognition sees them, the nasty ones included."""

from __future__ import annotations

import contextlib
import io
import os
import random
import sys
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from casepan.arrivals import archive
from casepan.arrivals.archive import ArchiveLimits
from casepan.arrivals.listing import FolderListing, Opening, open_archive
from casepan.arrivals.walking import walk
from casepan.contract.listing import READ_BYTES
from casepan.errors import (
    CaseError,
    ClosedFormat,
    CorruptFile,
    LimitExceeded,
    NotReady,
    StateError,
    UnsafeArchive,
    UsageError,
)

Maker = Callable[..., Path]
STL = b"solid scan\nendsolid scan\n"


def paths(listing: FolderListing) -> list[str]:
    """The paths of all entries."""
    return [entry.path for entry in listing.entries]


def test_a_folder_lists_its_files_relative_to_itself(make_folder: Maker) -> None:
    """Paths of a folder do not hold the folder's own name."""
    listing = FolderListing.of(make_folder("Jane", {"Scans/Upper/a.stl": STL, "order.xml": b"<a/>"}))
    assert paths(listing) == ["Scans/Upper/a.stl", "order.xml"]
    assert listing.name == "Jane"


def test_a_zip_lists_its_members_behind_an_exclamation_mark(make_zip: Maker) -> None:
    """Paths of a zip begin with its name."""
    listing = FolderListing.of(make_zip("case (1).zip", {"top/a #1.stl": STL}))
    assert paths(listing) == ["case (1).zip!top/a #1.stl"]
    assert listing.entries[0].size == len(STL)
    assert listing.entries[0].mtime == 1769860800.0


def test_a_single_mesh_is_an_arrival(make_folder: Maker) -> None:
    """A loose file is listed by its name."""
    listing = FolderListing.of(make_folder("inbox", {"UpperJaw.stl": STL}) / "UpperJaw.stl")
    assert (paths(listing), listing.name) == (["UpperJaw.stl"], "UpperJaw.stl")


def test_loose_files_are_listed_without_their_neighbours(make_folder: Maker) -> None:
    """Only the named files of an inbox make the arrival."""
    inbox = make_folder("inbox", {"a.stl": STL, "b.stl": STL, "c.stl": STL})
    assert paths(FolderListing.of_files(inbox, ("a.stl", "c.stl"))) == ["a.stl", "c.stl"]


def test_names_of_any_kind_are_kept_as_found(make_folder: Maker) -> None:
    """Signs, blanks and scripts survive untouched."""
    names = ["Tag=0 #7.obj", "Upper+Scan.stl", "상악.stl", "верх.stl", "上颌.stl", "العلوي.stl"]
    listing = FolderListing.of(make_folder("case", dict.fromkeys(names, STL)))
    assert paths(listing) == sorted(names)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps names that are not UTF-8")
def test_a_name_that_is_not_utf8_survives(tmp_path: Path) -> None:
    """Undecodable bytes can be listed and read."""
    folder = tmp_path / "case"
    folder.mkdir()
    Path(os.fsdecode(bytes(folder) + b"/M\xfcller.stl")).write_bytes(STL)
    listing = FolderListing.of(folder)
    assert os.fsencode(paths(listing)[0]) == b"M\xfcller.stl"
    assert listing.read(paths(listing)[0]) == STL


def test_twins_by_accents_or_capitals_are_kept_apart(make_zip: Maker) -> None:
    """NFC and NFD, capitals and small letters are different members."""
    twins = [unicodedata.normalize(form, "Zoë.stl") for form in ("NFC", "NFD")]
    listing = FolderListing.of(make_zip("a.zip", {twins[0]: b"1", twins[1]: b"2", "A.stl": b"3", "a.stl": b"4"}))
    assert len(listing.entries) == 4
    assert {listing.read(f"a.zip!{name}") for name in (*twins, "A.stl", "a.stl")} == {b"1", b"2", b"3", b"4"}


def test_reserved_names_of_windows_are_listed(make_zip: Maker) -> None:
    """A zip may hold names that Windows cannot store, since nothing is unpacked."""
    listing = FolderListing.of(make_zip("a.zip", {"CON.stl": STL, "aux": STL, "nul.": STL}))
    assert listing.read("a.zip!CON.stl") == STL


@pytest.mark.skipif(sys.platform == "win32", reason="needs long paths switched on")
def test_a_path_of_more_than_260_characters_is_read(make_folder: Maker) -> None:
    """Deep folders with long names are no obstacle."""
    deep = "/".join(["a" * 80] * 4) + "/upper.stl"
    listing = FolderListing.of(make_folder("case", {deep: STL}))
    assert listing.read(deep) == STL


def test_litter_of_file_managers_is_set_aside(make_zip: Maker) -> None:
    """What macOS and Windows leave behind is no entry but is recorded."""
    litter = ["__MACOSX/._a.stl", ".DS_Store", "x/Thumbs.db", "x/desktop.ini", "._b.stl"]
    listing = FolderListing.of(make_zip("a.zip", {"a.stl": STL} | dict.fromkeys(litter, b"x")))
    assert paths(listing) == ["a.zip!a.stl"]
    assert {item.path for item in listing.set_aside} == {f"a.zip!{name}" for name in litter}
    assert all("litter" in item.why for item in listing.set_aside)


@pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links")
def test_links_are_never_followed(make_folder: Maker) -> None:
    """Links to files and folders, inside or leading out, are set aside."""
    folder = make_folder("case", {"a.stl": STL})
    outside = make_folder("outside", {"secret.stl": STL})
    (folder / "out").symlink_to(outside, target_is_directory=True)
    (folder / "b.stl").symlink_to(outside / "secret.stl")
    (folder / "gone.stl").symlink_to(outside / "nothing")
    listing = FolderListing.of(folder)
    assert paths(listing) == ["a.stl"]
    assert {item.path for item in listing.set_aside} == {"out", "b.stl", "gone.stl"}


@pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links")
def test_a_file_that_becomes_a_link_is_refused(make_folder: Maker) -> None:
    """A link that appears after listing is not opened."""
    folder = make_folder("case", {"a.stl": STL, "b.stl": b"secret"})
    listing = FolderListing.of(folder)
    (folder / "a.stl").unlink()
    (folder / "a.stl").symlink_to(folder / "b.stl")
    with pytest.raises(CaseError, match="cannot be read"):
        listing.open("a.stl")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_neither_hangs_nor_counts(make_folder: Maker) -> None:
    """Devices and pipes are set aside."""
    folder = make_folder("case", {"a.stl": STL})
    os.mkfifo(folder / "b.stl")
    assert paths(FolderListing.of(folder)) == ["a.stl"]


def test_a_zip_at_the_top_of_a_folder_is_looked_into(make_folder: Maker, make_zip: Maker) -> None:
    """Its members replace it; a zip deeper inside or under another suffix stays one file."""
    packed = make_zip("x.zip", {"in.stl": STL}).read_bytes()
    files = {"a.zip": packed, "sub/b.zip": packed, "c.dxd": packed, "d.3oxz": packed, "e.3ml": packed}
    listing = FolderListing.of(make_folder("case", files))
    assert paths(listing) == ["a.zip!in.stl", "c.dxd", "d.3oxz", "e.3ml", "sub/b.zip"]


def test_an_archive_in_a_zip_is_opaque(make_zip: Maker) -> None:
    """A zip in a zip is one file."""
    inner = make_zip("inner.zip", {"a.stl": STL}).read_bytes()
    assert paths(FolderListing.of(make_zip("outer.zip", {"inner.zip": inner}))) == ["outer.zip!inner.zip"]


def test_head_tail_and_read_work_in_folders_and_zips(make_folder: Maker, make_zip: Maker) -> None:
    """4 KiB from the start and 64 KiB from the end, of files and of members."""
    content = bytes(range(256)) * 512
    plain = FolderListing.of(make_folder("case", {"a.bin": content}))
    packed = FolderListing.of(make_zip("a.zip", {"a.bin": content}))
    for listing, path in ((plain, "a.bin"), (packed, "a.zip!a.bin")):
        assert listing.head(path) == content[:4096]
        assert listing.tail(path) == content[-65536:]
        assert listing.read(path) == content


def test_opened_members_can_be_sought(make_zip: Maker) -> None:
    """``open`` gives a seekable stream of a member."""
    listing = FolderListing.of(make_zip("a.zip", {"a.stl": b"0123456789"}))
    with listing.open("a.zip!a.stl") as stream:
        stream.seek(5)
        assert stream.read() == b"56789"


def test_reading_too_much_is_refused(make_folder: Maker) -> None:
    """4 MiB a file and 32 MiB in all, where reading a file again is free."""
    files = {f"{n}.xml": bytes(READ_BYTES) for n in range(9)} | {"big.xml": bytes(READ_BYTES + 1)}
    listing = FolderListing.of(make_folder("case", files))
    with pytest.raises(LimitExceeded):
        listing.read("big.xml")
    for n in range(8):
        listing.read(f"{n}.xml")
    assert listing.read("0.xml") == bytes(READ_BYTES)
    with pytest.raises(LimitExceeded):
        listing.read("8.xml")


def test_a_path_that_is_not_listed_is_refused(make_folder: Maker) -> None:
    """A caller cannot reach outside the listing."""
    listing = FolderListing.of(make_folder("case", {"a.stl": STL}))
    with pytest.raises(CaseError, match="no file of this arrival"):
        listing.open("../other.stl")


def test_nothing_there_is_a_usage_error(tmp_path: Path) -> None:
    """A missing path is the caller's mistake."""
    with pytest.raises(UsageError):
        FolderListing.of(tmp_path / "nothing")


@pytest.mark.parametrize(
    "name", ["../evil.stl", "a/../../evil.stl", "/etc/evil.stl", "C:/evil.stl", "..\\evil.stl", "\\\\host\\x"]
)
def test_names_that_lead_out_are_refused(make_zip: Maker, name: str) -> None:
    """Zip slip and absolute names condemn the archive."""
    with pytest.raises(UnsafeArchive, match="leads out"):
        FolderListing.of(make_zip("a.zip", {name: STL}))


@pytest.mark.parametrize("name", ["a" * 1025, "a\0b.stl"])
def test_names_that_no_file_can_have_are_refused(make_zip: Maker, name: str) -> None:
    """Monstrous ones and those with a NUL."""
    plain = name.replace("\0", "~").encode()
    path = make_zip("a.zip", {plain.decode(): STL})
    path.write_bytes(path.read_bytes().replace(plain, name.encode()))
    with pytest.raises(UnsafeArchive, match="no file can have"):
        FolderListing.of(path)


def test_backslashes_in_a_zip_part_folders(make_zip: Maker) -> None:
    """Old Windows programs write them."""
    assert paths(FolderListing.of(make_zip("a.zip", {"Scans\\Upper\\a.stl": STL}))) == ["a.zip!Scans/Upper/a.stl"]


def test_two_members_of_one_name_are_refused(make_zip: Maker) -> None:
    """Nobody could say which of them counts."""
    with pytest.raises(UnsafeArchive, match="two files of one name"):
        FolderListing.of(make_zip("a.zip", {"./a.stl": STL, "a.stl": STL}))


def test_a_zip_bomb_is_refused_by_ratio(make_zip: Maker) -> None:
    """100 times its size is no scan."""
    bomb = make_zip("a.zip", {"a.stl": bytes(1 << 20)})
    how = Opening(limits=ArchiveLimits(free=1 << 16))
    with pytest.raises(UnsafeArchive, match="100 times"):
        FolderListing.of(bomb, how)


def test_a_zip_bomb_is_refused_by_size(make_zip: Maker) -> None:
    """The sum of all members counts."""
    how = Opening(limits=ArchiveLimits(unpacked=1 << 20))
    with pytest.raises(UnsafeArchive, match="unpacks to"):
        FolderListing.of(make_zip("a.zip", {f"{n}.stl": os.urandom(1 << 18) for n in range(5)}), how)


def test_too_many_members_are_refused(make_zip: Maker) -> None:
    """The number of members has its limit."""
    with pytest.raises(UnsafeArchive, match="11 members"):
        FolderListing.of(
            make_zip("a.zip", {f"{n}.stl": b"" for n in range(11)}), Opening(limits=ArchiveLimits(entries=10))
        )


def test_ten_thousand_members_are_listed(make_zip: Maker) -> None:
    """A large archive is listed whole, and its members can be read."""
    listing = FolderListing.of(make_zip("a.zip", {f"scan{n:05}.stl": b"%d" % n for n in range(10_000)}))
    assert len(listing.entries) == 10_000
    assert listing.read("a.zip!scan09999.stl") == b"9999"


def test_overlapping_members_are_refused(make_zip: Maker) -> None:
    """Two directory entries on one body are how bombs are built."""
    path = make_zip("a.zip", {"a.stl": STL * 50, "b.stl": STL * 50})
    packed = bytearray(path.read_bytes())
    second = packed.rindex(b"PK\x01\x02")
    packed[second + 42 : second + 46] = bytes(4)
    path.write_bytes(packed)
    with pytest.raises(UnsafeArchive, match="overlap"):
        FolderListing.of(path)


@pytest.mark.parametrize("claim", [5, 5_000_000])
def test_a_lie_about_the_size_is_caught_while_reading(make_zip: Maker, claim: int) -> None:
    """The directory's size is compared with what comes out."""
    path = make_zip("a.zip", {"a.stl": STL * 50})
    packed = bytearray(path.read_bytes())
    entry = packed.rindex(b"PK\x01\x02")
    packed[entry + 24 : entry + 28] = claim.to_bytes(4, "little")
    path.write_bytes(packed)
    listing = FolderListing.of(path)
    with pytest.raises(CorruptFile):
        listing.open("a.zip!a.stl")


def test_a_damaged_member_is_corrupt(make_zip: Maker) -> None:
    """A wrong byte in the body is noticed by the checksum."""
    path = make_zip("a.zip", {"a.stl": os.urandom(4096)})
    packed = bytearray(path.read_bytes())
    packed[2000] ^= 0xFF
    path.write_bytes(packed)
    with pytest.raises(CorruptFile, match="damaged"):
        FolderListing.of(path).open("a.zip!a.stl")


@pytest.mark.parametrize("keep", [10, 500, -30])
def test_a_truncated_zip_is_corrupt_or_not_ready(make_zip: Maker, keep: int) -> None:
    """While more may come it means waiting, else it is damaged."""
    path = make_zip("a.zip", {"a.stl": os.urandom(1000)})
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CorruptFile, match="truncated"):
        FolderListing.of(path)
    with pytest.raises(NotReady):
        FolderListing.of(path, Opening(settling=True))


@pytest.mark.parametrize(("content", "reason"), [(b"", "empty"), (b"Rar!\x1a\x07 something else", "not a zip")])
def test_what_only_calls_itself_a_zip_is_corrupt(make_folder: Maker, content: bytes, reason: str) -> None:
    """Empty files and other archives are named for what they are."""
    with pytest.raises(CorruptFile, match=reason):
        FolderListing.of(make_folder("inbox", {"a.zip": content}) / "a.zip")


def test_a_member_behind_a_password_is_listed_but_closed(make_zip: Maker) -> None:
    """Reading it raises ClosedFormat, not a bare error."""
    path = make_zip("a.zip", {"a.stl": STL, "b.stl": STL})
    packed = bytearray(path.read_bytes())
    entry = packed.rindex(b"PK\x01\x02")
    packed[entry + 8] |= 1
    path.write_bytes(packed)
    listing = FolderListing.of(path)
    assert listing.read("a.zip!a.stl") == STL
    with pytest.raises(ClosedFormat, match="password"):
        listing.read("a.zip!b.stl")


def test_an_unknown_packing_method_is_corrupt(make_zip: Maker) -> None:
    """Deflate64 and the like say what to do."""
    path = make_zip("a.zip", {"a.stl": STL})
    packed = bytearray(path.read_bytes())
    packed[8] = packed[packed.rindex(b"PK\x01\x02") + 10] = 9
    path.write_bytes(packed)
    with pytest.raises(CorruptFile, match="method"):
        FolderListing.of(path).read("a.zip!a.stl")


def test_links_in_a_zip_are_set_aside(tmp_path: Path) -> None:
    """A member that is a symbolic link is no entry."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as packed:
        link = zipfile.ZipInfo("link.stl")
        link.external_attr = 0o120777 << 16
        packed.writestr(link, "/etc/passwd")
    listing = FolderListing.of(path)
    assert listing.entries == ()
    assert listing.set_aside[0].path == "a.zip!link.stl"


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("cp949", "홍길동 상악.stl"),
        ("cp932", "山田 上顎スキャン.stl"),
        ("gbk", "王小明 上颌.stl"),
        ("cp866", "Иванов верхняя.stl"),
        ("cp437", "Müller Oberkiefer.stl"),
        ("cp850", "João Gonçalves superior.stl"),
        ("cp1252", "Müller Präparation.stl"),
        ("cp1251", "Иванов верхняя.stl"),
        ("utf-8", "Jürgen 상악.stl"),
    ],
)
def test_names_without_the_utf8_flag_are_decoded_by_evidence(make_zip: Maker, page: str, name: str) -> None:
    """The code page of the sender's computer is found and remembered."""
    listing = FolderListing.of(make_zip("a.zip", {name.encode(page): STL, b"order.xml": b"<a/>"}))
    assert f"a.zip!{name}" in paths(listing)
    assert listing.encodings == {"a.zip": page}
    assert listing.read(f"a.zip!{name}") == STL


def test_ascii_names_need_no_code_page(make_zip: Maker) -> None:
    """Nothing is recorded where nothing had to be guessed."""
    assert FolderListing.of(make_zip("a.zip", {"a.stl": STL})).encodings == {}


def test_open_archive_looks_into_other_suffixes(make_folder: Maker, make_zip: Maker) -> None:
    """An adapter can look into a .dxd: member names and bounded reads."""
    packed = make_zip("x.zip", {"DentalCase.xml": b"<a/>", "mesh.bin": bytes(1000)}).read_bytes()
    listing = FolderListing.of(make_folder("case", {"a.dxd": packed}))
    with open_archive(listing, "a.dxd") as found:
        assert [entry.path for entry in found.members] == ["DentalCase.xml", "mesh.bin"]
        assert found.read("DentalCase.xml") == b"<a/>"
        with pytest.raises(LimitExceeded):
            found.read("mesh.bin", limit=999)


def test_open_archive_works_inside_a_zip(make_zip: Maker) -> None:
    """Also when the .dxd itself came in a zip."""
    inner = make_zip("x.zip", {"DentalCase.xml": b"<a/>"}).read_bytes()
    listing = FolderListing.of(make_zip("a.zip", {"b.dxd": inner}))
    with open_archive(listing, "a.zip!b.dxd") as found:
        assert found.head("DentalCase.xml") == b"<a/>"


def test_an_unreadable_folder_is_a_typed_error(make_folder: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without permission names itself."""

    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied")

    folder = make_folder("case", {"a.stl": STL})
    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(CaseError, match="Permission denied") as caught:
        walk(folder)
    assert caught.value.place == str(folder)


def test_too_many_files_and_too_deep_folders_are_refused(make_folder: Maker) -> None:
    """Walking has its limits."""
    with pytest.raises(LimitExceeded, match="more than 2 files"):
        walk(make_folder("many", {f"{n}.stl": STL for n in range(3)}), most=2)
    with pytest.raises(LimitExceeded, match="deep"):
        walk(make_folder("deep", {"a/" * 70 + "b.stl": STL}))


def test_a_large_member_is_unpacked_into_a_temporary_file(make_zip: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """It can be sought all the same."""
    monkeypatch.setattr(archive, "IN_MEMORY", 1)
    with (
        FolderListing.of(make_zip("a.zip", {"a.stl": b"0123456789"})) as listing,
        listing.open("a.zip!a.stl") as stream,
    ):
        stream.seek(7)
        assert stream.read() == b"789"


def test_a_full_temporary_folder_is_a_state_error(make_zip: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not the case's fault."""

    class Full(io.BytesIO):
        def write(self, content: object) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive, "IN_MEMORY", 1)
    monkeypatch.setattr("tempfile.TemporaryFile", Full)
    with pytest.raises(StateError, match="No space left"):
        FolderListing.of(make_zip("a.zip", {"a.stl": b"0123456789"})).open("a.zip!a.stl")


def test_the_unicode_path_field_names_a_member(tmp_path: Path) -> None:
    """Info-ZIP's field is believed when it belongs to the raw name, and not when it does not."""
    names = []
    for raw in (b"M?ller.stl", b"other.stl"):
        info = zipfile.ZipInfo("M?ller.stl", (2026, 1, 31, 12, 0, 0))
        body = b"\x01" + zlib.crc32(raw).to_bytes(4, "little") + "Müller.stl".encode()
        info.extra = b"\x75\x70" + len(body).to_bytes(2, "little") + body
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
            packed.writestr(info, STL)
        names += paths(FolderListing.of(tmp_path / "a.zip"))
    assert names == ["a.zip!Müller.stl", "a.zip!M?ller.stl"]


def test_a_time_that_is_no_date_is_zero(make_zip: Maker) -> None:
    """Some programs write none."""
    path = make_zip("a.zip", {"a.stl": STL})
    packed = bytearray(path.read_bytes())
    entry = packed.rindex(b"PK\x01\x02")
    packed[entry + 12 : entry + 16] = bytes(4)
    path.write_bytes(packed)
    assert FolderListing.of(path).entries[0].mtime == 0.0


@pytest.mark.parametrize("seed", range(4))
def test_a_zip_with_wrong_bytes_never_raises_a_bare_error(make_zip: Maker, seed: int) -> None:
    """Whatever is damaged, the answer is typed."""
    whole = make_zip("a.zip", {"a/b.stl": STL * 9, b"M\x81ller.stl": STL, "c.xml": b"<a/>"}).read_bytes()
    chance = random.Random(seed)
    refused = opened = 0
    for _ in range(250):
        packed = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            packed[chance.randrange(len(packed))] = chance.randrange(256)
        path = make_zip("b.zip", {})
        path.write_bytes(packed)
        try:
            listing = FolderListing.of(path)
        except CaseError:
            refused += 1
            continue
        for entry in listing.entries:
            with contextlib.suppress(CaseError):
                listing.open(entry.path).close()
                opened += 1
    assert refused > 0
    assert opened > 0
