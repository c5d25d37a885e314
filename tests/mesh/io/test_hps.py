"""3Shape's HPS: open geometry decoded exactly, closed geometry never, everything else told."""

from __future__ import annotations

import base64
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from casepan.errors import AdapterError, ClosedFormat, CorruptFile, UsageError
from casepan.mesh import connectivity, hps_textures, inventory, read_mesh, read_with_key
from casepan.mesh.hps.program import ProgramError, run_program

Build = Callable[..., bytes]
SQUARE = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0.5)]
FAN = b"\x06" + struct.pack("<3I", 0, 1, 2) + b"\x06" + struct.pack("<3I", 0, 2, 3)
OPEN = {
    "hpsdecode/example_ca.dcm": "hpsdecode/example_ca.ply",
    "open3sdcm/HandleAngledLarge.dcm": "open3sdcm/dcm2stlapp_HandleAngledLarge.stl",
}
CLOSED = {
    "hpsdecode/example_ce.dcm": (118178, 59091, "hpsdecode/example_ce.ply"),
    "open3sdcm/Hole 3x5.dcm": (748, 376, "open3sdcm/dcm2stlapp_Hole 3x5.stl"),
    "open3sdcm/scan_039.dcm": (136995, 68698, "../derived/scan_039.decoded.stl"),
    "open3sdcm/scan_040.dcm": (101292, 50648, None),
}


def text(data: bytes) -> str:
    """Base64."""
    return base64.b64encode(data).decode()


def by_appearance(faces: np.ndarray) -> np.ndarray:
    """Faces with their vertices renumbered in order of first use, to compare connectivity alone."""
    values, first, inverse = np.unique(faces.reshape(-1), return_index=True, return_inverse=True)
    rank = np.empty(len(values), int)
    rank[np.argsort(first)] = np.arange(len(values))
    return rank[inverse].reshape(-1, 3)


@pytest.mark.parametrize("name", OPEN)
def test_open_file_equals_its_twin_face_for_face(name: str, shared: Path) -> None:
    """Every corner of every face lies within 1e-5 mm of the file that the vendor's own tool exported."""
    mesh = read_mesh(shared / "data" / "hps" / name)
    twin = read_mesh(shared / "data" / "hps" / OPEN[name])
    difference = np.abs(mesh.vertices[mesh.faces] - twin.vertices[twin.faces])
    assert difference.max() <= 1e-5
    assert mesh.notes["schema"] == "CA"


@pytest.mark.parametrize("name", CLOSED)
def test_closed_file_gives_counts_and_connectivity_only(name: str, shared: Path) -> None:
    """Counts are those of INDEX.md, faces those of the twin; the coordinates are refused."""
    path = shared / "data" / "hps" / name
    faces, vertices, twin = CLOSED[name]
    facts = inventory(path)
    assert (facts.schema, facts.readable, facts.faces, facts.vertices) == ("CE", False, faces, vertices)
    found = connectivity(path)
    assert found.shape == (faces, 3)
    assert found.dtype == np.int32
    directed = np.concatenate([found[:, [0, 1]], found[:, [1, 2]], found[:, [2, 0]]])
    assert len(np.unique(directed[:, 0].astype(np.int64) * vertices + directed[:, 1])) == 3 * faces
    if twin:
        assert np.array_equal(by_appearance(found), by_appearance(read_mesh(shared / "data" / "hps" / twin).faces))
    with pytest.raises(ClosedFormat, match="encrypted") as caught:
        read_mesh(path)
    assert caught.value.place == path.name
    assert "STL or PLY" in (caught.value.hint or "")


def test_inventory_of_a_real_scan_tells_jaw_device_and_transforms(shared: Path) -> None:
    """The arch is in the file; serial numbers are not in the inventory."""
    facts = inventory(shared / "data" / "hps" / "open3sdcm" / "scan_039.dcm")
    assert (facts.jaw, facts.device, facts.properties["JawType"]) == ("upper", "ss3SE4", "RemovablePreparation")
    assert facts.transforms[0].name == "TransformationFromScanCoordinates"
    assert "1UB2305005B" not in repr(facts)
    other = inventory(shared / "data" / "hps" / "hpsdecode" / "example_ce.dcm")
    assert other.jaw is None
    assert other.transforms[2].matrix[1] == (0.0, 1.0, 0.0, 22.4526443)


