"""``core.rename``: file names for the lab from a template."""

from __future__ import annotations

import re
from string import Formatter

from attrs import Attribute, evolve, frozen

from casepan.arrivals.names import safe_name
from casepan.contract.context import Context
from casepan.contract.options import option
from casepan.model.case import Case, Scan
from casepan.stages.naming import unique_name

FIELDS = ("ref", "revision", "number", "role", "arch", "tooth", "variant", "date", "scan", "ext")


def _is_template(_: object, attribute: Attribute[str], value: str) -> None:
    try:
        used = [name for _, name, spec, conversion in Formatter().parse(value) if name is not None]
    except ValueError as error:
        raise ValueError(f"{attribute.name} {value!r}: {error}") from error
    unknown = [name for name in used if name not in FIELDS]
    if unknown:
        raise ValueError(f"{attribute.name}: no field {unknown[0]!r}; there are {', '.join(FIELDS)}")


@frozen
class RenameOptions:
    """How scans are called at the destinations.

    Fields: ``ref`` the case, ``revision``, ``number`` of the scan, ``role``, ``arch``, ``tooth`` (FDI, joined by ``+``),
    ``variant``, ``date`` (of receipt, in UTC), ``scan`` the scan's id, ``ext`` the extension. An empty field takes the
    separator before it along.
    """

    template: str = option(
        "{ref}-{arch}-{role}-{number}-{variant}.{ext}", "name of a scan's file", validator=_is_template
    )


class Rename:
    """Give every scan its file name; nothing is copied."""

    def __init__(self, options: RenameOptions) -> None:
        self.options = options

    def apply(self, case: Case, ctx: Context) -> Case:  # noqa: ARG002
        """The case with ``Scan.name`` set; equal names get ``-2``, ``-3`` … in the order of the case."""
        taken: set[str] = set()
        renamed = []
        for scan in case.scans:
            name = unique_name(self._name(case, scan), taken)
            taken.add(name.casefold())
            renamed.append(evolve(scan, name=name))
        return evolve(case, scans=tuple(renamed))

    def _name(self, case: Case, scan: Scan) -> str:
        values = {
            "ref": case.ref,
            "revision": f"r{case.revision}" if case.revision > 1 else "",
            "number": "" if scan.number is None else str(scan.number),
            "role": scan.role,
            "arch": scan.arch or "",
            "tooth": "+".join(str(tooth) for tooth in scan.teeth),
            "variant": scan.variant or "",
            "date": case.received_at.date().isoformat() if case.received_at else "",
            "scan": scan.id,
            "ext": scan.file.suffix,
        }
        return safe_name(_without_gaps(self.options.template.format(**values)))


def _without_gaps(name: str) -> str:
    stem, dot, suffix = name.rpartition(".")
    tidy = re.sub(r"([-_ ])[-_ ]+", r"\1", stem if dot else name).strip("-_ ")
    return f"{tidy}.{suffix}" if dot and suffix else tidy
