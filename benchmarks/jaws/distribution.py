"""Print what was measured on real open arches beside what the generator makes, over many seeds.

    python benchmarks/jaws/distribution.py [--seeds 60]

The measured rows are minimum / median / maximum over 90 upper and 82 lower arches of 16,000 triangles (3D-IOSSeg),
and means with deviations of arch widths from the literature (76 people, Class I).
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict

import numpy as np

from casepan.mesh.structure import topology
from casepan.mesh.surface import Mesh
from casepan.testing import JawPair, jaw_pair

TRIANGLES = 16_000
MEASURED: dict[tuple[str, str], tuple[float, float, float]] = {
    ("upper", "long side, mm"): (57.8, 68.9, 78.7),
    ("upper", "second side, mm"): (42.5, 56.6, 65.4),
    ("upper", "height, mm"): (18.8, 22.5, 36.0),
    ("upper", "longest border, mm"): (252, 303, 445),
    ("upper", "borders of the largest part"): (1, np.nan, 3),
    ("upper", "components"): (1, np.nan, 6),
    ("upper", "faces in largest, %"): (99, np.nan, 100),
    ("upper", "area, mm2"): (3470, 5460, 7520),
    ("upper", "non-manifold edges"): (0, np.nan, 5),
    ("upper", "mean normal, length"): (0.27, np.nan, 0.58),
    ("upper", "mean normal, cosine to occlusal"): (0.86, np.nan, 1.0),
    ("upper", "canine width, mm (mean -2s, mean, +2s)"): (32.5, 35.4, 38.4),
    ("upper", "molar width, mm (mean -2s, mean, +2s)"): (48.2, 53.8, 59.5),
    ("lower", "long side, mm"): (57.1, 72.4, 83.6),
    ("lower", "second side, mm"): (40.4, 52.9, 66.5),
    ("lower", "height, mm"): (17.1, 21.6, 36.4),
    ("lower", "longest border, mm"): (312, 430, 596),
    ("lower", "borders of the largest part"): (1, np.nan, 4),
    ("lower", "components"): (1, np.nan, 12),
    ("lower", "faces in largest, %"): (99, np.nan, 100),
    ("lower", "area, mm2"): (2720, 4090, 5980),
    ("lower", "non-manifold edges"): (0, np.nan, 6),
    ("lower", "mean normal, length"): (0.27, np.nan, 0.58),
    ("lower", "mean normal, cosine to occlusal"): (0.86, np.nan, 1.0),
    ("lower", "canine width, mm (mean -2s, mean, +2s)"): (23.7, 26.9, 30.0),
    ("lower", "molar width, mm (mean -2s, mean, +2s)"): (46.5, 51.7, 56.9),
}


def shape(mesh: Mesh, arch: str) -> dict[str, float]:
    """The measured quantities of one arch."""
    used = mesh.vertices[np.unique(mesh.faces)]
    long, second = sorted(np.ptp(used[:, :2], axis=0), reverse=True)
    corners = mesh.vertices[mesh.faces].astype(np.float64)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) / 2
    area = float(np.linalg.norm(normals, axis=1).sum())
    mean = normals.sum(axis=0) / area
    length = float(np.linalg.norm(mean))
    found = topology(mesh)
    largest = max(found.components, key=lambda part: part.faces)
    return {
        "long side, mm": long,
        "second side, mm": second,
        "height, mm": float(np.ptp(used[:, 2])),
        "longest border, mm": max(loop.perimeter_mm for loop in found.loops),
        "borders of the largest part": sum(loop.part == largest.label for loop in found.loops),
        "components": len(found.components),
        "faces in largest, %": 100 * largest.faces / len(mesh.faces),
        "area, mm2": area,
        "non-manifold edges": found.nonmanifold_edges,
        "mean normal, length": length,
        "mean normal, cosine to occlusal": mean[2] / length * (-1 if arch == "upper" else 1),
    }


def widths(pair: JawPair, arch: str) -> dict[str, float]:
    """Distances between the canines and between the first molars."""
    left, right = (20, 10) if arch == "upper" else (30, 40)
    across = {}
    for name, place in (("canine", 3), ("molar", 6)):
        a, b = (np.array(pair.truth.teeth[q + place].centre) for q in (left, right))
        across[f"{name} width, mm (mean -2s, mean, +2s)"] = float(np.linalg.norm(a - b))
    return across


def generated(seeds: int) -> dict[tuple[str, str], list[float]]:
    """All quantities of all seeds."""
    values: dict[tuple[str, str], list[float]] = defaultdict(list)
    for seed in range(seeds):
        pair = jaw_pair(seed, triangles=TRIANGLES)
        for arch, mesh in (("upper", pair.upper), ("lower", pair.lower)):
            for name, value in (shape(mesh, arch) | widths(pair, arch)).items():
                values[arch, name].append(value)
    return values


def main() -> int:
    """Print the table; 1 when a generated median lies outside the measured range."""
    parser = argparse.ArgumentParser(description="Measured against generated jaws")
    parser.add_argument("--seeds", type=int, default=60)
    values = generated(parser.parse_args().seeds)
    print(
        f"{'arch':6}{'quantity':42}{'measured min / median / max':>32}{'generated min / median / max':>34}{'inside':>8}"
    )
    outside = 0
    for key, (low, middle, high) in MEASURED.items():
        made = np.array(values[key])
        inside = float(((made >= low) & (made <= high)).mean())
        outside += not low <= float(np.median(made)) <= high
        print(
            f"{key[0]:6}{key[1]:42}{_three(low, middle, high):>32}"
            f"{_three(made.min(), float(np.median(made)), made.max()):>34}{inside:>8.0%}"
        )
    return 1 if outside else 0


def _three(low: float, middle: float, high: float) -> str:
    return " / ".join("-" if np.isnan(v) else f"{v:.3g}" if abs(v) < 100 else f"{v:.0f}" for v in (low, middle, high))


if __name__ == "__main__":
    sys.exit(main())
