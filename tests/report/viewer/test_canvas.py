"""What the canvas of the 3D viewer shows, seen in a real browser."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from casepan.mesh import Frame, Mesh, View, render
from casepan_report.viewer import ViewerPart

from .conftest import BLIND, FRAME, GREEN, Mask, Shown, page_round


def cropped(mask: Mask) -> Mask:
    """A silhouette without the room round it."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def overlap(mask: Mask, other: Mask) -> float:
    """Intersection over union of two silhouettes of the same thing, brought to one size."""
    from PIL import Image

    one, two = cropped(mask), cropped(other)
    scaled = np.asarray(Image.fromarray(one).resize((two.shape[1], two.shape[0])))
    return float((scaled & two).sum() / (scaled | two).sum())


def silhouette(meshes: list[Mesh], view: View, frame: Frame) -> Mask:
    """What the report's own pictures show from a side."""
    from PIL import Image

    data = render([(mesh, None) for mesh in meshes], view, (900, 700), scale_bar=False, transparent=True, frame=frame)
    return np.asarray(Image.open(io.BytesIO(data)))[:, :, 3] > 127


def test_the_page_opens_from_a_file_without_an_error_or_a_request(open_page: Callable[..., Shown]) -> None:
    """Under the strictest policy the viewer starts, says nothing and asks for nothing but the page."""
    shown = open_page().ready()
    shown.viewer("await v.pins.fade()")
    assert shown.said == []
    assert len(shown.asked) == 1
    assert shown.status() == ""


@pytest.mark.parametrize("view", ["front", "left", "right", "back"])
def test_the_canvas_shows_the_jaws_as_the_pictures_do(shown: Shown, jaws: dict[str, Mesh], view: View) -> None:
    """From each side the silhouette is that of the offscreen renderer."""
    shown.view(view)
    assert overlap(shown.mask(), silhouette([jaws["upper"], jaws["lower"]], view, FRAME)) > 0.97


@pytest.mark.parametrize(("arch", "bites"), [("upper", -1.0), ("lower", 1.0)])
def test_an_occlusal_view_shows_one_arch_alone(shown: Shown, jaws: dict[str, Mesh], arch: str, bites: float) -> None:
    """The other arch is switched off, the lips are where clinical photographs have them, and Front brings it back."""
    shown.view(arch)
    frame = Frame(np.array([0, 0, bites]), FRAME.front, FRAME.up)
    assert overlap(shown.mask(), silhouette([jaws[arch]], "occlusal", frame)) > 0.97
    assert shown.page.locator("[data-scan]:checked").count() == 1
    shown.view("front")
    assert shown.page.locator("[data-scan]:checked").count() == 2


def test_real_colours_are_those_of_the_scan(shown: Shown, jaws: dict[str, Mesh]) -> None:
    """Gums come out redder than they are green, as the scan's own colours are; plain ones do not."""

    def redness() -> float:
        picture = shown.picture().astype(float)
        seen = np.abs(picture - GREEN).max(axis=2) > 100
        return float((picture[seen][:, 0] / np.maximum(picture[seen][:, 1], 1)).mean())

    colours = jaws["upper"].vertex_colours
    assert colours is not None
    own = redness()
    shown.page.check("input[value=plain]")
    shown.settle()
    assert own > redness() + 0.1
    assert own == pytest.approx(float((colours[:, 0] / np.maximum(colours[:, 1], 1).astype(float)).mean()), rel=0.35)


def test_the_heat_map_has_a_legend_in_millimetres(shown: Shown) -> None:
    """Switched on, it colours the scan that has values, and its legend spans the range."""
    before = shown.picture()
    assert not shown.page.is_visible(".cv-legend")
    shown.page.check("input[value=heat]")
    shown.settle()
    assert (shown.picture() != before).any(axis=2).sum() > 5_000
    texts = shown.run(
        "() => [...document.querySelectorAll('.cv-legend p, .cv-legend li')].map((each) => each.textContent)"
    )
    assert texts == ["Gap", "1.0 mm", "0.8 mm", "0.5 mm", "0.3 mm", "0.0 mm"]


def test_a_role_can_be_switched_off_and_on(shown: Shown) -> None:
    """Without the antagonist half of the pixels are gone; a role of two scans has one switch for both."""
    before = shown.mask().sum()
    shown.page.uncheck("[data-scan=lower]")
    shown.settle()
    assert shown.mask().sum() < 0.75 * before
    shown.page.check("[data-role=bite]")
    shown.settle()
    assert shown.page.locator("[data-scan^=bite]:checked").count() == 2
    shown.page.uncheck("[data-role=bite]")
    shown.page.uncheck("[data-scan=upper]")
    shown.settle()
    assert shown.mask().sum() == 0


def test_opacity_lets_the_background_through(shown: Shown) -> None:
    """At 40 % the green behind shines through a scan, at 0 % nothing of it is left."""
    shown.page.uncheck("[data-scan=lower]")
    solid = shown.picture()[:, :, 1].mean()
    slider = shown.page.get_by_label("Opacity of Upper preparation")
    slider.fill("40")
    shown.settle()
    faint = shown.picture()[:, :, 1].mean()
    slider.fill("0")
    shown.settle()
    assert solid + 5 < faint
    assert shown.mask().sum() == 0