def test_every_instruction_does_what_the_facts_say() -> None:
    """The two-byte program of the facts, explicit indices, skips, ignores and restarts."""
    assert list(run_program(b"\x04\x00", 2, 4)) == [0, 1, 2, 3, 1, 0]
    assert list(run_program(FAN, 2, 4)) == [0, 1, 2, 0, 2, 3]
    assert list(run_program(b"\x0a\x04\x03\x00", 2, 5)) == [1, 2, 3, 4, 3, 2]
    assert list(run_program(b"\x04\x08\x03\x00\x00\x00", 2, 4)) == [0, 1, 2, 3, 1, 0]
    assert list(run_program(b"\x04\x04", 2, 6)) == [0, 1, 2, 3, 4, 5]
    assert list(run_program(b"\x04\x01", 2, 3)) == [0, 1, 2, 0, 2, 1]
    assert list(run_program(b"\x04\x02", 2, 3)) == [0, 1, 2, 0, 2, 1]


def test_removed_edges_leave_the_ring() -> None:
    """After two edges are taken off, the next triangle stands on what is left; an empty ring takes none."""
    assert list(run_program(b"\x04\x09\x00", 2, 4)) == [0, 1, 2, 3, 2, 1]
    with pytest.raises(ProgramError):
        run_program(b"\x04\x09\x09\x09\x00", 2, 9)


@pytest.mark.parametrize(("operand", "restart"), [("<I", "<3H"), ("<I", "<3I"), ("<H", "<3H")])
def test_operands_are_read_in_the_width_that_fits(operand: str, restart: str) -> None:
    """The names say 16 bits, real files use 32: the width that gives the declared faces is the right one."""
    program = b"\x05" + struct.pack(restart, 0, 1, 2) + b"\x07" + struct.pack(operand, 3)
    assert list(run_program(program, 2, 4)) == [0, 1, 2, 3, 1, 0]


@pytest.mark.parametrize(
    ("program", "faces", "vertices"),
    [
        (b"\x0b", 1, 3),
        (b"\xff", 1, 3),
        (b"\x00", 1, 3),
        (b"\x04", 2, 3),
        (b"\x04", 1, 2),
        (b"\x04\x08\x03", 2, 4),
        (b"\x04\x08\x04\x00\x00\x00", 2, 4),
        (b"\x04\x01\x01\x01", 4, 3),
    ],
)
def test_program_that_makes_no_sense_is_refused(program: bytes, faces: int, vertices: int) -> None:
    """Unknown instructions, no edge, other counts, vertices that are not there, a cut operand, one edge for two."""
    with pytest.raises(ProgramError):
        run_program(program, faces, vertices)


def test_vertex_colours_are_read(hps: Build) -> None:
    """Three or four bytes a vertex."""
    for width in (3, 4):
        colours = bytes(range(4 * width))
        more = f'<VertexColorSets><VertexColorSet Id="a">{text(colours)}</VertexColorSet></VertexColorSets>'
        mesh: Any = read_mesh(hps(SQUARE, FAN, 2, more=more))
        assert mesh.vertex_colours.tolist() == [list(range(width * k, width * k + 3)) for k in range(4)]
        assert inventory(hps(SQUARE, FAN, 2, more=more)).colour == "vertex"


@pytest.mark.parametrize("size", [0, 11, 13, 20])
def test_vertex_colours_that_do_not_fit_are_refused(hps: Build, size: int) -> None:
    """Neither three nor four bytes a vertex."""
    more = f'<VertexColorSets><VertexColorSet Id="a">{text(bytes(size))}</VertexColorSet></VertexColorSets>'
    with pytest.raises(CorruptFile, match="colours"):
        read_mesh(hps(SQUARE, FAN, 2, more=more))


def texture_xml(records: bytes, image: bytes = b"\xff\xd8 image") -> str:
    """TextureData2 with one image."""
    return (
        f"<TextureData2><PerVertexTextureCoord>{text(records)}</PerVertexTextureCoord><TextureImages>"
        f"<TextureImage>{text(image)}</TextureImage><TextureImage Key='1'>{text(b'closed')}</TextureImage>"
        "</TextureImages></TextureData2>"
    )


