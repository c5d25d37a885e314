"""Files without words: whatever stands in them besides geometry, colours and the order goes, and the geometry stays."""

from __future__ import annotations

import base64
import io
import json
import re
import struct
from collections.abc import Callable

import numpy as np
import pytest
from attrs import evolve
from PIL import Image, PngImagePlugin

from casepan.api import read_xml
from casepan.mesh import Texture, read_mesh
from casepan.registry import Registry
from casepan.testing import scan_bytes, small_scan
from casepan_itero.testing import Tooth, manifest_xml
from casepan_medit.testing import PROJECT
from casepan_prepare.hiding.lexicon import Lexicon
from casepan_prepare.hiding.names import Known
from casepan_prepare.hiding.pictures import without_words
from casepan_prepare.hiding.pseudonyms import Pseudonyms
from casepan_prepare.hiding.search import Needles
from casepan_prepare.hiding.surfaces import Companions, clean_mesh, clean_mtl
from casepan_prepare.hiding.texts import Cleaner, clean_html, clean_json, clean_lines, clean_xml
from casepan_trios.testing_files import Unit, hps_scan, order_xml

PATIENT = Known("Doe, Jane", "P-2A3B4C5D6E", "person")
NEEDLES = Needles.of((PATIENT,))
MAKE = Pseudonyms.of("a key that only this laboratory has")


def cleaner(adapter: str = "trios") -> Cleaner:
    """A cleaner for one patient and the files of one ecosystem."""
    personal = Registry.load((adapter,)).plugin(adapter).info.personal
    assert personal is not None
    return Cleaner(Lexicon.of((PATIENT,)), NEEDLES, MAKE, places=personal.xml, hps=personal.hps)


def scan(form: str) -> bytes:
    """A small scan without a word about anybody."""
    return scan_bytes(small_scan("upper"), form)


def ascii_stl(name: str) -> bytes:
    """An ASCII STL of three triangles under a name."""
    facet = "facet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex {0} 0 0\nvertex 0 {0} 0\nendloop\nendfacet\n"
    return f"solid {name}\n{''.join(facet.format(size) for size in (1, 2, 3))}endsolid {name}\n".encode()


def with_glb_words(data: bytes) -> bytes:
    """A GLB whose node, mesh, extras and asset name the patient."""
    size = int.from_bytes(data[12:16], "little")
    document = json.loads(data[20 : 20 + size])
    document["asset"] |= {"copyright": "Jane Doe", "generator": "Doe's scanner"}
    document["nodes"][0] |= {"name": "Doe Jane upper", "extras": {"patient": ["Jane", {"last": "Doe"}]}}
    document["meshes"][0]["name"] = "Doe"
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    body = (
        struct.pack("<I4s", len(text), b"JSON") + text + data[20 + size :] + struct.pack("<I4s", 4, b"DOE\0") + b"Jane"
    )
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


MESHES: dict[str, Callable[[], bytes]] = {
    "header of an STL": lambda: b"Jane Doe, 1980".ljust(80) + scan("stl")[80:],
    "behind an STL": lambda: scan("stl") + b"Jane Doe",
    "name of a solid": lambda: ascii_stl("Jane Doe"),
    "names of several solids": lambda: ascii_stl("upper") + ascii_stl("Doe_Jane"),
    "comment of a PLY": lambda: scan("ply").replace(b"ply\n", b"ply\ncomment Jane Doe\n", 1),
    "object info of a PLY": lambda: scan("ply").replace(b"ply\n", b"ply\nobj_info patient DOE\n", 1),
    "picture of a PLY": lambda: scan("ply").replace(b"ply\n", b"ply\ncomment TextureFile Doe Jane.jpg\n", 1),
    "comment of an OBJ": lambda: b"# exported for Jane Doe\n" + scan("obj"),
    "comment behind a vertex": lambda: scan("obj").replace(b"\nv ", b" # Doe\nv ", 1),
    "Medit's OBJ": lambda: b"#<MEDIT>\n# Doe\n" + scan("obj"),
    "groups of an OBJ": lambda: scan("obj").replace(b"\nf ", b"\no Jane\ng Doe upper\ns off\nf ", 1),
    "materials of an OBJ": lambda: b"mtllib Doe Jane.mtl\n" + scan("obj").replace(b"\nf ", b"\nusemtl Doe_mat\nf ", 1),
    "unknown lines of an OBJ": lambda: b"call Doe.obj\nJane Doe\nvx Doe\n" + scan("obj"),
    "continued lines of an OBJ": lambda: b"o Ja\\\nne Doe\n" + scan("obj"),
    "GLB": lambda: with_glb_words(scan("glb")),
    "property of an HPS": lambda: hps_scan(small_scan("upper"), "CA", {"ScanSource": "TRIOS", "Comment": "Doe, Jane"}),
    "computer of an HPS": lambda: hps_scan(
        small_scan("upper"), "CA", {"ComputerName": "DOE-PC", "SiteDongle": "77881"}
    ),
    "metadata of an HPS": lambda: hps_scan(
        small_scan("upper"), "CA", {"SID": base64.b64encode("<a>Jane Doe</a>".encode("utf-16")).decode()}
    ),
    "comment of an HPS": lambda: hps_scan(small_scan("upper"), "CA").replace(
        b"<Properties>", b"<!-- Doe --><Properties>"
    ),
}


