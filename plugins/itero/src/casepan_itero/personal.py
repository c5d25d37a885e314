"""Where iTero's files name people and practices. Source: README, "What identifies people"."""

from __future__ import annotations

from casepan.api import Personal

_FIELDS = (
    "OrderID CaseId OrderCode Patient ChartNumber UniquePatientIdentifier Doctor DoctorID DoctorLicense DoctorCompanyID "
    "LabID LabName LabTechnician PracticeShipToAddress Notes FilePath"
)

PERSONAL = Personal(
    names=("folder or zip", "order number or label in every mesh name", "manifest", "prescription sheet", "gallery"),
    xml=(
        *(f"iTeroExport/RxInfo/{name}" for name in _FIELDS.split()),
        "iTeroExport/ExportedObjects/Object/@FileName",
    ),
    headers=("ply comment TextureFile",),
    documents=("html", "htm", "pdf"),
)
