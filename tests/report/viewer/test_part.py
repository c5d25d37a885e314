"""The viewer as parts of a page: what stands in them, what never may, and the vendored library."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
from importlib.resources import files
from typing import Any

import numpy as np
import pytest
from attrs import evolve

from casepan.errors import CorruptFile
from casepan.mesh import Mesh
from casepan.testing import small_scan
from casepan_report.viewer import Pin, ViewerPart, ViewerScan, viewer_part

VENDOR = files("casepan_report.viewer") / "_vendor"
_STORY = re.compile(r'<script type="application/json" id="casepan-story">(.*?)</script>', re.DOTALL)


def scan(id_: str = "upper", arch: str | None = "upper", **changes: Any) -> ViewerScan:
    """A small scan to show."""
    return evolve(ViewerScan(id_, "arch", arch, f"Scan {id_}", small_scan(f"{arch or 'upper'}")), **changes)


def story(part: ViewerPart) -> Any:
    """What the page tells its scripts."""
    found = _STORY.search(part.html)
    assert found
    return json.loads(found[1])


def test_each_scan_has_its_block_and_its_entry() -> None:
    """Blocks are named in the story and stand in the page as base64."""
    part = viewer_part([scan("a"), scan("b", "lower", role="antagonist", shown=False)])
    entries = story(part)["scans"]
    assert [(entry["id"], entry["role"], entry["shown"]) for entry in entries] == [
        ("a", "arch", True),
        ("b", "antagonist", False),
    ]
    for entry in entries:
        block = re.search(f'id="{entry["block"]}">([^<]*)<', part.html)
        assert block
        assert base64.b64decode(block[1], validate=True)[:1] == b"\x78"


def test_the_page_states_how_true_it_is() -> None:
    """The achieved tolerance and the numbers of triangles are printed."""
    html = viewer_part([scan()]).html
    found = re.search(r"Simplified to ([\d.]+) mm for this page", html)
    assert found
    assert 0 < float(found[1]) <= 0.02
    assert "triangles)" in html


def test_a_rough_page_says_that_one_cannot_measure_in_it() -> None:
    """With next to no room nothing is promised."""
    assert "Measure in the scans themselves" in viewer_part([scan()], budget_bytes=600).html


@pytest.mark.parametrize(
    "text", ["</script><script>alert(1)</script>", "<!--<script>", "&lt;b&gt;", 'a"b', "\u202eevil", "]]>"]
)
def test_strangers_texts_stay_texts(text: str) -> None:
    """Titles come back as they were from the story and end no element."""
    part = viewer_part([scan(title=text, heat_title=text)], [Pin(1, "upper", (0.0, 0.0, 0.0), text)])
    assert story(part)["scans"][0]["title"] == text
    assert story(part)["pins"][0]["title"] == text
    assert part.html.count("<script") == part.html.count("</script>") == 2
    assert "<!--" not in part.html


def test_both_arches_have_their_own_occlusal_views() -> None:
    """One arch has one occlusal view and starts with it; two arches start in front."""
    one, two = (story(viewer_part(scans)) for scans in ([scan()], [scan(), scan("l", "lower")]))
    assert one["views"] == ["front", "left", "right", "back", "occlusal"]
    assert one["start"] == "occlusal"
    assert two["views"] == ["front", "left", "right", "back", "upper", "lower"]
    assert two["start"] == "front"


def test_up_is_up_whichever_arch_leads() -> None:
    """The guessed frame of an upper arch alone bites downwards, that of a lower one upwards."""
    for arch, sign in (("upper", -1), ("lower", 1)):
        frame = story(viewer_part([scan(arch=arch)]))["frame"]
        assert np.dot(frame["occlusal"], frame["up"]) == sign


def test_a_scan_without_faces_is_left_out() -> None:
    """An empty scan is no scan to show; without any the part is a sentence and no script."""
    empty = evolve(small_scan("upper"), faces=np.empty((0, 3), np.int32), vertex_colours=None)
    assert [entry["id"] for entry in story(viewer_part([scan(mesh=empty, id="e"), scan()]))["scans"]] == ["upper"]
    part = viewer_part([scan(mesh=empty)])
    assert "no scan to show" in part.html
    assert part.scripts == ()


def test_two_scans_of_one_id_are_refused() -> None:
    """Pins could not tell them apart."""
    with pytest.raises(ValueError, match="one id"):
        viewer_part([scan(), scan()])


def test_a_heat_map_that_does_not_fit_is_refused() -> None:
    """One value per vertex, no more and no less."""
    with pytest.raises(ValueError, match="one value per vertex"):
        viewer_part([scan(heat=np.zeros(3, np.float32))])


def test_a_coordinate_that_is_no_number_is_refused() -> None:
    """A surface with NaN has no picture."""
    broken = Mesh(np.full((3, 3), np.nan, np.float32), np.array([[0, 1, 2]], np.int32))
    with pytest.raises(CorruptFile):
        viewer_part([scan(mesh=broken)])


def test_equal_input_gives_equal_bytes() -> None:
    """A report of the same case is the same file, though scans are worked on side by side."""
    scans = [scan(), scan("l", "lower")]
    assert viewer_part(scans).html == viewer_part(scans).html


def test_the_vendored_library_is_the_one_that_was_recorded() -> None:
    """Its hash, its version and its licence are as the refresh script wrote them."""
    record = json.loads((VENDOR / "vendor.json").read_text())
    bundle = (VENDOR / "three.js").read_bytes()
    assert record["bundle_integrity"] == "sha384-" + base64.b64encode(hashlib.sha384(bundle).digest()).decode()
    assert record["licence"] == "MIT"
    assert record["package_integrity"].startswith("sha512-")
    assert "MIT License" in (VENDOR / "LICENSE.three.txt").read_text()
    assert f'"{record["version"].split(".")[1]}"' in bundle.decode()


def test_every_name_the_scripts_use_of_the_library_is_bundled() -> None:
    """The bundle's entry names what the viewer takes from it."""
    exported = set(re.findall(r"\b[A-Z]\w+\b", (VENDOR / "entry.js").read_text())) - {"What"}
    own = viewer_part([scan()]).scripts[1]
    taken = {
        name for group in re.findall(r"const \{([^}]*)\} = casepanThree", own) for name in re.findall(r"\w+", group)
    }
    taken |= set(re.findall(r"casepanThree\.(\w+)", own))
    assert taken
    assert taken <= exported


