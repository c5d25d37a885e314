"""The 3D viewer in a real browser: what the canvas shows, and what hands, keys and links do to it."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from casepan.mesh import Frame, Mesh, View, render, vertex_normals
from casepan.testing import jaw_pair
from casepan_report.viewer import Pin, ViewerPart, ViewerScan, viewer_part

Mask = NDArray[np.bool_]
GREEN = np.array([0, 255, 0])
FRAME = Frame(np.array([0.0, 0, 1]), np.array([0.0, 1, 0]), np.array([0.0, 0, 1]))
BLIND = ["--no-sandbox", "--disable-gpu", "--disable-3d-apis"]
BUSY = ".cv-stage[aria-busy]"


@pytest.fixture(scope="module")
def jaws() -> dict[str, Mesh]:
    """Two arches in occlusion and a bite scan."""
    pair = jaw_pair(3, triangles=16_000)
    return {"upper": pair.upper.welded(), "lower": pair.lower.welded(), "bite": pair.bites[0].welded()}


@pytest.fixture(scope="module")
def pins(jaws: dict[str, Mesh]) -> tuple[Pin, ...]:
    """One place that faces the lips on each arch."""
    found = []
    for number, name in enumerate(("upper", "lower"), start=1):
        mesh = jaws[name]
        lips = np.flatnonzero(vertex_normals(mesh)[:, 1] > 0.9)
        x, y, z = mesh.vertices[lips[mesh.vertices[lips, 1].argmax()]].tolist()
        found.append(Pin(number, name, (x, y, z), f"Place {number} <b>"))
    return tuple(found)


@pytest.fixture(scope="module")
def part(jaws: dict[str, Mesh], pins: tuple[Pin, ...]) -> ViewerPart:
    """The viewer of one case."""
    heat = np.linspace(0, 1, len(jaws["lower"].vertices)).astype(np.float32)
    scans = (
        ViewerScan("upper", "preparation", "upper", "Upper preparation", jaws["upper"]),
        ViewerScan("lower", "antagonist", "lower", "Lower antagonist", jaws["lower"], heat, (0.0, 1.0), "Gap"),
        ViewerScan("bite-1", "bite", "both", "Left bite", jaws["bite"], shown=False),
        ViewerScan("bite-2", "bite", "both", "Right bite", jaws["bite"], shown=False),
    )
    return viewer_part(scans, pins, frame=FRAME)


@pytest.fixture(scope="module")
def address(part: ViewerPart, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A page round the viewer, with the strictest policy."""
    place = tmp_path_factory.mktemp("viewer") / "page.html"
    place.write_text(page_round(part), encoding="utf-8")
    return place.as_uri()


def page_round(part: ViewerPart) -> str:
    """A minimal report: two findings, the viewer, hashes of all scripts and styles."""

    def hashes(texts: tuple[str, ...]) -> str:
        return " ".join(
            f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in texts
        )

    policy = f"default-src 'none'; script-src {hashes(part.scripts)}; style-src {hashes(part.styles)}"
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Case</title>',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            *(f"<style>{text}</style>" for text in part.styles),
            '</head><body><p id="finding-1">One <button data-pin="1">Show</button></p>',
            '<p id="finding-2"><a href="#finding-2">Two</a></p>',
            part.html,
            *(f"<script>{text}</script>" for text in part.scripts),
            "</body></html>",
        ]
    )