@pytest.mark.parametrize("place", MESHES)
def test_a_mesh_loses_its_words_and_keeps_its_surface(place: str) -> None:
    """The name is in the file before and not after; vertices, faces and colours are the same bit for bit."""
    data = MESHES[place]()
    assert NEEDLES.find(data) is not None
    made = clean_mesh(data, "Doe.stl", Companions({}), cleaner())
    assert made is not None
    assert NEEDLES.find(made.data) is None
    if made.format != "glb":
        before, after = read_mesh(data), read_mesh(made.data)
        assert np.array_equal(before.vertices, after.vertices)
        assert np.array_equal(before.faces, after.faces)
        assert before.colour == after.colour


def test_a_glb_stays_a_glb() -> None:
    """Header, lengths and the binary chunk are whole; what the geometry needs is still there."""
    data = with_glb_words(scan("glb"))
    made = clean_mesh(data, "", Companions({}), cleaner())
    assert made is not None
    assert int.from_bytes(made.data[8:12], "little") == len(made.data)
    size = int.from_bytes(made.data[12:16], "little")
    document = json.loads(made.data[20 : 20 + size])
    assert {"accessors", "bufferViews", "meshes", "nodes", "scenes"} <= set(document)
    assert made.data[20 + size :] == data[-len(made.data[20 + size :]) - 12 : -12]


@pytest.mark.parametrize("form", ["png", "jpeg"])
def test_pictures_in_a_glb_lose_their_words_too(form: str) -> None:
    """They are cleaned in their place; one that cannot be opened, or lies elsewhere, stops the file."""
    mesh = small_scan("upper")
    texture = Texture(np.zeros((len(mesh.faces), 3, 2), np.float32), picture(form, b""), "Doe.jpg")
    data = scan_bytes(evolve(mesh, vertex_colours=None, texture=texture), "glb")
    made = clean_mesh(data, "", Companions({}), cleaner())
    assert NEEDLES.find(data) is not None
    assert made is not None and NEEDLES.find(made.data) is None
    cleaned = without_words(picture(form, b""))
    assert cleaned is not None and cleaned in made.data
    torn = ((picture(form, b"")[:8], b"torn pic"), (b'"images":[{"bufferView"', b'"images":[{"elsewhere1"'))
    for old, new in torn:
        assert old in data
        assert clean_mesh(data.replace(old, new), "", Companions({}), cleaner()) is None


def test_colours_of_magics_survive_in_the_header() -> None:
    """``COLOR=`` and its four bytes are no words."""
    data = b"Jane Doe COLOR=\x10\x20\x30\xff,MATERIAL=".ljust(80, b"\x01") + scan("stl")[80:]
    made = clean_mesh(data, "", Companions({}), cleaner())
    assert made is not None
    assert b"COLOR=\x10\x20\x30\xff" in made.data[:80]
    before, after = read_mesh(data).face_colours, read_mesh(made.data).face_colours
    assert before is not None and after is not None and np.array_equal(before, after)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_ply_is_read_alike_with_any_line_ends(end: bytes) -> None:
    """Geometry that begins with a line feed is not taken for a line end."""
    header = (
        b"ply%sformat binary_little_endian 1.0%scomment Doe%selement vertex 3%sproperty float x%sproperty float y%s"
    )
    header += b"property float z%selement face 1%sproperty list uchar int vertex_indices%send_header%s"
    first = struct.pack("<f", struct.unpack("<f", b"\x0a\x00\x80\x3f")[0])
    body = first + struct.pack("<8f", 0, 0, 1, 0, 0, 0, 1, 0) + struct.pack("<B3i", 3, 0, 1, 2)
    data = header.replace(b"%s", end) + body
    made = clean_mesh(data, "", Companions({}), cleaner())
    assert made is not None
    assert made.data.endswith(b"end_header\n" + body)
    assert np.array_equal(read_mesh(data).vertices, read_mesh(made.data).vertices)


