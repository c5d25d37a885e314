"""What a case says about people besides its files, field by field: replaced, cleaned or left out."""

from __future__ import annotations

from typing import Any, Literal

from attrs import evolve

from casepan.api import Case, CaseKey, Desk, Finding, Patient, Practice, Prescription, Scan, WorkItem
from casepan_prepare.hiding.names import pseudonym_of_patient
from casepan_prepare.hiding.options import PseudonymiseOptions
from casepan_prepare.hiding.pseudonyms import Pseudonyms
from casepan_prepare.hiding.texts import Cleaner

_ITEM_TEXTS = (
    "material_text", "shade", "shade_guide", "stump_shade", "scan_body", "retention", "margin", "contacts", "pontic_design",
)  # fmt: skip


def clean_record(case: Case, make: Pseudonyms, cleaner: Cleaner, options: PseudonymiseOptions) -> Case:
    """The case with people out of every field; its files are not looked at here.

    The vendor's raw words are left out: nobody can know what stands in them. The practice's id stays: it is the laboratory's
    own word, which may be logged and by which pipelines choose.
    """
    vendor_id = make.of_text("V", case.key.vendor_id)
    return evolve(
        case,
        key=CaseKey(case.key.adapter, vendor_id),
        origin=evolve(case.origin, evidence=(), arrival=vendor_id if case.origin.arrival else None),
        patient=_patient(case, make),
        prescription=_prescription(case.prescription, make, cleaner, options),
        scans=tuple(_scan(scan, cleaner) for scan in case.scans),
        findings=tuple(_finding(finding, cleaner) for finding in case.findings),
        client=_client(case.client, make, cleaner, options.staff),
        desk=_desk(case.desk, cleaner, options),
    )


def _patient(case: Case, make: Pseudonyms) -> Patient:
    """The pseudonym as name and last name, so that layouts with either field show it."""
    patient, name = case.patient, pseudonym_of_patient(case, make)
    reference = make.of_text("N", patient.reference) if patient.reference else None
    return Patient(
        name=name, last=name, reference=reference, guid=make.of_text("G", patient.guid) if patient.guid else None
    )


def _prescription(
    order: Prescription, make: Pseudonyms, cleaner: Cleaner, options: PseudonymiseOptions
) -> Prescription:
    staff: dict[str, Any] = {}
    if options.staff == "replace":
        staff = {
            "practice": make.of_person("S", order.practice) if order.practice else None,
            "doctor": make.of_person("D", order.doctor) if order.doctor else None,
            "licence": make.of_text("L", order.licence) if order.licence else None,
            "ship_to": make.of_text("A", order.ship_to) if order.ship_to else None,
        }
    return evolve(
        order,
        items=tuple(_item(item, cleaner) for item in order.items),
        reference=make.of_text("R", order.reference) if order.reference else None,
        remake_of=make.of_text("R", order.remake_of) if order.remake_of else None,
        notes=_free(order.notes, cleaner, options),
        physical=tuple(cleaner.text(word) for word in order.physical),
        raw={},
        **staff,
    )


def _item(item: WorkItem, cleaner: Cleaner) -> WorkItem:
    texts: dict[str, Any] = {name: cleaner.text(text) for name in _ITEM_TEXTS if (text := getattr(item, name))}
    implant = item.implant
    if implant is not None:
        parts = {name: text for name in ("manufacturer", "system", "platform") if (text := getattr(implant, name))}
        implant = evolve(implant, **{name: cleaner.text(text) for name, text in parts.items()})
    return evolve(item, implant=implant, raw={}, **texts)


def _scan(scan: Scan, cleaner: Cleaner) -> Scan:
    """Counts and flags of ``raw`` stay, words do not; a file name given by a step stays when nobody is named in it."""
    kept = {key: value for key, value in scan.raw.items() if isinstance(value, bool | int | float)}
    name = scan.name if scan.name and cleaner.text(scan.name) == scan.name else None
    transforms = tuple(evolve(one, name=cleaner.text(one.name)) for one in scan.transforms)
    label = cleaner.text(scan.label) if scan.label else None
    return evolve(scan, label=label or None, name=name, raw=kept, transforms=transforms)


def _finding(finding: Finding, cleaner: Cleaner) -> Finding:
    hint = cleaner.text(finding.hint) if finding.hint else finding.hint
    return evolve(finding, message=cleaner.text(finding.message) or "(left out)", hint=hint)


def _client(
    client: Practice | None, make: Pseudonyms, cleaner: Cleaner, staff: Literal["keep", "replace"]
) -> Practice | None:
    if client is None:
        return None
    notes = client.defaults.design_notes
    defaults = evolve(client.defaults, design_notes=cleaner.text(notes) if notes else notes)
    if staff == "keep":
        return evolve(client, defaults=defaults)
    name = make.of_person("S", client.name) if client.name else ""
    return evolve(client, name=name, aliases=(), phone=None, email=None, defaults=defaults)


def _desk(desk: Desk, cleaner: Cleaner, options: PseudonymiseOptions) -> Desk:
    """Number, days and department. What else the laboratory knows, answers and decisions among it, is for itself alone."""
    return Desk(
        number=desk.number,
        due=desk.due,
        late_risk=desk.late_risk,
        rush_reason=desk.rush_reason,
        assignee=desk.assignee if options.staff == "keep" else None,
        department=desk.department,
        remake_of=desk.remake_of,
        remake_reason=_free(desk.remake_reason, cleaner, options),
        changes=tuple(evolve(one, before=None, after=None, name=cleaner.text(one.name)) for one in desk.changes),
    )


def _free(text: str | None, cleaner: Cleaner, options: PseudonymiseOptions) -> str | None:
    return cleaner.text(text) if text and options.notes == "clean" else None