class Shown:
    """One open page, and all it said and asked for."""

    def __init__(self, browser: Any, address: str, **context: Any) -> None:
        settings = {"viewport": {"width": 860, "height": 720}, "reduced_motion": "reduce", **context}
        self.page = browser.new_context(**settings).new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.hear(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(address)

    def hear(self, text: str) -> None:
        """Keep what the page says; that the browser itself copies pixels without a graphics card is none of that."""
        if "GPU stall due to ReadPixels" not in text:
            self.said.append(text)

    def ready(self) -> Shown:
        """Wait until the scans are drawn."""
        self.page.wait_for_selector(BUSY, state="detached")
        self.settle()
        return self

    def settle(self) -> None:
        """Wait until two frames have passed: what was asked for has been drawn."""
        self.run("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))")

    def run(self, code: str, value: Any = None) -> Any:
        """The value of a function of the page."""
        return self.page.evaluate(code, value)

    def viewer(self, code: str, value: Any = None) -> Any:
        """The value of an expression of the viewer ``v`` and a given ``x``."""
        return self.run(
            f"async (x) => {{ const v = document.querySelector('section').casepanViewer; return {code}; }}", value
        )

    def status(self) -> str:
        """What is said below the picture."""
        return str(self.page.inner_text(".cv-status"))

    def says(self, text: str) -> None:
        """Wait for what is to be said below the picture."""
        self.page.get_by_role("status").filter(has_text=text).wait_for()

    def view(self, name: str) -> None:
        """Press the button of a view."""
        self.page.click(f"[data-view={name}]")
        self.settle()

    def box(self) -> tuple[float, float]:
        """Where the canvas begins on the page."""
        found = self.page.locator("canvas").bounding_box()
        return found["x"], found["y"]

    def click(self, x: float, y: float) -> None:
        """Click a pixel of the canvas."""
        left, top = self.box()
        self.page.mouse.click(left + x, top + y)
        self.settle()

    def picture(self) -> NDArray[np.uint8]:
        """The pixels of the canvas before pure green, uint8 (height, width, 3)."""
        from PIL import Image

        bare = """(bare) => {
          const stage = document.querySelector(".cv-stage");
          stage.style.background = bare ? "rgb(0 255 0)" : "";
          for (const each of stage.children) if (each.tagName !== "CANVAS") each.style.visibility = bare ? "hidden" : "";
        }"""
        self.run(bare, True)
        data = self.page.locator("canvas").screenshot()
        self.run(bare, False)
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))[14:-14, 14:-14]  # without the rounded corners

    def mask(self) -> Mask:
        """The pixels that show a scan."""
        return np.asarray(np.abs(self.picture().astype(int) - GREEN).max(axis=2) > 100)


@pytest.fixture
def open_page(browser: Any, address: str) -> Iterator[Callable[..., Shown]]:
    """Open the page; all of it is closed again afterwards."""
    opened = []

    def opening(**context: Any) -> Shown:
        opened.append(Shown(browser, context.pop("address", address), **context))
        return opened[-1]

    yield opening
    for each in opened:
        each.page.context.close()


@pytest.fixture(scope="module")
def kept(browser: Any, address: str) -> Iterator[Shown]:
    """One page for all tests that leave nothing but what Reset takes back."""
    found = Shown(browser, address).ready()
    yield found
    found.page.context.close()


@pytest.fixture
def shown(kept: Shown) -> Shown:
    """The page as it was in the beginning."""
    kept.run("() => history.replaceState(null, '', location.pathname)")
    kept.view("reset")
    return kept


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


def middle_of(shown: Shown, pin: Pin) -> float:
    """How many pixels a pin is from the middle of the canvas."""
    x, y, width, height = shown.viewer(
        "(({ x, y }) => [x, y, v.looking.size.width, v.looking.size.height])(v.looking.project(v.pins.get(x).place))",
        pin.number,
    )
    return float(np.hypot(x - width / 2, y - height / 2))


def test_a_pin_flies_to_its_place_and_tells_its_finding(shown: Shown, pins: tuple[Pin, ...]) -> None:
    """Pressing a pin brings it to the middle, near by, seen and named; markup in its title stays text."""
    scale = shown.viewer("v.looking.now.scale")
    assert middle_of(shown, pins[0]) > 20
    shown.page.get_by_role("button", name="Finding 1: Place 1 <b>").click()
    shown.page.wait_for_selector(".cv-pin[aria-current=true]")
    shown.settle()
    assert middle_of(shown, pins[0]) < 1
    assert shown.viewer("v.looking.now.scale") > 2 * scale
    assert not shown.viewer("await v.pins.isBehind(v.pins.get(1).place)")
    assert shown.status() == "1 · Place 1 <b> Read the finding"


@pytest.mark.parametrize("how", ["button", "hash"])
def test_a_finding_of_the_page_flies_there(shown: Shown, pins: tuple[Pin, ...], how: str) -> None:
    """An element with data-pin and a link to the finding's own address move the camera."""
    shown.page.click("[data-pin='1']" if how == "button" else "a[href='#finding-2']")
    shown.page.wait_for_selector(".cv-pin[aria-current=true]")
    shown.settle()
    assert middle_of(shown, pins[0 if how == "button" else 1]) < 1