def pair(u: int, v: int) -> bytes:
    """One packed texture coordinate."""
    return struct.pack("<2H", u, v)


def test_texture_coordinates_are_unpacked(hps: Build) -> None:
    """One pair for all corners, one for each face, none, and the wide range; v counts from below."""
    records = b"\x02" + pair(0, 0) + pair(32767, 0)
    records += b"\x01" + pair(0, 32767)
    records += b"\xff" + pair(0x8000 | 16384, 0) + struct.pack("<I", 0xFFFFFFFF)
    records += b"\x01" + pair(0, 0)
    mesh: Any = read_mesh(hps(SQUARE, FAN, 2, more=texture_xml(records)))
    assert mesh.texture.image == b"\xff\xd8 image"
    assert mesh.notes["texture_red_blue_swapped"] is True
    assert mesh.texture.uv[0, 0].tolist() == [0, 1]
    assert mesh.texture.uv[0, 1].tolist() == [0, 0]
    assert mesh.texture.uv[0, 2].tolist() == pytest.approx([16384 * 512 / 32767 - 256, 1])
    assert mesh.texture.uv[1, 0].tolist() == [1, 1]
    assert np.isnan(mesh.texture.uv[1, 1]).all()


@pytest.mark.parametrize("records", [b"", b"\x01" + pair(0, 0), b"\x07" + bytes(28), (b"\x01" + pair(0, 0)) * 5])
def test_texture_records_that_do_not_fit_are_refused(hps: Build, records: bytes) -> None:
    """Too few, too many, or for another number of faces."""
    with pytest.raises(CorruptFile, match="texture"):
        read_mesh(hps(SQUARE, FAN, 2, more=texture_xml(records)))


def test_texture_images_are_taken_out_of_a_closed_file(hps: Build) -> None:
    """The image is not encrypted in schema CE; those that are stay in."""
    data = hps(SQUARE, FAN, 2, schema="CE", more=texture_xml(bytes(20)))
    assert hps_textures(data) == (b"\xff\xd8 image",)
    facts = inventory(data)
    assert (facts.texture_images, facts.colour, facts.readable) == (1, "texture", False)


def metadata(xml: str) -> str:
    """SID.Model.Metadata as 3Shape writes it."""
    return f'<Properties><Property name="SID.Model.Metadata" value="{text(xml.encode("utf-16"))}"/></Properties>'


@pytest.mark.parametrize(("jaw", "expected"), [("Upper", "upper"), ("Lower", "lower"), ("Both", None)])
def test_jaw_is_read_from_the_model_metadata(hps: Build, jaw: str, expected: str | None) -> None:
    """JawPosition is base64 of UTF-16 XML."""
    xml = f'<?xml version="1.0" encoding="utf-16"?><ModelMetadata><JawPosition>{jaw}</JawPosition></ModelMetadata>'
    facts = inventory(hps(SQUARE, FAN, 2, schema="CE", more=metadata(xml)))
    assert facts.jaw == expected
    assert facts.properties["JawPosition"] == jaw


@pytest.mark.parametrize("xml", ["", "<a", "<!DOCTYPE a><ModelMetadata/>"])
def test_damaged_model_metadata_is_only_a_missing_help(hps: Build, xml: str) -> None:
    """The jaw is unknown then, and the file is still good."""
    assert inventory(hps(SQUARE, FAN, 2, more=metadata(xml))).jaw is None


