"""What hands, keys and links do to the 3D viewer, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from casepan.mesh import Mesh, vertex_normals
from casepan_report.viewer import Pin

from .conftest import Shown


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
    shown.page.get_by_role("button", name="Finding 1").press("Enter")
    shown.page.wait_for_selector(".cv-pin[aria-current=true]")
    shown.page.focus("canvas")
    shown.page.keyboard.press("m")
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


def test_a_pin_on_the_far_side_is_fainter(shown: Shown) -> None:
    """Seen from behind, the pin on the lips' side is dimmed; from the front it is not."""
    shown.view("back")
    shown.page.wait_for_selector(".cv-pin.cv-behind >> text=1")
    shown.view("front")
    shown.page.wait_for_selector(".cv-pin:not(.cv-behind) >> text=1")
    assert shown.page.locator(".cv-behind").count() == 0