def test_a_page_opened_at_a_finding_begins_there(
    open_page: Callable[..., Shown], address: str, pins: tuple[Pin, ...]
) -> None:
    """The address of a finding, mailed to somebody, opens at its place."""
    shown = open_page(address=f"{address}#finding-2").ready()
    shown.page.wait_for_selector(".cv-pin[aria-current=true]")
    shown.settle()
    assert middle_of(shown, pins[1]) < 1


def test_a_pin_shows_its_scan_and_goes_with_it(shown: Shown) -> None:
    """A pin of a hidden scan is hidden; flying to it shows the scan."""
    shown.page.uncheck("[data-scan=lower]")
    shown.settle()
    assert not shown.page.is_visible(".cv-pin >> text=2")
    shown.page.click("a[href='#finding-2']")
    shown.page.wait_for_selector(".cv-pin >> text=2")
    assert shown.page.is_checked("[data-scan=lower]")


def test_a_flight_takes_time_unless_less_motion_is_asked_for(open_page: Callable[..., Shown]) -> None:
    """With motion the camera is under way after a frame and arrives later; without it is there at once."""
    code = """await (async () => {
      const before = v.looking.now.turn.clone();
      const flight = v.view("left");
      const at = v.looking.now.turn.angleTo(before);
      await flight;
      return [at, v.looking.now.turn.angleTo(before)];
    })()"""
    at, later = open_page(reduced_motion="no-preference").ready().viewer(code)
    assert at == 0
    assert later == pytest.approx(np.pi / 2, abs=1e-3)
    at, later = open_page().ready().viewer(code)
    assert at == later == pytest.approx(np.pi / 2, abs=1e-3)


