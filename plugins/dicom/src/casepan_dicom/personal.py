"""Where DICOM objects name people and practices."""

from __future__ import annotations

from casepan.api import Personal

PERSONAL = Personal(
    names=("often the file or folder", "patient, doctor and institution in the header of every object"),
    dicom=(
        "0008,0050",
        "0008,0080",
        "0008,0081",
        "0008,0090",
        "0008,1010",
        "0008,1050",
        "0008,1070",
        "0010,0010",
        "0010,0020",
        "0010,0030",
        "0010,0040",
        "0010,1000",
        "0010,1040",
        "0010,2154",
        "0010,4000",
        "0020,0010",
    ),
    headers=("obj mtllib",),
    documents=("pdf",),
)