@pytest.mark.parametrize("value", ["x", "nan", "inf", ""])
def test_transform_must_be_finite_numbers(hps: Build, value: str) -> None:
    """A matrix that is none is told, for it would move the scan."""
    cells = " ".join(f'm{r}{c}="{value if (r, c) == (1, 2) else 0}"' for r in range(4) for c in range(4))
    more = f'<Annotations><Annotation type="CoordinateTransform"><Matrix4x4 {cells}/></Annotation></Annotations>'
    with pytest.raises(CorruptFile, match="transform"):
        inventory(hps(SQUARE, FAN, 2, more=more))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'facet_count="2"', b'facet_count="3"'),
        (b'facet_count="2"', b'facet_count="99999999"'),
        (b'facet_count="2"', b'facet_count="-2"'),
        (b'facet_count="2"', b'facet_count="' + b"9" * 5000 + b'"'),
        (b'facet_count="2"', b""),
        (b'vertex_count="4"', b'vertex_count="5"'),
        (b'vertex_count="4"', b'vertex_count="3"'),
        (b'base64_encoded_bytes="26"', b'base64_encoded_bytes="27"'),
        (b"</Facets>", b"!</Facets>"),
        (b"<Schema>CC</Schema>", b"<Schema>ZZ</Schema>"),
        (b"<Schema>CC</Schema>", b""),
        (b"<HPS ", b"<!DOCTYPE HPS [<!ENTITY a 'b'>]><HPS "),
        (b"Facets", b"Faces"),
        (b"</HPS>", b""),
        (b"<HPS ", b'<?xml version="1.0" encoding="klingon"?><HPS '),
    ],
)
def test_damaged_file_is_refused(hps: Build, old: bytes, new: bytes) -> None:
    """Counts, base64, elements, entities and XML that make no sense are corrupt files, never another exception."""
    data = hps(SQUARE, FAN, 2).replace(old, new)
    with pytest.raises(CorruptFile):
        read_mesh(data, name="a.dcm", format="hps")


def test_file_without_faces_is_refused(hps: Build) -> None:
    """No program, no surface."""
    with pytest.raises(CorruptFile, match="no triangles"):
        read_mesh(hps(SQUARE, b"", 0))


def test_packed_schema_without_a_reader_is_closed(hps: Build) -> None:
    """Schema CB is intact and unreadable."""
    with pytest.raises(ClosedFormat, match="CB"):
        read_mesh(hps(SQUARE, FAN, 2, schema="CB"))


class FakeEncryptionError(Exception):
    """Stands in for hpsdecode's error."""


@pytest.fixture
def hpsdecode(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., object]], None]:
    """Put a stand-in for the optional package in its place."""

    def install(load: Callable[..., object]) -> None:
        package, errors = ModuleType("hpsdecode"), ModuleType("hpsdecode.exceptions")
        package.load_hps = load  # type: ignore[attr-defined]
        errors.HPSEncryptionError = FakeEncryptionError  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "hpsdecode", package)
        monkeypatch.setitem(sys.modules, "hpsdecode.exceptions", errors)

    return install


def test_the_key_goes_to_the_decoder_as_an_argument(hps: Build, hpsdecode: Callable[..., None]) -> None:
    """The mesh that the optional decoder makes comes back; the environment plays no part."""
    seen = []

    def load(file: object, encryption_key: bytes) -> tuple[None, SimpleNamespace]:
        seen.append(encryption_key)
        return None, SimpleNamespace(vertices=np.array(SQUARE), faces=np.array([[0, 1, 2]]))

    hpsdecode(load)
    mesh = read_with_key(hps(SQUARE, FAN, 2, schema="CE"), key=b"operator")
    assert (seen, mesh.faces.tolist(), mesh.notes["schema"]) == ([b"operator"], [[0, 1, 2]], "CE")


@pytest.mark.parametrize(("raised", "expected"), [(FakeEncryptionError, ClosedFormat), (ValueError, CorruptFile)])
def test_failures_of_the_decoder_are_typed(
    hps: Build, hpsdecode: Callable[..., None], raised: type[Exception], expected: type[Exception]
) -> None:
    """A key that does not fit and a damaged file are two things."""

    def load(file: object, encryption_key: bytes) -> None:
        raise raised

    hpsdecode(load)
    with pytest.raises(expected):
        read_with_key(hps(SQUARE, FAN, 2, schema="CE"), key=b"wrong", name="a.dcm")


def test_without_key_or_decoder_there_is_no_geometry(hps: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty key is refused before anything is read; a missing package is named with its remedy."""
    with pytest.raises(UsageError):
        read_with_key(b"", key=b"")
    monkeypatch.setitem(sys.modules, "hpsdecode", None)
    with pytest.raises(AdapterError, match="hpsdecode"):
        read_with_key(hps(SQUARE, FAN, 2, schema="CE"), key=b"operator")