@pytest.mark.parametrize(
    "word",
    [
        "eval(",
        "new Function",
        "new Worker",
        "WebAssembly",
        "createObjectURL",
        "XMLHttpRequest",
        "import(",
        "</script",
        "<!--",
    ],
)
def test_scripts_need_nothing_that_a_strict_page_forbids(word: str) -> None:
    """No script evaluates text, starts a worker, runs wasm, loads anything or ends its own element."""
    assert all(word not in text for text in viewer_part([scan()]).scripts)


def test_markup_has_no_handler_and_no_style_of_its_own() -> None:
    """A policy of hashes allows neither."""
    html = viewer_part([scan()]).html
    assert not re.search(r"<[^>]*\s(on\w+|style)=", html)


def test_no_part_names_an_address_outside() -> None:
    """Nothing in markup, styles and own scripts is fetched from anywhere; the one address is the name of SVG."""
    part = viewer_part([scan()])
    for text in (part.html, *part.styles, part.scripts[1]):
        assert set(re.findall(r"https?://[^\s\"']+", text)) <= {"http://www.w3.org/2000/svg"}
        assert "url(" not in text


def test_importing_the_viewer_loads_nothing_heavy() -> None:
    """Plugins are imported for ``--help``: no numpy yet."""
    code = "import sys, casepan_report.viewer; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
