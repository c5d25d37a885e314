"""Where exocad projects name people and practices."""

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
    names=("folder", "text before the words of every file name", ".dentalProject", ".constructionInfo", ".scanInfo"),
    xml=tuple(f"Treatment/{element}" for element in _ELEMENTS),
    headers=("ply comment TextureFile", "obj mtllib"),
    documents=("pdf",),
)
