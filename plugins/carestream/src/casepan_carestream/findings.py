"""The page of every finding code that this plugin can raise."""

from __future__ import annotations

from casepan.api import FindingDoc

FINDINGS = (
    FindingDoc(
        "carestream.no-identity",
        "warning",
        "Nothing tells which case this is",
        "ScanFlow names its meshes alike in every case; only the save folder or a DICOM header tells cases apart.",
        "Maxillary Anatomy.stl and Mandibular Anatomy.stl dropped without their folder.",
        "Drop the whole save folder, or give the case its patient by hand.",
    ),
    FindingDoc(
        "carestream.which-bite",
        "warning",
        "An arch comes in several bite positions",
        "ScanFlow saves one mandible per bite. None of them is called the normal bite, so the first one is used.",
        "Two mandibles, one in centric relation and one in protrusion.",
        "Ask the office which bite the work is for, or add the name of its normal bite to normal_bites.",
    ),
    FindingDoc(
        "carestream.mixed-copies",
        "warning",
        "The same name twice, with a copy mark",
        "All exports use the same names, so files of two patients in one folder get marks such as (2).",
        "Maxillary Anatomy.stl beside Maxillary Anatomy (2).stl.",
        "Look at both scans. Ask the office for the save folder of this patient alone.",
    ),
    FindingDoc(
        "carestream.older-saves",
        "info",
        "Several saves of one patient",
        "Each save makes a new folder. The latest one that holds both arches is used.",
        "Two save folders of one morning, the first without the lower arch.",
        "Nothing, unless the office meant an earlier save.",
    ),
    FindingDoc(
        "carestream.one-arch",
        "info",
        "Only one arch was saved",
        "ScanFlow saves what was scanned and ticked; single arches occur.",
        "A save folder with the mandible alone.",
        "Ask for the other arch if the work needs it.",
    ),
)
