"""Where Medit's files name people and practices."""

from __future__ import annotations

from casepan.api import Personal

_ELEMENTS = (
    "Patient/PatientName",
    "Patient/PatientFirstName",
    "Patient/PatientId",
    "Practice/PracticeName",
    "Practice/PracticeId",
    "Notes",
    "TrayNo",
    "ProjectGUID",
    "ProjectUniqueId",
)

PERSONAL = Personal(
    names=("folder or zip", "text before the words of every mesh name", ".dentalProject", "order XML of a lab system"),
    xml=tuple(f"Treatment/{element}" for element in _ELEMENTS),
    headers=("ply comment TextureFile", "obj mtllib"),
    documents=("pdf",),
)