def test_a_section_plane_cuts(shown: Shown) -> None:
    """In front view the sagittal plane takes the patient's right, at the picture's left; the other side comes back."""
    shown.view("front")
    before = shown.mask()
    half = before.shape[1] // 2
    shown.page.click("[data-tool=section]")
    shown.settle()
    cut = shown.mask()
    assert cut[:, : half - 20].sum() < 0.05 * before[:, : half - 20].sum()
    assert cut[:, half + 20 :].sum() > 0.95 * before[:, half + 20 :].sum()
    shown.page.get_by_label("Keep the other side").check()
    shown.settle()
    other = shown.mask()
    assert other[:, half + 20 :].sum() < 0.05 * before[:, half + 20 :].sum()
    shown.page.click("[data-tool=section]")
    shown.settle()
    assert (shown.mask() == before).mean() > 0.999


def test_the_plane_moves_and_its_line_is_drawn(shown: Shown) -> None:
    """The slider shifts the plane by millimetres; looking at the cut shows its outline in its own colour."""
    shown.page.click("[data-tool=section]")
    shown.page.locator("[data-cv=section-offset]").fill("12")
    assert shown.page.inner_text("[data-cv=section-value]") == "+12.0 mm"
    shown.page.click("[data-cv=section-face]")
    shown.settle()
    ink = np.array([0xC2, 0x18, 0x5B])
    assert (np.abs(shown.picture().astype(int) - ink).max(axis=2) < 30).sum() > 200


def test_reset_brings_the_first_picture_back(shown: Shown) -> None:
    """Whatever was switched, turned, cut and faded, Reset shows what the page began with."""
    before = shown.mask()
    shown.page.uncheck("[data-scan=upper]")
    shown.page.check("input[value=heat]")
    shown.page.click("[data-tool=section]")
    shown.page.get_by_label("Keep the other side").check()
    shown.page.get_by_label("Opacity of Lower antagonist").fill("30")
    shown.view("left")
    shown.view("reset")
    assert (shown.mask() == before).mean() > 0.999
    assert shown.page.is_checked("input[value=own]")
    assert shown.page.locator("[data-tool][aria-pressed=true]").count() == 0


def test_dark_and_light_have_their_own_colours(open_page: Callable[..., Shown]) -> None:
    """The viewer follows the reader's system."""
    code = "() => getComputedStyle(document.querySelector('.cv-status')).backgroundColor"
    light, dark = (open_page(color_scheme=scheme).ready().run(code) for scheme in ("light", "dark"))
    assert light == "rgb(255, 255, 255)"
    assert dark == "rgb(23, 27, 32)"


def test_the_viewer_is_not_printed(shown: Shown) -> None:
    """On paper the pictures tell everything."""
    shown.page.emulate_media(media="print")
    assert not shown.page.is_visible("section")
    shown.page.emulate_media(media="screen")


def test_nothing_moves_when_the_viewer_starts(open_page: Callable[..., Shown]) -> None:
    """What stands below has its place before the scans are unpacked."""
    shown = open_page()
    code = "() => document.querySelector('.cv-main + .cv-note').getBoundingClientRect().top"
    before = shown.run(code)
    assert shown.ready().run(code) == before


def test_without_scripts_the_page_says_what_is_missing(open_page: Callable[..., Shown]) -> None:
    """No dead control is shown, only a sentence."""
    shown = open_page(java_script_enabled=False)
    assert shown.page.inner_text("section").strip().startswith("The 3D view needs JavaScript")
    assert not shown.page.is_visible("canvas")


def test_without_webgl_the_page_says_so_and_breaks_nothing(browser: Any, address: str) -> None:
    """A browser that cannot draw in 3D shows a sentence, and links to findings stay links."""
    blind = browser.browser_type.launch(
        executable_path=shutil.which("chromium") or shutil.which("google-chrome"), args=BLIND
    )
    shown = Shown(blind, address)
    shown.page.click("[data-pin='1']")
    shown.page.click("a[href='#finding-2']")
    assert shown.page.inner_text("section").strip().startswith("This browser cannot draw in 3D here")
    assert shown.said == []
    assert not shown.page.is_visible("canvas")
    blind.close()


def test_a_damaged_block_ends_in_a_sentence(open_page: Callable[..., Shown], part: ViewerPart, tmp_path: Path) -> None:
    """Data that cannot be unpacked hide the viewer and say where to look instead."""
    broken = re.sub(r'(id="casepan-scan-0">.{40})....', r"\1AAAA", part.html)
    place = tmp_path / "broken.html"
    place.write_text(page_round(ViewerPart(broken, part.styles, part.scripts)), encoding="utf-8")
    shown = open_page(address=place.as_uri())
    shown.page.wait_for_selector("[data-cv=message]:not([hidden])")
    assert shown.page.inner_text("section").strip().startswith("The 3D view could not be drawn")
