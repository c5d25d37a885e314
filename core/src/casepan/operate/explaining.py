"""The pages behind ``casepan explain``: every error code and every finding code."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping

from casepan import errors
from casepan.contract.specs import FindingDoc
from casepan.registry import Registry

ADVICE: Mapping[str, tuple[str, str]] = {
    "CP100": ("casepan: something went wrong [CP100]", "Report it with the output of casepan doctor."),
    "CP102": ("casepan inspect /no/such/folder", "Check the path or the name; casepan COMMAND --help shows examples."),
    "CP103": (
        "lab.toml:12: no key 'formt' in core.convert",
        "Open lab.toml at the line named; casepan check shows all problems.",
    ),
    "CP104": ("the environment has no CASEPAN_CAM_TOKEN", "Set the variable or the file that [secrets] names."),
    "CP110": (
        "there is no plugin 'medlt'",
        "Install or upgrade the distribution that the message names; see casepan adapters.",
    ),
    "CP120": (
        "a case cannot be processed",
        "Read REASON.txt in the quarantine folder; then release, retry or discard it.",
    ),
    "CP121": (
        "upper.stl: ends inside triangle 10,311 (byte 515634)",
        "Ask the sender to export and send the scan again.",
    ),
    "CP122": ("a DXD of Primescan", "Ask for STL or PLY; casepan adapters show NAME says which menu makes them."),
    "CP123": ("a zip member named ../../upper.stl", "Do not open it by hand; ask the sender what made this archive."),
    "CP124": ("two adapters claim the same files", "Disable one of them for this lab, or sort the files by hand."),
    "CP125": ("a folder of two PDFs", "Ask the office for the scans as STL or PLY."),
    "CP126": ("an archive of 80 GB once unpacked", "If it is a real case, raise the limit that the message names."),
    "CP130": ("a zip whose end is missing", "Wait until the download is complete; casepan looks again by itself."),
    "CP140": ("the share is not there", "casepan tries again by itself; check the network or the disk."),
    "CP141": ("something else lies at this place", "Move it away, then: casepan deliveries resend CASE EXPORT"),
    "CP142": ("the server refuses the password", "Renew the secret, then: casepan deliveries resend CASE EXPORT"),
    "CP143": (
        "the connection broke after the last byte",
        "Look at the destination, then: casepan deliveries resolve CASE EXPORT",
    ),
    "CP150": ("another process owns this case now", "Nothing to do: the other process goes on with it."),
    "CP160": (
        "another casepan runs here",
        "Stop the other one, or use another state folder; casepan doctor tells more.",
    ),
}


def all_pages(registry: Registry) -> dict[str, FindingDoc]:
    """Code to page, for errors and for the findings of all loaded plugins."""
    return {page.code: page for page in _error_pages()} | dict(registry.finding_docs())


def error_types() -> tuple[type[errors.CasepanError], ...]:
    """Every public exception, by code."""
    found = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.CasepanError)]
    return tuple(sorted(found, key=lambda kind: kind.code))


def _error_pages() -> Iterator[FindingDoc]:
    for kind in error_types():
        words = inspect.cleandoc(kind.__doc__ or "").split("\n\nArgs:")[0].replace("\n", " ").replace("``", "")
        example, remedy = ADVICE[kind.code]
        yield FindingDoc(kind.code, "error", f"{kind.__name__}, ends {kind.exit_code}", words, example, remedy)
