"""A case in the 3D viewer, on a page of the strictest policy, in a real browser."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from casepan.mesh import Frame, Mesh, vertex_normals
from casepan.testing import jaw_pair
from casepan_report.viewer import Pin, ViewerPart, ViewerScan, viewer_part

Mask = NDArray[np.bool_]
GREEN = np.array([0, 255, 0])
FRAME = Frame(np.array([0.0, 0, 1]), np.array([0.0, 1, 0]), np.array([0.0, 0, 1]))
BLIND = ["--no-sandbox", "--disable-gpu", "--disable-3d-apis"]
BUSY = ".cv-stage[aria-busy]"


@pytest.fixture(scope="session")
def jaws() -> dict[str, Mesh]:
    """Two arches in occlusion and a bite scan."""
    pair = jaw_pair(3, triangles=16_000)
    return {"upper": pair.upper.welded(), "lower": pair.lower.welded(), "bite": pair.bites[0].welded()}


@pytest.fixture(scope="session")
def pins(jaws: dict[str, Mesh]) -> tuple[Pin, ...]:
    """One place that faces the lips on each arch."""
    found = []
    for number, name in enumerate(("upper", "lower"), start=1):
        mesh = jaws[name]
        lips = np.flatnonzero(vertex_normals(mesh)[:, 1] > 0.9)
        x, y, z = mesh.vertices[lips[mesh.vertices[lips, 1].argmax()]].tolist()
        found.append(Pin(number, name, (x, y, z), f"Place {number} <b>"))
    return tuple(found)


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
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
