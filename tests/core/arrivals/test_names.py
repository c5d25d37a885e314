"""Copy marks, comparison and names that every system takes."""

from __future__ import annotations

import unicodedata

import pytest

from casepan.arrivals.names import LONGEST, safe_name, same_name, strip_copy_marks


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("Normal Bite (2)(1).stl", "Normal Bite.stl"),
        ("case_(1).zip", "case.zip"),
        ("Test's case_(3)", "Test's case"),
        ("OrthoCAD_Export_7 (4)", "OrthoCAD_Export_7"),
        ("UpperJawScan (1)", "UpperJawScan"),
        ("scan - Copy (2).stl", "scan.stl"),
        ("scan - Kopie.stl", "scan.stl"),
        ("scan copy 2.stl", "scan.stl"),
        ("BiteScan 2.stl", "BiteScan 2.stl"),
        ("Jane (2026).stl", "Jane (2026).stl"),
        ("Jane (left).stl", "Jane (left).stl"),
        ("(1).stl", "(1).stl"),
        ("2026.01.31 (1)", "2026.01.31"),
        ("x (1).dentalProject", "x.dentalProject"),
    ],
)
def test_copy_marks_are_stripped_where_that_is_safe(name: str, bare: str) -> None:
    """Marks of browsers and file managers go, numbers of scans and years stay."""
    assert strip_copy_marks(name) == bare


def test_names_are_the_same_whatever_their_capitals_and_accents() -> None:
    """NFC and NFD, capitals and small letters."""
    assert same_name("Zoë.STL", unicodedata.normalize("NFD", "zoë.stl"))
    assert same_name("STRASSE", "straße")
    assert not same_name("Zoe", "Zoë")


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("upper.stl", "upper.stl"),
        ('a<b>:"c/d\\e|f?g*h.stl', "a_b_c_d_e_f_g_h.stl"),
        ("con", "_con"),
        ("COM1.stl", "_COM1.stl"),
        ("nul .txt", "_nul .txt"),
        ("console.stl", "console.stl"),
        ("name. . ", "name"),
        ("..", "_"),
        ("", "_"),
        ("a\u202egpj.exe", "a_gpj.exe"),
        ("M\udcfcller", "M_ller"),
        ("상악.ply", "상악.ply"),
    ],
)
def test_safe_names_are_taken_by_every_system(text: str, safe: str) -> None:
    """Forbidden signs, reserved names, trailing dots and undecodable bytes."""
    assert safe_name(text) == safe


def test_long_names_keep_their_extension() -> None:
    """Shortened by whole letters to the limit in bytes."""
    made = safe_name("상" * 200 + ".stl")
    assert made.endswith("상.stl")
    assert len(made.encode()) <= LONGEST
    assert len(safe_name("x" * 300, limit=20)) == 20
