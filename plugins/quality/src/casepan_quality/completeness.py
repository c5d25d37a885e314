"""``quality.completeness``: whatever this work needs has come, and the order says what nobody can guess."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from casepan.api import Case, Context, Finding, Lack, completeness_rules, lacks
from casepan_quality.options import CompletenessOptions

_SEVERITIES: Mapping[str, str] = {"required": "error", "expected": "warning", "recommended": "info"}
_CODES: Mapping[str, str] = {
    "scan": "completeness.missing-scan",
    "field": "completeness.missing-field",
    "physical": "completeness.physical",
}
_HINTS: Mapping[str, str] = {
    "scan": "Ask the office to send it.",
    "field": "Ask the office, or write it into rx.toml beside the export.",
    "physical": "Ask the office whether a parcel is coming.",
}


class Completeness:
    """Hold a case against the rules for the work it orders."""

    def __init__(self, options: CompletenessOptions) -> None:
        self.options = options

    def check(self, case: Case, ctx: Context) -> Iterator[Finding]:
        """``completeness.*`` for all that is missing or comes by courier, ``rx.no-reference`` for a nameless case.

        Raises:
            ConfigError: the laboratory's own rules do not fit.
        """
        rules = completeness_rules(ctx.rules.get("completeness", {}))
        if not case.prescription.items:
            yield self._no_order()
        for lack in lacks(case, rules):
            if lack.what == "scan" and rules.scans[lack.name].frame and _stand_in_occlusion(case, ctx):
                yield _no_bite_needed()
            else:
                yield finding_of(lack)
        for item in case.prescription.physical:
            yield Finding("completeness.physical", "info", f"the order announces by courier: {item}")
        if _is_nameless(case):
            yield self._nameless()

    def _no_order(self) -> Finding:
        return Finding(
            "completeness.no-prescription",
            "error" if self.options.require_rx else "info",
            "no order came with the scans",
            hint="Look into the scanner's portal, ask the office, or put rx.toml beside the export.",
        )

    def _nameless(self) -> Finding:
        return Finding(
            "rx.no-reference",
            "warning" if self.options.require_reference else "info",
            "no order number and no patient came with the scans",
            hint="Ask the office for its order number.",
        )


def _stand_in_occlusion(case: Case, ctx: Context) -> bool:
    """Measured only where a bite is asked for and did not come."""
    from casepan_quality.bite import stand_in_occlusion

    return stand_in_occlusion(case, ctx)


def _no_bite_needed() -> Finding:
    return Finding(
        "completeness.missing-scan",
        "info",
        "no bite scan came, but the arches stand in occlusion as they are",
        hint="Compare the contacts with what the office describes.",
    )


def finding_of(lack: Lack) -> Finding:
    """The finding for something that a case lacks."""
    return Finding(
        _CODES[lack.what],
        _SEVERITIES[lack.level],  # type: ignore[arg-type]
        lack.sentence,
        scan=lack.unnamed,
        teeth=lack.teeth,
        hint=_hint(lack),
    )


def _hint(lack: Lack) -> str:
    if lack.unnamed:
        return "Say which arch that scan shows: with upper or lower in the file's name, or with `casepan cases set`."
    if lack.level == "recommended" and lack.what != "physical":
        return "Work can start without it."
    return _HINTS[lack.what]


def _is_nameless(case: Case) -> bool:
    patient, order = case.patient, case.prescription
    return not any((order.reference, patient.name, patient.first, patient.last, patient.reference, patient.guid))
