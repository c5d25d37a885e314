"""The format is told from the first bytes, and without numpy."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import pytest

from casepan.errors import CorruptFile
from casepan.mesh import inventory, read_mesh, sniff_format

BINARY = bytes(80) + struct.pack("<I", 2) + bytes(100)


@pytest.mark.parametrize(
    ("head", "name", "expected"),
    [
        (b"ply\nformat ascii 1.0\n", "", "ply"),
        (b"ply\r\nformat", "a.stl", "ply"),
        (b"plywood", "", None),
        (b"solid a\n facet normal", "", "stl"),
        (b"\xef\xbb\xbf  \r\nSOLID\r\n", "", "stl"),
        (b"solid " + bytes(200), "", "stl"),
        (b"solidarity", "", None),
        (BINARY, "", "stl"),
        (BINARY + b"\n", "", "stl"),
        (bytes(84), "", "stl"),
        (bytes(50), "a.STL", "stl"),
        (bytes(50), "a.bin", None),
        (b"#<MEDIT>\nv 0 0 0\n", "", "obj"),
        (b"# a comment\nmtllib a.mtl\n", "", "obj"),
        (b"v 1 2 3\n", "", "obj"),
        (b"# made somewhere\nvt 0.25 1\nvt 0.5 1\n", "", "obj"),
        (b"vn 0 0 1\n", "", "obj"),
        (b"f 1 2 3\n", "", "obj"),
        (b"# only comments so far\n", "a.obj", "obj"),
        (b"# only comments so far\n", "a.obj.gz", "obj"),
        (b"# only comments so far\n", "", None),
        (b"\0\0", "a.obj", None),
        (b'<HPS version="1.1">', "", "hps"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- x -->\n<HPS version="1.1">', "", "hps"),
        (b"<?xml version='1.0'?><Order>", "a.dcm", None),
        (bytes(128) + b"DICM", "a.dcm", "dicom"),
        (b"\x1f\x8b\x08", "", "gzip"),
        (b"PK\x03\x04", "a.stl", None),
        (b"\xff\xd8\xff\xe0", "a.obj", None),
        (b"<html><body>login", "a.ply", None),
        (b"", "a.stl", None),
    ],
)
def test_format_is_told_from_the_content(head: bytes, name: str, expected: str | None) -> None:
    """Content first; the name only where the content leaves it open."""
    assert sniff_format(head, size=len(head), name=name) == expected


def test_size_of_the_whole_file_tells_a_binary_stl() -> None:
    """The head of a large binary STL is enough when the size is known, and not otherwise."""
    head = bytes(80) + struct.pack("<I", 1000) + bytes(4012)
    assert sniff_format(head, size=84 + 50_000) == "stl"
    assert sniff_format(head, size=84 + 50_001) == "stl"
    assert sniff_format(head, size=84 + 50_050) is None
    assert sniff_format(head) is None
    assert sniff_format(BINARY) == "stl"


def test_endless_comments_do_not_stall_recognition() -> None:
    """A head full of XML comments is refused in linear time (a naive pattern would take longer than the universe)."""
    assert sniff_format(b"<!---->" * 580, size=4060) is None
    assert sniff_format(b"<!---->" * 500 + b"<HPS>", size=3505) == "hps"


def test_dicom_is_named_as_such() -> None:
    """True DICOM shares the suffix .dcm; the error says what it is."""
    data = bytes(128) + b"DICM" + bytes(100)
    for read in (read_mesh, inventory):
        with pytest.raises(CorruptFile, match="DICOM"):
            read(data, name="a.dcm")


@pytest.mark.parametrize("code", ["sniff_format(b'ply\\n')", "inventory(b'ply\\nformat ascii 1.0\\nend_header\\n')"])
def test_recognition_does_not_import_numpy(code: str) -> None:
    """Sniffing and inventories stay light: no numpy, scipy or trimesh."""
    heavy = "[name for name in ('numpy', 'scipy', 'trimesh') if name in sys.modules]"
    program = f"import sys, casepan.mesh as m; m.{code}; print({heavy})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_exported_name_is_there() -> None:
    """The lazy names of the package resolve, and an unknown one is an AttributeError."""
    import casepan.mesh

    for name in casepan.mesh.__all__:
        assert getattr(casepan.mesh, name) is not None
    with pytest.raises(AttributeError):
        casepan.mesh.nothing  # noqa: B018


def test_no_module_hides_an_exported_function() -> None:
    """A module named like an exported function would take its place once imported."""
    import casepan.mesh

    folder = Path(casepan.mesh.__file__).parent
    names = {path.stem for path in folder.iterdir()}
    assert not names & set(casepan.mesh.__all__)
