"""XML as vendors write it, and XML that nobody should read."""

from __future__ import annotations

import pytest

from casepan.arrivals.xml import DEEPEST, read_xml
from casepan.errors import CorruptFile

BODY = "<Case name='Zoë'>상악</Case>"


@pytest.mark.parametrize(
    "data",
    [
        BODY.encode(),
        b"\xef\xbb\xbf" + BODY.encode(),
        ("<?xml version='1.0' encoding='utf-8'?>\r\n" + BODY).encode(),
        BODY.encode("utf-16"),
        BODY.encode("utf-16-le"),
        BODY.encode("utf-16-be"),
        ("<?xml version='1.0' encoding='utf-16'?>" + BODY).encode("utf-16-le"),
        ("<?xml version='1.0' encoding='utf-16'?>" + BODY).encode(),
        ("<?xml version='1.0' encoding='unicode'?>" + BODY).encode("utf-16"),
        ("<?xml version='1.0' encoding='utf-8'?>" + BODY).encode("utf-16"),
        ("<?xml version='1.0' encoding='cp949'?>" + BODY.replace("ë", "e")).encode("cp949"),
        ("\n  <?xml version='1.0'?>" + BODY + "\0\0").encode(),
    ],
)
def test_any_encoding_is_read(data: bytes) -> None:
    """The encoding is found, whatever the declaration says."""
    root = read_xml(data)
    assert root.text == "상악"
    assert root.attrib["name"] in ("Zoë", "Zoe")


def test_bytes_of_windows_without_a_declaration_are_read() -> None:
    """What is no UTF-8 is taken as Windows Latin."""
    assert read_xml(b"<a>M\xfcller</a>").text == "Müller"


def test_namespaces_are_written_as_elementtree_does() -> None:
    """Tags carry their namespace in braces."""
    root = read_xml(b"<n:a xmlns:n='urn:x' n:k='1'><b/></n:a>")
    assert (root.tag, root.attrib, root[0].tag) == ("{urn:x}a", {"{urn:x}k": "1"}, "b")


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE a><a/>",
        b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
        b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
        "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>".encode("utf-16"),
    ],
)
def test_document_types_and_entities_are_refused(data: bytes) -> None:
    """Neither bombs nor outside files."""
    with pytest.raises(CorruptFile, match="document type"):
        read_xml(data)


def test_the_words_of_a_document_type_in_a_note_are_harmless() -> None:
    """A comment field may quote HTML."""
    assert read_xml(b"<a><![CDATA[<!DOCTYPE html>]]></a>").text == "<!DOCTYPE html>"


@pytest.mark.parametrize("data", [b"", b"  ", b"\0\0", b"garbage", b"<a>", b"<a>&nbsp;</a>", b"<a/><b/>"])
def test_what_is_no_xml_is_corrupt(data: bytes) -> None:
    """Every damaged document is a CorruptFile with its place."""
    with pytest.raises(CorruptFile) as caught:
        read_xml(data, place="order.xml")
    assert caught.value.place == "order.xml"


def test_the_line_of_the_damage_is_told() -> None:
    """A technician can find it."""
    with pytest.raises(CorruptFile) as caught:
        read_xml(b"<a>\n<b>\n</a>")
    assert caught.value.line == 3


def test_very_deep_documents_are_refused() -> None:
    """Depth is limited before the stack is."""
    deep = DEEPEST + 1
    with pytest.raises(CorruptFile, match="nested"):
        read_xml(b"<a>" * deep + b"</a>" * deep)
