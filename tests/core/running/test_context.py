"""What stages are given: files of every store, kept outputs, memory, secrets."""

from __future__ import annotations

import io
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from casepan.arrivals.listing import FolderListing
from casepan.contract.options import Secret
from casepan.errors import CaseError, ClosedFormat, SecretError
from casepan.model.case import Scan
from casepan.model.files import FileRef
from casepan.running.context import Bench, Errand
from casepan.running.memory import StageMemory

TRIANGLE = b"""solid a
facet normal 0 0 1
outer loop
vertex 0 0 0
vertex 1 0 0
vertex 0 1 0
endloop
endfacet
endsolid a
"""


@pytest.fixture
def arrival(tmp_path: Path) -> Path:
    """A zip with one scan."""
    path = tmp_path / "case.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inner/upper.stl", TRIANGLE)
    return path


def test_a_path_needs_no_ledger(arrival: Path) -> None:
    """Listing, hashing and reading of a zip's member, and nothing left behind."""
    with Bench.at(arrival) as bench:
        ctx = bench.importing("x.reader")
        (entry,) = ctx.listing.entries
        file = ctx.file(entry.path)
        assert (file.sha256, file.size) == (sha256(TRIANGLE).hexdigest(), len(TRIANGLE))
        assert ctx.read(file) == TRIANGLE
        scratch = bench.scratch
        assert scratch.is_dir()
    assert not scratch.exists()


def test_a_mesh_is_read_once_for_equal_content(arrival: Path) -> None:
    """Stages share it."""
    with Bench.at(arrival) as bench:
        file = bench.reference(bench.importing("x.y").listing.entries[0].path)
        scan = Scan("upper-arch", "arch", "upper", file=file, format="stl")
        first, second = bench.working("x.a", "a").mesh(scan), bench.working("x.b", "b").mesh(scan)
        assert first is second
        assert len(first.faces) == 1


def test_a_closed_scan_says_so(arrival: Path) -> None:
    """No attempt is made to read it."""
    with Bench.at(arrival) as bench:
        scan = Scan("u", "arch", "upper", file=FileRef("a.dxd", 1, "0"), format="dxd", readable=False)
        with pytest.raises(ClosedFormat, match="dxd"):
            bench.working("x.a", "a").mesh(scan)


def test_kept_files_are_found_by_later_stages(arrival: Path) -> None:
    """The step's id is the store."""
    with Bench.at(arrival) as bench:
        first = bench.working("x.a", "a")
        (first.out / "sub").mkdir()
        (first.out / "sub/made.txt").write_text("made")
        kept = first.keep(first.out / "sub/made.txt")
        assert (kept.path, kept.store) == ("sub/made.txt", "a")
        assert bench.working("x.b", "b").read(kept) == b"made"
        with pytest.raises(ValueError, match="case"):
            first.keep(arrival)


@pytest.mark.parametrize("file", [FileRef("gone.txt", 1, "0", store="a"), FileRef("x", 1, "0", store="nobody")])
def test_files_that_are_gone_are_case_errors(arrival: Path, file: FileRef) -> None:
    """With what to do about it."""
    with Bench.at(arrival) as bench:
        bench.working("x.a", "a")
        with pytest.raises(CaseError) as caught:
            bench.open(file)
        assert caught.value.hint


def test_textures_are_found_by_their_last_name(tmp_path: Path) -> None:
    """As a mesh names them, whatever the folder and the capitals; a picture when none is named."""
    (tmp_path / "a.obj").write_text("")
    (tmp_path / "Skin.PNG").write_bytes(b"png")
    with Bench.at(tmp_path) as bench:
        scan = Scan("u", "arch", "upper", file=bench.reference("a.obj"), textures=(bench.reference("Skin.PNG"),))
        assert bench._image(scan, "C:\\x\\skin.png") == b"png"
        assert bench._image(scan, "") == b"png"
        assert bench._image(scan, "other.png") is None


def test_without_a_lab_there_are_no_secrets(arrival: Path) -> None:
    """It says where they come from."""
    with Bench.at(arrival) as bench, pytest.raises(SecretError, match="secrets are only known"):
        bench.working("x.a", "a").secret(Secret(env="X"))


def test_an_exporter_sees_its_errand(arrival: Path) -> None:
    """Key, place, fence; the fence is asked each time."""
    answers = iter([True, False])
    with Bench.at(arrival, base=arrival.parent) as bench:
        ctx = bench.sending("x.out", "cad", Errand("key", "K7Q2-M4", fence_ok=lambda: next(answers)))
        assert (ctx.key, ctx.place, ctx.replace, ctx.base) == ("key", "K7Q2-M4", False, arrival.parent)
        assert (ctx.fence_ok(), ctx.fence_ok()) == (True, False)


def test_memory_survives_and_is_private(tmp_path: Path) -> None:
    """Every write is on disk at once; another object sees it; removal too."""
    memory = StageMemory.of(tmp_path, "x.portal")
    memory["cursor"] = {"page": 3}
    assert dict(StageMemory.of(tmp_path, "x.portal")) == {"cursor": {"page": 3}}
    assert (tmp_path / "x.portal.json").stat().st_mode & 0o077 == 0
    del memory["cursor"]
    assert len(StageMemory.of(tmp_path, "x.portal")) == 0


def test_memory_without_a_folder_is_forgotten() -> None:
    """``inspect`` and ``validate`` leave nothing behind."""
    memory = StageMemory.of(None, "x.portal")
    memory["a"] = 1
    assert dict(memory) == {"a": 1}
    assert dict(StageMemory.of(None, "x.portal")) == {}


def test_open_streams_are_seekable(arrival: Path) -> None:
    """Mesh readers jump about, also in a member of a zip."""
    with Bench.at(arrival) as bench:
        path = bench.importing("x.y").listing.entries[0].path
        with bench.open(bench.reference(path)) as stream:
            assert stream.seek(0, io.SEEK_END) == len(TRIANGLE)


def test_a_lent_listing_stays_open(arrival: Path) -> None:
    """A child goes on with the case of its arrival, and finds the files of a zip still open."""
    listing = FolderListing.of(arrival)
    with Bench.on(listing, lent=True) as first:
        file = first.importing("core.generic").file("case.zip!inner/upper.stl")
    with Bench.on(listing) as second, second.open(file) as stream:
        assert stream.read() == TRIANGLE
