"""How well the occlusal frame of made jaws is found: errors of its plane and its front, and who was left alone.

python benchmarks/prepare/frames.py [--seeds 8] [--agree 8]
"""

from __future__ import annotations

import argparse

import numpy as np

from casepan.testing import jaw_pair
from casepan_prepare.frame import Floats, MouthFrame, arch_frame, find_frame

LEFT, UP = np.array([-1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])


def main() -> None:
    """One line for each coverage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--agree", type=float, default=8.0)
    asked = parser.parse_args()
    print("coverage        found  largest error of the plane  of the front")
    for coverage in ("full", "quadrant-left", "quadrant-right", "anterior"):
        frames = [_frame(seed, coverage, asked.agree) for seed in range(4000, 4000 + asked.seeds)]
        found = [frame for frame in frames if isinstance(frame, MouthFrame)]
        errors = [
            max((_degrees(frame.axes[k], way) for frame in found), default=0.0) for k, way in ((2, UP), (0, LEFT))
        ]
        print(f"{coverage:15} {len(found)} of {len(frames)}  {errors[0]:24.1f}°  {errors[1]:11.1f}°")


def _frame(seed: int, coverage: str, agree: float) -> MouthFrame | str:
    jaws = jaw_pair(seed, triangles=16_000, colour=False, coverage=coverage)
    arches = (arch_frame(jaws.upper, "upper"), arch_frame(jaws.lower, "lower"))
    return find_frame([arch for arch in arches if arch is not None], agree)


def _degrees(one: Floats, other: Floats) -> float:
    return float(np.degrees(np.arccos(np.clip(one @ other, -1, 1))))


if __name__ == "__main__":
    main()