def seen_places(shown: Shown, mesh: Mesh) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two far vertices of a scan that the front view shows, and their pixels."""
    facing = np.flatnonzero(vertex_normals(mesh)[:, 1] > 0.95)
    asked = mesh.vertices[facing].astype(float)
    pixels = shown.viewer(
        """await Promise.all(x.map(async ([a, b, c]) => {
          const place = v.pins.get(1).place.clone().set(a, b, c);
          const { x: px, y: py } = v.looking.project(place);
          const seen = await v.drawing.placeAt(px, py);
          return [px, py, seen ? seen.distanceTo(place) : 9];
        }))""",
        asked[:: max(1, len(asked) // 60)].tolist(),
    )
    found = np.array(pixels)
    clear = np.flatnonzero(found[:, 2] < 0.15)
    ends = clear[[found[clear, 0].argmin(), found[clear, 0].argmax()]]
    return asked[:: max(1, len(asked) // 60)][ends], found[ends, :2]


def test_the_distance_of_two_known_points_is_measured(shown: Shown, jaws: dict[str, Mesh]) -> None:
    """Two clicks on known vertices give their distance to the size of a pixel."""
    shown.view("front")
    places, pixels = seen_places(shown, jaws["upper"])
    true = float(np.linalg.norm(places[0] - places[1]))
    assert true > 10
    shown.page.click("[data-tool=measure]")
    assert shown.status() == "Choose the first point"
    for (x, y), answer in zip(pixels.tolist(), ("Choose the second point", "Distance"), strict=True):
        shown.click(x, y)
        shown.says(answer)
    found = re.fullmatch(r"Distance ([\d.]+) mm", shown.status())
    assert found
    assert float(found[1]) == pytest.approx(true, abs=0.2)
    assert shown.page.text_content(".cv-length") == f"{found[1]} mm"


def test_measuring_beside_the_scans_says_so(shown: Shown) -> None:
    """A click into the empty corner is no point."""
    shown.page.click("[data-tool=measure]")
    shown.click(8, 8)
    shown.says("There is no surface at this place")


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


def test_what_is_cut_away_cannot_be_measured(shown: Shown) -> None:
    """A click goes through the part that is gone."""
    shown.view("front")
    points = shown.viewer(
        "[v.drawing.placeAt(x[0], x[1]) !== null]",
        shown.viewer("[v.looking.size.width * 0.3, v.looking.size.height * 0.4]"),
    )
    shown.page.click("[data-tool=section]")
    shown.settle()
    after = shown.viewer("(await v.drawing.placeAt(v.looking.size.width * 0.3, v.looking.size.height * 0.4)) !== null")
    assert points == [True]
    assert after is False


def test_dragging_turns_and_the_right_button_moves(shown: Shown) -> None:
    """A drag changes the turn and not the target, with the right button it is the other way round."""
    x, y = shown.box()
    for button, turns in (("left", True), ("right", False)):
        before = shown.viewer("[v.looking.now.turn.toArray(), v.looking.now.target.toArray()]")
        shown.page.mouse.move(x + 200, y + 200)
        shown.page.mouse.down(button=button)
        shown.page.mouse.move(x + 260, y + 230, steps=4)
        shown.page.mouse.up(button=button)
        turn, target = shown.viewer("[v.looking.now.turn.toArray(), v.looking.now.target.toArray()]")
        assert (turn != before[0]) is turns
        assert (target != before[1]) is not turns


def test_the_wheel_zooms_only_a_chosen_view(shown: Shown) -> None:
    """Scrolling past the viewer scrolls the page; after a click it zooms, and the place at the pointer stays."""
    x, y = shown.box()
    scale = shown.viewer("v.looking.now.scale")
    shown.page.mouse.move(x + 300, y + 150)
    shown.page.mouse.wheel(0, -300)
    shown.settle()
    assert shown.viewer("v.looking.now.scale") == scale
    assert "then scroll to zoom" in shown.status()
    shown.page.mouse.click(x + 300, y + 150)
    before = shown.viewer("v.looking.unproject(300, 150, 0.5).toArray()")
    shown.page.mouse.move(x + 300, y + 150)
    shown.page.mouse.wheel(0, -300)
    shown.settle()
    assert shown.viewer("v.looking.now.scale") > 1.3 * scale
    assert shown.viewer("v.looking.unproject(300, 150, 0.5).toArray()") == pytest.approx(before, abs=0.1)


def test_two_fingers_pinch(open_page: Callable[..., Shown]) -> None:
    """Fingers that part make the picture larger by as much."""
    shown = open_page(has_touch=True, viewport={"width": 420, "height": 800}).ready()
    x, y = shown.box()
    scale = shown.viewer("v.looking.now.scale")
    session = shown.page.context.new_cdp_session(shown.page)

    def fingers(kind: str, apart: float) -> None:
        points = (
            []
            if kind == "touchEnd"
            else [{"x": x + 180 + side * apart, "y": y + 120, "id": side + 1} for side in (-1, 1)]
        )
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", 30)
    for apart in (40, 50, 60):
        fingers("touchMove", apart)
    fingers("touchEnd", 60)
    shown.settle()
    assert shown.viewer("v.looking.now.scale") == pytest.approx(2 * scale, rel=0.1)


def test_all_of_it_works_with_keys(shown: Shown) -> None:
    """Arrows turn and move, signs zoom, digits choose views, M and S use the tools, Enter takes the point at the cross."""
    shown.page.focus("canvas")
    state = "JSON.stringify([v.looking.now.turn, v.looking.now.target, v.looking.now.scale])"
    for key in ("ArrowLeft", "Shift+ArrowUp", "+", "-", "2", "0", "ArrowDown"):
        before = shown.viewer(state)
        shown.page.keyboard.press(key)
        assert shown.viewer(state) != before, key
    shown.page.keyboard.press("1")
    shown.page.keyboard.press("m")
    shown.page.keyboard.press("Shift+ArrowUp")
    shown.settle()
    shown.page.keyboard.press("Enter")
    shown.says("Choose the second point")
    shown.page.keyboard.press("Shift+ArrowLeft")
    shown.settle()
    shown.page.keyboard.press("Enter")
    shown.says("Distance ")
    shown.page.keyboard.press("Escape")
    assert shown.page.locator("[data-tool=measure][aria-pressed=false]").count() == 1
    shown.page.keyboard.press("s")
    assert shown.page.is_visible("[data-cv=section]")


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


def test_every_control_has_a_name(shown: Shown) -> None:
    """Nothing that can be focused is silent to a screen reader."""
    nameless = shown.run(
        """() => {
          const named = (each) =>
            each.getAttribute("aria-label") ||
            (each.labels ? [...each.labels].some((label) => label.textContent.trim()) : false) ||
            (each.tagName === "BUTTON" && each.textContent.trim());
          const every = document.querySelectorAll("section :is(button, input, select, canvas)");
          return [...every].filter((each) => !named(each)).map((each) => each.outerHTML);
        }"""
    )
    assert nameless == []


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
