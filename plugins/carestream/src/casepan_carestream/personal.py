"""Where files of ScanFlow name people, practices and devices."""

from __future__ import annotations

from casepan.api import Personal

PERSONAL = Personal(
    names=(
        "save folder after the second hyphen",
        "raw data before the bracket",
        "bite names typed by the clinic",
        "package and its PDF",
    ),
    dicom=(
        "0010,0010",
        "0010,0020",
        "0010,0030",
        "0008,0080",
        "0008,0090",
        "0008,1010",
        "0018,1000",
        "0020,000D",
        "0008,0018",
    ),
    headers=("ply comment TextureFile",),
    documents=("pdf", "cszx", "csz"),
)
