"""The search for names: every way of hiding one is found, and what is no name is left alone."""

from __future__ import annotations

import base64
import gzip
import io
import quopri
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from html.entities import codepoint2name
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest

from casepan.testing import scan_bytes, small_scan
from casepan_prepare.hiding.days import dates_of
from casepan_prepare.hiding.lexicon import Lexicon
from casepan_prepare.hiding.names import Known
from casepan_prepare.hiding.pseudonyms import Pseudonyms
from casepan_prepare.hiding.search import Needles
from casepan_prepare.hiding.surfaces import Companions, clean_mesh
from casepan_prepare.hiding.texts import Cleaner
from casepan_prepare.hiding.views import CannotSearchError

PERSON = Known("Müller, Jürgen", "P-2A3B4C5D6E", "person")
NEEDLES = Needles.of((PERSON,))
NO_CLEANER = Cleaner(Lexicon.of(()), Needles.of(()), Pseudonyms.of("a key of the laboratory"))
FLOATS = np.random.default_rng(7).normal(0, 20, 30_000).astype("<f4").tobytes()

OTHER_ACCENT = "Mùller"
"""Another accent than the order has: found in Unicode and in Western files, not in code pages of DOS."""

SPELLED = (
    "Müller, Jürgen",
    "Jürgen Müller",
    "Müller",
    "JÜRGEN",
    "müller",
    "Mueller",
    "MUELLER",
    "muller",
    "Muller_Jurgen",
    "juergen-mueller",
    "JürgenMüller",
    "muellerjuergen",
    "JurgenMuller",
    "Mu\u0308ller",
    OTHER_ACCENT,
    "MuellerUpperJawScan",
    "2026-03-01-Mueller-upperjaw",
    "muellerupperjaw",
    "_Mueller0",
)


