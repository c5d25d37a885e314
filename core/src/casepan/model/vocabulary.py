"""The fixed words of the model, as types and as tuples. Vendor words are translated to these; the originals stay in ``raw``."""

from __future__ import annotations

from typing import Literal, get_args

Role = Literal[
    "arch",
    "preparation",
    "antagonist",
    "bite",
    "preop",
    "scanbody",
    "gingiva",
    "edentulous",
    "denture",
    "waxup",
    "palate",
    "design",
    "photo",
    "other",
]
Arch = Literal["upper", "lower", "both"]
Kind = Literal[
    "crown",
    "pontic",
    "inlay",
    "onlay",
    "veneer",
    "coping",
    "abutment",
    "implant-crown",
    "partial-denture",
    "full-denture",
    "splint",
    "aligner",
    "retainer",
    "temporary",
    "post-core",
    "bar",
    "surgical-guide",
    "waxup",
    "tray",
    "model",
    "other",
]
Material = Literal[
    "zirconia",
    "lithium-disilicate",
    "feldspathic",
    "composite",
    "pmma",
    "cobalt-chrome",
    "gold",
    "titanium",
    "peek",
    "wax",
    "resin",
    "other",
    "unknown",
]
Severity = Literal["info", "warning", "error"]
Verdict = Literal["accept", "review", "reject"]
Colour = Literal["none", "vertex", "face", "texture"]
Confidence = Literal["certain", "likely", "possible"]
Provenance = Literal["file", "name", "pdf", "rx", "practice", "lab"]

ROLES: tuple[str, ...] = get_args(Role)
ARCHES: tuple[str, ...] = get_args(Arch)
KINDS: tuple[str, ...] = get_args(Kind)
MATERIALS: tuple[str, ...] = get_args(Material)
SEVERITIES: tuple[str, ...] = get_args(Severity)
VERDICTS: tuple[str, ...] = get_args(Verdict)
PROVENANCES: tuple[str, ...] = get_args(Provenance)
CONFIDENCES: tuple[str, ...] = get_args(Confidence)
