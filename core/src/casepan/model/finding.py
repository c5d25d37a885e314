"""One thing noticed about a case."""

from __future__ import annotations

import re

from attrs import Attribute, field, frozen
from attrs.validators import in_

from casepan.model.vocabulary import SEVERITIES, Severity

CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\.[a-z][a-z0-9]*(-[a-z0-9]+)*")


def _is_code(_: object, attribute: Attribute[str], value: str) -> None:
    if not CODE.fullmatch(value):
        raise ValueError(f"{attribute.name} {value!r} is not of the form area.noun")


@frozen
class Finding:
    """One thing noticed, with its place. Findings are logged and shown to many people: no names in ``message``.

    Attributes:
        code: ``area.noun``, documented through ``casepan_findings``.
        severity: ``"info"``, ``"warning"`` or ``"error"``.
        message: one sentence for a technician, without names of patients, files or folders.
        scan: id of the scan it is about, or None for the whole case.
        where_mm: x, y, z in the scan file's own coordinates.
        value, limit, unit: what was measured, what is allowed, and in which unit.
        teeth: FDI numbers it concerns.
        hint: what to do about it.
        stage: name of the stage that noticed it; the runner fills it in.
    """

    code: str = field(validator=_is_code)
    severity: Severity = field(validator=in_(SEVERITIES))
    message: str
    scan: str | None = None
    where_mm: tuple[float, float, float] | None = None
    value: float | None = None
    limit: float | None = None
    unit: str | None = None
    teeth: tuple[int, ...] = ()
    hint: str | None = None
    stage: str | None = None
