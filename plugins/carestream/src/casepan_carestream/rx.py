"""What a Carestream arrival says about the patient. An order it does not hold: that is in the lab form, as a PDF."""

from __future__ import annotations

from casepan.api import Patient
from casepan_carestream.dicom import Header


def patient_of(header: Header | None, person: str) -> Patient:
    """The patient of the DICOM header, else of the save folder, whose two names stand in an undocumented order."""
    if header is not None and (header.patient_name or header.patient_id):
        return Patient(name=header.patient_name or person or None, reference=header.patient_id or None)
    return Patient(name=person or None)