def zipped(content: bytes, name: str = "a.txt", **more: object) -> bytes:
    """A zip with one member."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
        archive.comment = more.get("comment", b"")  # type: ignore[assignment]
    return stream.getvalue()


def entities(text: str) -> bytes:
    """Every letter as a numbered entity."""
    return "".join(f"&#{ord(letter)};" for letter in text).encode()


def named_entities(text: str) -> bytes:
    """Accented letters by name, as HTML editors write them."""
    named = (f"&{codepoint2name[ord(one)]};" if ord(one) in codepoint2name else one for one in text)
    return "".join(named).encode("ascii", "xmlcharrefreplace")


HIDING: dict[str, Callable[[str], bytes]] = {
    "utf-8": str.encode,
    "latin-1": lambda text: text.encode("latin-1", "ignore"),
    "dos": lambda text: text.encode("cp850", "ignore"),
    "utf-16-le": lambda text: text.encode("utf-16-le"),
    "utf-16-be": lambda text: text.encode("utf-16-be"),
    "utf-16 at an odd place": lambda text: b"<a>" + text.encode("utf-16-le"),
    "a long text": lambda text: b"word " * 20_000 + text.encode() + b" word" * 20_000,
    "hexadecimal entities": lambda text: "".join(f"&#x{ord(letter):X};" for letter in text).encode(),
    "entities": entities,
    "named entities": named_entities,
    "percent": lambda text: b"href='file:///" + quote(text, safe="").encode() + b".pdf'",
    "all percent": lambda text: b"".join(b"%%%02x" % byte for byte in text.encode()),
    "json": lambda text: b'{"a": "' + "".join(f"\\u{ord(letter):04x}" for letter in text).encode() + b'"}',
    "quoted-printable": lambda text: b"subject: " + quopri.encodestring(text.encode(), quotetabs=True),
    "base64": lambda text: base64.b64encode(f"is {text} here".encode()),
    "base64 behind a letter": lambda text: b"x" + base64.b64encode(f"is {text} here".encode()),
    "base64 in lines": lambda text: base64.encodebytes(b"a long beginning " * 9 + text.encode() + b" and an end"),
    "base64 for the web": lambda text: base64.urlsafe_b64encode(f"??>>{text} here".encode()),
    "base64 without its end": lambda text: base64.b64encode(f"it is {text}".encode()).rstrip(b"="),
    "base64 of utf-16": lambda text: base64.b64encode(f"<a>{text}</a>".encode("utf-16")),
    "base64 of a zip": lambda text: base64.b64encode(zipped(text.encode())),
    "base64 of base64": lambda text: base64.b64encode(b"data " + base64.b64encode(f"it is {text} there".encode())),
    "base64 of entities": lambda text: base64.b64encode(b"<x>" + entities(text) + b"</x>"),
    "hexadecimal": lambda text: b"0x" + f"for {text}".encode().hex().encode(),
    "gzip": lambda text: gzip.compress(text.encode()),
    "gzip behind something": lambda text: b"head" + gzip.compress(b"words " + text.encode()),
    "zlib": lambda text: b"tEXt" + zlib.compress(b"words " + text.encode()),
    "zip": lambda text: zipped(text.encode()),
    "zip in zip": lambda text: zipped(zipped(text.encode())),
    "gzip in zip of utf-16": lambda text: zipped(gzip.compress(text.encode("utf-16-le"))),
    "name of a member": lambda text: zipped(b"nothing", name=f"scans/{text.replace('/', '')}.stl"),
    "comment of a zip": lambda text: zipped(b"nothing", comment=text.encode()),
    "zip behind a picture": lambda text: b"\xff\xd8\xff\xe0 a picture" + zipped(text.encode()),
    "letters in tags": lambda text: b"<p>for <b>" + "</b><b>".join(text).encode() + b"</b></p>",
    "a word cut by a comment": lambda text: f"<n>{text[:4]}<!-- a -->{text[4:]}</n>".encode(),
    "sections of XML": lambda text: f"<n>{text[:4]}<![CDATA[{text[4:]}]]></n>".encode(),
    "soft hyphens": lambda text: "\u00ad".join(text).encode(),
    "soft hyphens as entities": lambda text: b"<p>" + "&shy;".join(text).encode() + b"</p>",
    "unseen blanks": lambda text: "\u200b".join(text).encode(),
    "letters with blanks": lambda text: b"for: " + " ".join(text).encode() + b" .",
    "entity after an accent": lambda text: f"\u00fc&amp;#{ord(text[0])};{text[1:]}".encode(),
    "text among numbers": lambda text: FLOATS + f"Patient: {text} (upper)".encode() + FLOATS,
    "end of a binary": lambda text: FLOATS + f"name={text}".encode(),
    "head of an STL": lambda text: f"{text}".encode().ljust(80, b"\0")[:80] + bytes(4) + FLOATS,
    "words of an STL's triangles": lambda text: attributes(f"for {text}".encode()),
    "comment of a PLY": lambda text: f"ply\ncomment {text}\nend_header\n".encode() + FLOATS,
}


BROKEN = {
    "at a line's end": lambda text: f"<n>{text[:4]}\n    {text[4:]}</n>",
    "with a hyphen": lambda text: f"for Mrs {text[:4]}-\r\n{text[4:]} and others",
}


@pytest.mark.parametrize("way", BROKEN)
def test_a_word_broken_over_two_lines_is_found(way: str) -> None:
    """As programs wrap XML, and people wrap letters."""
    assert NEEDLES.find(BROKEN[way]("Juergen").encode()) is not None


@pytest.mark.parametrize(
    "born", ["1980-01-31", "1980-01-31T00:00:00", "31.01.1980", "31/1/1980", "01/31/1980", "19800131"]
)
def test_a_birth_date_is_known_in_every_way_of_writing_it(born: str) -> None:
    """Beside initials it tells as much as a name."""
    needles = Needles.of(Known(day, "X-1", "number") for day in (born, *dates_of(born)))
    for written in (
        "31.01.1980",
        "01/31/1980",
        "1980-01-31",
        "19800131",
        "31.01.80",
        "31 Jan 1980",
        "January 31, 1980",
    ):
        assert needles.find(f"S.J., born {written}: A2".encode()) is not None, written
    assert needles.find(b"f 31/1/1980 32/2/1981 33/1/1980\nf 31/1/1980 40/2/2000 44/5/900\n") is None
    assert needles.find(b"due 2026-03-01") is None


@pytest.mark.parametrize("text", ["A2", "12", "99.99.9999", "0001-01-01", "1.2.3", "", "guid-0001"])
def test_what_is_no_day_has_no_other_ways(text: str) -> None:
    """Numbers and words stay what they are."""
    assert dates_of(text) == ()


def attributes(words: bytes) -> bytes:
    """A binary STL that spells words with the two free bytes of its triangles."""
    scan = bytearray(scan_bytes(small_scan("upper"), "stl"))
    for index, byte in enumerate(words):
        scan[84 + 50 * (index // 2) + 48 + index % 2] = byte
    return bytes(scan)


@pytest.mark.parametrize("place", HIDING)
def test_every_spelling_is_found_in_every_place(place: str) -> None:
    """Full, parts, capitals, umlauts in three ways, the other order, joined by anything or nothing."""
    written = [text for text in SPELLED if place != "dos" or text != OTHER_ACCENT]
    missed = [text for text in written if NEEDLES.find(HIDING[place](text)) is None]
    assert missed == []


@pytest.mark.parametrize("text", SPELLED)
def test_the_cleaner_takes_every_spelling_out(text: str) -> None:
    """What stays holds no part of the name, and the pseudonym stands in its place."""
    cleaned = Lexicon.of((PERSON,)).clean(f"for {text}, please")
    assert "P-2A3B4C5D6E" in cleaned
    assert NEEDLES.find(cleaned.encode()) is None
    assert cleaned.startswith("for ")


def test_words_that_only_begin_like_a_name_are_left_alone() -> None:
    """Short parts want a boundary on both sides, middling ones in front."""
    person = Known("Li Ann Stone", "P-2A3B4C5D6E", "person")
    needles, lexicon = Needles.of((person,)), Lexicon.of((person,))
    text = "<li>scanner channel</li> plan an annotation, likely a gravestone liann"
    assert needles.find(b"<li>scanner channel</li> plan an annotation, likely a gravestone") is None
    assert lexicon.clean(text) == text.replace("liann", "P-2A3B4C5D6E")


@pytest.mark.parametrize(
    "text", ["Li", "Li_upper.stl", "patient LI", "LiWei", "li wei", "wei_li", "liwei", "Wei,Li", "for Wei"]
)
def test_names_of_two_letters_are_found_with_a_capital_or_beside_the_other_name(text: str) -> None:
    """``Li`` is a name, ``li`` alone a list item."""
    person = Known("Li Wei", "P-2A3B4C5D6E", "person")
    assert Needles.of((person,)).find(text.encode()) is not None
    assert Needles.of((person,)).find(Lexicon.of((person,)).clean(text).encode()) is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("홍길동", "홍길동님 UpperJawScan"),
        ("홍길동", unicodedata.normalize("NFD", "홍길동")),
        ("王芳", "患者王芳的扫描"),
        ("Иванова Анна", "ИВАНОВА_верх"),
        ("Žižka", "zizka upper"),
        ("José Núñez", "nunez jose"),
        ("Jose Nunez", "Núñez"),
        ("Strauß", "STRAUSS"),
        ("Strauss", "Strauß"),
        ("O'Neill", "O'NEILL"),
        ("Łukasz", "lukasz"),
        ("Søren Ågård", "Soeren_Aagaard"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16"])
def test_names_of_many_languages_are_found(name: str, text: str, encoding: str) -> None:
    """With and without their accents, whichever of the two the file has."""
    person = Known(name, "P-2A3B4C5D6E", "person")
    needles = Needles.of((person,))
    assert needles.find(text.encode(encoding)) is not None
    assert needles.find(Lexicon.of((person,)).clean(text).encode(encoding)) is None


COMMON = (
    "Doe",
    "Roe",
    "Ann",
    "Kim",
    "Li",
    "Bob",
    "Abba",
    "Abe",
    "Baba",
    "Jane",
    "Anna",
    "Meyer",
    "Wolf",
    "Ng",
    "Bea",
    "Gil",
)


@pytest.mark.parametrize("form", ["stl", "ply", "obj", "glb"])
def test_no_name_is_found_in_coordinates(form: str) -> None:
    """Millions of numbers spell short names by chance; that is no reason to stop a case."""
    needles = Needles.of(Known(name, "P-2A3B4C5D6E", "person") for name in COMMON)
    for role in ("upper", "lower", "bite"):
        assert needles.find(scan_bytes(small_scan(role), form)) is None


def test_no_name_is_found_in_much_noise() -> None:
    """Eight million random bytes and as many of coordinates, sixteen common short names."""
    needles = Needles.of(Known(name, "P-2A3B4C5D6E", "person") for name in COMMON)
    generator = np.random.default_rng(3)
    assert needles.find(b"\0" + generator.bytes(4_000_000)) is None
    assert needles.find(b"\0" + generator.normal(0, 30, 1_000_000).astype("<f4").tobytes()) is None


def test_no_name_is_found_in_packed_geometry() -> None:
    """Base64 is all letters and spells short names everywhere; what it says is searched when it is decoded."""
    needles = Needles.of(Known(name, "P-2A3B4C5D6E", "person") for name in COMMON)
    noise = np.random.default_rng(5).bytes(600_000)
    assert needles.find(b"<HPS>" + base64.b64encode(noise) + b"</HPS>") is None
    assert needles.find(b"<HPS>" + base64.encodebytes(noise) + b"</HPS>") is None


def test_no_name_is_found_in_real_scans(shared: Path) -> None:
    """Scans of three programs, one of them packed; nobody in them is called like this."""
    needles = Needles.of(Known(name, "P-2A3B4C5D6E", "person") for name in COMMON)
    for path in (
        "derived/scan_039.decoded.stl",
        "hps/hpsdecode/example_ca.dcm",
        "cases/sjtu-ref-0/Ref_Upper_Mesh_Tag=0.obj",
    ):
        made = clean_mesh((shared / "data" / path).read_bytes(), path, Companions({}), NO_CLEANER)
        assert made is not None
        assert needles.find(made.data) is None


@pytest.mark.parametrize("text", [b"Jane Doe", b"DOE_JANE", "Doe, Jane".encode("utf-16-le")])
def test_two_short_names_together_are_no_chance(text: bytes) -> None:
    """Alone among a million bytes ``Doe`` could be one; beside ``Jane`` it is somebody."""
    needles = Needles.of((Known("Doe, Jane", "P-2A3B4C5D6E", "person"),))
    assert needles.find(FLOATS * 8) is None
    assert needles.find(FLOATS * 4 + b"\0\0" + text + b"\0\0" + FLOATS * 4) is not None


def test_a_number_counts_only_as_a_whole() -> None:
    """``4711`` is not found in ``47110``, and too short a number is not looked for."""
    needles = Needles.of((Known("P-0047", "N-2A3B4C5D6E", "number"),))
    assert needles.find(b"order P-0047.xml") is not None
    assert needles.find(b"order P-00471.xml") is None
    assert needles.find(b"order XP-0047") is None


@pytest.mark.parametrize("form", ["obj", "ply", "stl"])
def test_an_order_number_is_no_corner(form: str) -> None:
    """A case called 1013 goes on although its OBJ has a corner of that number; in words the number is found."""
    needles = Needles.of((Known("1013", "V-2A3B4C5D6E", "number"),))
    data = scan_bytes(small_scan("upper"), form)
    assert form != "obj" or b" 1013 " in data
    assert needles.find(data) is None
    assert needles.find(b"# case 1013 upper\n" + data) is not None


def locked() -> bytes:
    """A zip whose member is behind a password."""
    content = bytearray(zipped(b"nothing"))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + at] |= 1
    return bytes(content)


CLOSED = {
    "password": locked(),
    "password in a zip": zipped(locked(), name="inner.zip"),
    "PDF": b"%PDF-1.4 words",
    "PDF in base64": base64.b64encode(b"%PDF-1.4 words and more words, and so on"),
    "RAR": b"Rar!\x1a\x07 words",
    "torn zip": zipped(b"nothing" * 50)[:60],
    "torn gzip": b"\x1f\x8b\x08 torn",
    "Office": b"\xd0\xcf\x11\xe0 words",
}


@pytest.mark.parametrize("what", CLOSED)
def test_what_cannot_be_opened_is_said_to_be_so(what: str) -> None:
    """Never taken for clean."""
    with pytest.raises(CannotSearchError):
        NEEDLES.find(CLOSED[what])


def test_what_is_packed_too_deep_is_not_taken_for_clean() -> None:
    """Seven zips inside each other."""
    content = b"nothing"
    for _ in range(8):
        content = zipped(content)
    with pytest.raises(CannotSearchError):
        NEEDLES.find(content)


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more is unpacked than the limit allows, in one piece or in many."""
    monkeypatch.setattr("casepan_prepare.hiding.views.LARGEST", 1 << 20)
    for packed in (gzip.compress(bytes(1 << 21)), zipped(bytes(1 << 21)), gzip.compress(bytes(700_000)) * 2):
        with pytest.raises(CannotSearchError):
            NEEDLES.find(packed)
