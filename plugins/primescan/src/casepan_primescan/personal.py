"""Where files of Primescan, CEREC and DS Core name people, practices and devices."""

from __future__ import annotations

from casepan.api import Personal

_PATIENT = ("FirstName", "LastName", "FullName", "PatientID", "PatientGUID", "CaseGUID", "DateOfBirth")

PERSONAL = Personal(
    names=("DXD", "folder or zip", "Connect folder after the order number", "order sheet"),
    xml=(
        *(f"DentalCase/.//Patient/{name}" for name in _PATIENT),
        "DentalCase/.//CaseGUID",
        "DentalCase/.//Dentist/Name",
        "DentalCase/.//AcquireDevice",
    ),
    headers=("ply comment TextureFile", "obj mtllib"),
    documents=("dxd", "pdf", "xps"),
)
