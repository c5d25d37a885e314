"""The page of every finding code that the transforms raise, those of ``prepare.pseudonymise`` apart."""

from __future__ import annotations

from casepan.api import FindingDoc

FINDINGS = (
    FindingDoc(
        "prepare.untouched",
        "warning",
        "A step left a scan as it came",
        "The scan is in a closed format, damaged, or no surface, so the step could not change it with the others.",
        "prepare.orient turned the two arches; the bite is a closed DXD file and stayed where it was.",
        "Ask for an open export. After prepare.orient the manifest holds the transform with applied = false for such a scan, so "
        "that a program that opens it can bring it to the others.",
    ),
    FindingDoc(
        "mesh.repaired",
        "info",
        "Small faults of a scan were mended",
        "prepare.repair closed holes, dropped loose parts, or turned or dropped triangles, within the limits of its options. The "
        "scan as it came stays in the case, and the manifest names its checksum.",
        "Closed 2 holes up to 2 mm with 34 faces; dropped 3 loose parts with 1.20 mm² in all.",
        "Nothing to do. Lower the limits of prepare.repair to have less changed.",
    ),
    FindingDoc(
        "mesh.hole-kept",
        "info",
        "A small hole was left open near an ordered tooth",
        "The finish line of a preparation may run there. A closed hole would look like a margin that nobody scanned.",
        "A hole of 1.3 mm at tooth 24.",
        "Look whether the margin is complete; ask for a new scan if it is not. near_margin = true closes such holes too.",
    ),
    FindingDoc(
        "mesh.simplified",
        "info",
        "A scan has fewer triangles now",
        "prepare.simplify removed triangles; the largest distance between both surfaces was measured afterwards.",
        "120,000 triangles became 74,000; the surfaces are nowhere farther apart than 10.0 µm.",
        "Nothing to do. A smaller tolerance_um keeps more triangles.",
    ),
    FindingDoc(
        "frame.oriented",
        "info",
        "The case was brought to the occlusal frame",
        "prepare.orient turned and moved all scans by one rigid transform. It stands in the manifest with each scan, and its "
        "inverse brings them back.",
        "4 scans were brought to the occlusal frame, all by one turn of 92.4° and one shift.",
        "Nothing to do.",
    ),
    FindingDoc(
        "frame.unknown",
        "warning",
        "The occlusal frame could not be found",
        "No full arch shows where the occlusal plane and the front are, or the two arches do not stand in occlusion.",
        "A quadrant alone; or two arches exported side by side with their teeth up.",
        "Orient the case by hand in the CAD program. If the arches should be in occlusion, ask for an export that keeps it.",
    ),
    FindingDoc(
        "model.made",
        "info",
        "A printable model was made",
        "prepare.model closed the arch with walls and a base. Where a label or a hollow was wanted and could not be had, the "
        "finding is a warning and says so.",
        "A closed model of 64 x 58 x 24 mm was made of the lower arch.",
        "Load the STL beside the scans into the printer's program and lay it on its base.",
    ),
    FindingDoc(
        "model.refused",
        "warning",
        "No printable model was made of an arch",
        "The scan is closed already, shows no arch of teeth, does not come out as one closed body, or the model does not fit "
        "into the printer's box.",
        "It measures 84 x 92 x 28 mm, the printer 140 x 78 x 120.",
        "Set the printer's box in the options of prepare.model, lower base, or make the model by hand.",
    ),
    FindingDoc(
        "model.apart",
        "warning",
        "The models of a pair do not stand in occlusion",
        "The chewing planes of the two scans differ so much that they cannot be in occlusion as they came. Each model got a base "
        "parallel to its own arch.",
        "A scanner's export for model making, both arches with their teeth up.",
        "Ask for an export in occlusion, or mount the models by a bite.",
    ),
)