def test_references_follow_the_new_names() -> None:
    """Mesh, material file and picture agree on names that tell nobody."""
    companions = Companions({"doe jane.mtl": "upper-arch.mtl", "doe.jpg": "upper-arch.jpg"})
    mesh = clean_mesh(b"mtllib Doe Jane.mtl\nusemtl Doe\n" + scan("obj"), "", companions, cleaner())
    library = clean_mtl(
        b"# Doe\nnewmtl Doe\nKd 1 1 1\nmap_Kd -s 1 1 1 C:\\scans\\Doe.jpg\nmap_Kd Other.jpg\n", companions
    )
    assert mesh is not None
    assert mesh.data.startswith(b"mtllib upper-arch.mtl\nusemtl material-1\n")
    assert library == b"newmtl material-1\nKd 1 1 1\nmap_Kd upper-arch.jpg\n"


@pytest.mark.parametrize("data", [b"", b"words", b"%PDF-1.4", b"solid x\nfacet", b"glTF\x02\0\0\0", b"ply\nno end"])
def test_what_is_no_mesh_is_not_taken_for_a_clean_one(data: bytes) -> None:
    """None instead of a file nobody has understood."""
    assert clean_mesh(data, "a.stl", Companions({}), cleaner()) is None


def picture(form: str, appended: bytes = b"Jane Doe") -> bytes:
    """A picture of 8 x 8 pixels with the patient in its comment, its camera data and behind its end."""
    stream = io.BytesIO()
    image = Image.fromarray(np.arange(192, dtype=np.uint8).reshape(8, 8, 3))
    if form == "png":
        words = PngImagePlugin.PngInfo()
        words.add_text("Author", "Jane Doe")
        words.add_text("Patient", "Doe, Jane", zip=True)
        words.add_itxt("Title", "Jane Doe")
        image.save(stream, "PNG", pnginfo=words)
    else:
        exif = Image.Exif()
        exif[0x010E] = "Jane Doe"
        image.save(stream, "JPEG", comment=b"Doe", exif=exif, progressive=form == "progressive", quality=90)
    return stream.getvalue() + appended


@pytest.mark.parametrize("appended", [b"", b"Jane Doe"])
@pytest.mark.parametrize("form", ["png", "jpeg", "progressive"])
def test_a_texture_loses_its_words_and_keeps_its_pixels(form: str, appended: bytes) -> None:
    """Comments, camera data and appended bytes are blanked; length and pixels stay."""
    data = picture(form, appended)
    cleaned = without_words(data)
    assert NEEDLES.find(data) is not None
    assert cleaned is not None
    assert len(cleaned) == len(data)
    assert NEEDLES.find(cleaned) is None
    before, after = (np.asarray(Image.open(io.BytesIO(each)).convert("RGB")) for each in (data, cleaned))
    assert np.array_equal(before, after)


