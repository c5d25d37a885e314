"""The pictures of ``docs/guide/report.md``: ``python benchmarks/report/screenshots.py``. Needs Chromium."""

from __future__ import annotations

import io
import shutil
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from attrs import evolve
from PIL import Image
from playwright.sync_api import sync_playwright

from casepan.operate.looking import LookOptions, look_at
from casepan.operate.reporting import ReportWish, report_path, write_index
from casepan.registry import Registry
from casepan_report.options import TicketOptions
from casepan_report.testing import NAMES, write_case
from casepan_report.ticket import ticket_page

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"
FLAGS = ("--no-sandbox", "--disable-gpu", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")


def main() -> None:
    """Make three reports, an index and a ticket, and take their pictures."""
    PICTURES.mkdir(exist_ok=True)
    registry = Registry.load()
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        folder = Path(scratch)
        index, wish = folder / "index", ReportWish(index=folder / "index")
        made = {}
        for name in NAMES:
            case = write_case(name, folder)
            (report,) = report_path(case, registry, index, wish, LookOptions())
            made[name] = report.path
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        take(browser, made["good"], "report-good", height=1240)
        take(browser, made["review"], "report-review", height=1500)
        take(browser, made["reject"], "report-reject", height=1240)
        take(browser, made["review"], "report-review-dark", height=1500, scheme="dark")
        take(browser, made["review"], "report-phone", width=390, height=1300)
        take(browser, made["good"], "report-3d", height=900, element="#viewer")
        take(browser, write_index(index, registry, "Northside Dental Laboratory"), "report-index", height=720)
        take(browser, ticket(folder, registry), "report-ticket", width=560, height=794)
        browser.close()


def ticket(folder: Path, registry: Registry) -> Path:
    """The ticket of the good case."""
    case = look_at(folder / "good-case", registry).cases[0].case
    case = evolve(case, desk=evolve(case.desk, number="26-00417", due=date(2026, 12, 3)))
    path = folder / "ticket.html"
    path.write_bytes(ticket_page(case, "K7Q2-M4", TicketOptions(lab="Northside Dental Laboratory")))
    return path


def take(
    browser: Any, file: Path, name: str, *, width: int = 1280, height: int, scheme: str = "light", element: str = ""
) -> None:
    """One picture, small enough for a repository."""
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = context.new_page()
    page.goto(file.as_uri())
    if element:
        page.locator(element).scroll_into_view_if_needed()
    page.wait_for_timeout(6000 if element else 1500)
    image = Image.open(io.BytesIO(page.locator(element).screenshot() if element else page.screenshot()))
    context.close()
    small = image.convert("RGB").resize((image.width * 3 // 4, image.height * 3 // 4), Image.Resampling.LANCZOS)
    few = small.quantize(
        256, method=Image.Quantize.MAXCOVERAGE, kmeans=2
    )  # the method that keeps the few coloured signs
    few.save(PICTURES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