@pytest.mark.parametrize("data", [b"BM words", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0 torn", picture("jpeg")[:200]])
def test_a_picture_that_is_not_whole_or_not_known_is_not_cleaned(data: bytes) -> None:
    """It is left out instead."""
    assert without_words(data) is None


DOCUMENTS = {
    "trios": order_xml(
        (Unit(26),), patient=("Jane", "Doe"), order={"OrderComments": "For Jane Doe: light contacts, A2"}
    ),
    "itero": manifest_xml("300000005", (), teeth=(Tooth(26),), info={"Notes": "for Jane, light contacts"}),
    "medit": PROJECT.replace("Roe", "Doe").encode(),
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("adapter", DOCUMENTS)
def test_an_order_keeps_its_work_and_names_nobody(adapter: str, encoding: str) -> None:
    """Every listed place holds a pseudonym, every other text keeps its words without the name."""
    text = re.sub(r"<\?xml[^>]*\?>", "", DOCUMENTS[adapter].decode())
    data = text.replace("</", "<!-- Jane --></", 1).encode(encoding)
    cleaned = clean_xml(data, cleaner(adapter))
    assert cleaned is not None
    assert NEEDLES.find(data) is not None
    assert NEEDLES.find(cleaned) is None
    before, after = read_xml(data), read_xml(cleaned)
    assert [element.tag for element in before.iter()] == [element.tag for element in after.iter()]
    assert b"A2" in cleaned
    for word in (b"Example Clinic", b"Dr. Example", b"Lindenhof", b"12345", b"P-0001", b"guid-2"):
        assert word not in cleaned


def test_numbers_that_link_parts_of_an_order_still_link_them() -> None:
    """Equal ids get equal pseudonyms."""
    root = read_xml(clean_xml(DOCUMENTS["trios"], cleaner()) or b"")
    ids = {element.get("value") for element in root.iter("Property") if element.get("name") == "OrderID"}
    (order,) = (element.get("value") for element in root.iter("Property") if element.get("name") == "IntOrderID")
    assert ids == {order}


XML_HIDING = {
    "attribute": '<a b="for Jane Doe"/>',
    "entities": "<a>&#68;oe, &#x4a;ane</a>",
    "text between elements": "<a><b/>Jane Doe<c/></a>",
    "base64": f"<a>{base64.b64encode('Patient: Jane Doe'.encode('utf-16')).decode()}</a>",
    "percent": "<a>file:///scans/Jane%20%44%6f%65.stl</a>",
    "character data": "<a><![CDATA[<p>Jane Doe</p>]]></a>",
    "instruction": "<a><?patient Jane Doe?></a>",
    "namespace": '<a xmlns:x="urn:x"><x:b x:c="Doe">Jane</x:b></a>',
}


@pytest.mark.parametrize("place", XML_HIDING)
def test_xml_hides_nobody(place: str) -> None:
    """In no attribute, entity, comment, instruction, or encoded text."""
    cleaned = clean_xml(f"<Root>{XML_HIDING[place]}</Root>".encode(), cleaner())
    assert cleaned is not None
    assert NEEDLES.find(cleaned) is None


def test_xml_that_is_none_is_not_cleaned() -> None:
    """Damaged documents, and those with entities of their own."""
    assert clean_xml(b"<a>Doe", cleaner()) is None
    assert clean_xml(b'<!DOCTYPE a [<!ENTITY n "Doe">]><a>&n;</a>', cleaner()) is None


HTML_HIDING = (
    "<p>Jane Doe</p>",
    "<p>D&#111;e</p>",
    "<!-- Doe\nJane --><p>A2</p>",
    '<script>var name = "Doe";</script>',
    '<a href="Jane%20Doe.pdf">x</a>',
    f'<img src="data:image/png;base64,{base64.b64encode(picture("png")).decode()}">',
    "<p title='DOE_JANE'>x</p>",
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
@pytest.mark.parametrize("text", HTML_HIDING)
def test_html_hides_nobody(text: str, encoding: str) -> None:
    """Text, entities, comments, scripts, links and pictures inside; the rest of the sheet stays."""
    sheet = f'<html><meta charset="{encoding}"><body>\n<h1>Shade A2 für 26</h1>\n{text}\n</body></html>'
    cleaned = clean_html(sheet.encode(encoding), cleaner())
    assert NEEDLES.find(cleaned) is None
    assert "Shade A2 für 26" in cleaned.decode("utf-8")
    assert b'charset="utf-8"' in cleaned


def test_json_is_cleaned_through_its_escapes() -> None:
    """Keys and values; numbers stay numbers."""
    text = '{"Doe": {"n": 3, "who": ["\\u004aane", "D\\u006fe, Jane"], "shade": "A2"}, "none": null}'
    document = json.loads(clean_json(text.encode(), cleaner()))
    assert document["P-2A3B4C5D6E"] == {"n": 3, "who": ["P-2A3B4C5D6E", "P-2A3B4C5D6E"], "shade": "A2"}
    assert document["none"] is None
    assert NEEDLES.find(clean_json(b"{torn: Doe", cleaner())) is None


def test_a_line_that_hides_a_name_in_some_other_way_is_emptied() -> None:
    """All other lines stay as they are."""
    hidden = base64.b64encode(b"for Jane Doe").decode()
    cleaned = clean_lines(f"shade A2\n{hidden}\r\nfor Doe\n".encode(), cleaner())
    assert cleaned == b"shade A2\n\r\nfor P-2A3B4C5D6E\n"
