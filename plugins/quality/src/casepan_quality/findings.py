"""The page of every finding code that the checks can raise. Codes that core documents are left to core."""

from __future__ import annotations

from casepan.api import FindingDoc

FINDINGS = (
    FindingDoc(
        "completeness.missing-field",
        "warning",
        "The order does not state something that this work needs",
        "The rules ask for it (casepan rules show), and neither the scanner's order nor an rx file names it. Fields that "
        "only help are notes.",
        "A crown on 24 without a material.",
        "Ask the office, or write it into rx.toml beside the export.",
    ),
    FindingDoc(
        "completeness.no-prescription",
        "info",
        "No order came with the scans",
        "The export holds meshes only, and no rx.toml or rx.json lies beside it.",
        "A zip with upper.stl, lower.stl and bite.stl.",
        "Look into the scanner's portal or ask the office. A lab that never starts without an order sets require_rx = true.",
    ),
    FindingDoc(
        "completeness.physical",
        "info",
        "Something may come by courier",
        "The order announces a physical item, or this kind of work often needs one that a scan cannot replace.",
        "A full denture: border moulding may want an impression.",
        "Wait for the parcel, or ask whether one is coming.",
    ),
    FindingDoc(
        "rx.no-reference",
        "info",
        "Nothing says whose case this is",
        "Neither an order number nor a patient's name or number came with the scans.",
        "Loose meshes named upper.stl and lower.stl.",
        "Ask the office for its order number. A lab that files by it sets require_reference = true.",
    ),
    FindingDoc(
        "colour.lost",
        "info",
        "The colours of a scan are lost",
        "The file says that it is coloured, but most of its surface is plain black: its colours are no numbers (NaN), or a "
        "program wrote the field and never filled it. The shape is judged as ever.",
        "A PLY whose red, green and blue are NaN.",
        "Nothing, where colours are not needed; else ask for the export again.",
    ),
    FindingDoc(
        "identity.arch-swapped",
        "warning",
        "A scan looks like the other arch than its name says",
        "Seen from the biting side a palate fills the outline of an upper arch, the place of the tongue stays empty in a "
        "lower one. A single scan named upper without a palate is only a note: it may be an upper arch scanned without it.",
        "The file named lower shows a palate.",
        "Look at the scan; correct its arch, or ask the office which is which.",
    ),
    FindingDoc(
        "identity.duplicate",
        "error",
        "One arch came twice, the other is missing",
        "Two files that should show two arches hold the same bytes, the same surface moved to another place, or (a warning) "
        "surfaces that lie on each other almost everywhere. Two identical bite scans are a warning too.",
        "upper.stl and lower.stl are copies of one file.",
        "Ask the office for the missing arch.",
    ),
    FindingDoc(
        "identity.not-a-scan",
        "warning",
        "A file posing as an arch is no scan of the mouth",
        "A scan is an open surface with the height of teeth. A plane is an error; a closed or based model, a design and "
        "separate closed crowns are warnings.",
        "A closed plaster model named upper.stl.",
        'Ask for the scan itself. A lab that scans plaster models sets profile = "model-scan".',
    ),
    FindingDoc(
        "identity.mirrored",
        "warning",
        "The surface is inside out, as in a mirrored export",
        "The outline of an arch lies on its gum side. Here it lies on the side that the faces call the biting side: the scan "
        "was mirrored without turning its faces, or turned inside out. A scan mirrored with its faces turned, and the "
        "whole case with it, cannot be told from another person.",
        "An STL written by a program that swaps two axes.",
        "Ask for a new export straight from the scanner's software.",
    ),
    FindingDoc(
        "bite.frames",
        "warning",
        "Upper and lower do not stand in occlusion",
        "They face the same way, stay apart, or run through each other: each lies in a frame of its own. It is a note where "
        "a bite scan came and nothing promised a common frame: then CAD aligns them.",
        "Both arches exported with their teeth upwards, for model making.",
        "Ask for an export in occlusion, or for the bite scan.",
    ),
    FindingDoc(
        "bite.contacts",
        "info",
        "Where the teeth touch",
        "The area within a tenth of a millimetre of the other arch, by side. Coarse nets cut off cusps; the distance is "
        "widened by what theirs can lose.",
        "Right 15 mm², left 14 mm², front 2 mm².",
        "Nothing to do: compare with the marks of the articulating paper.",
    ),
    FindingDoc(
        "bite.open",
        "warning",
        "The teeth do not meet anywhere",
        "The arches stand in occlusion, but apart. For splints it is a note: their bite is taken open.",
        "A bite scanned with the jaws not quite closed: 0.4 mm of air everywhere.",
        "Ask for the bite again with the teeth firmly closed.",
    ),
    FindingDoc(
        "bite.no-contact",
        "warning",
        "The teeth do not meet on one side",
        "Both arches were scanned on that side, and the gap there is wider than the limit: the bite is tilted.",
        "Contact on the left, 0.5 mm of air on the right.",
        "Ask for the bite again on both sides.",
    ),
    FindingDoc(
        "bite.penetration",
        "warning",
        "The arches run into each other",
        "The lower arch lies behind the surface of the upper one, deeper than the limit over more than the smallest area. "
        "Intraoral bites do this a little; crowns made in such a bite are too low.",
        "0.5 mm over 20 mm².",
        "Ask for the bite again, or let CAD separate the arches.",
    ),
    FindingDoc(
        "bite.clearance",
        "warning",
        "Too little room over a preparation",
        "The tooth's place is found along the arch; over its middle the antagonist is nearer than the ordered material needs. "
        "A tooth that was not cut down has none at all. Only whole arches are judged: on a partial scan a place may be the "
        "neighbour's.",
        "0.6 mm over 26, zirconia needs 1 mm.",
        "Ask for more reduction, another material, or leave to work on the antagonist.",
    ),
    FindingDoc(
        "bite.scan-off",
        "warning",
        "A bite scan does not lie on the arches",
        "It was aligned wrongly, belongs to another case, or lies on one arch only.",
        "Half of the bite scan lies 1.2 mm from the arches.",
        "Ask for the bite to be aligned or scanned again.",
    ),
    FindingDoc(
        "bite.alternative",
        "info",
        "A scan shows another bite position than the one in which the arches stand",
        "Every bite scan is laid on the upper and on the lower arch, every further scan of an arch on the measured one; what "
        "remains between the two is another position of the lower arch. A note where another bite scan confirms how the "
        "arches stand, or where the position comes from a further scan of an arch; a warning where no bite scan does.",
        "bite-3 shows the lower arch 2.1 mm from where it stands, 1.8 mm wider open; the arches stand as in bite-1.",
        "Ask which position counts, or choose it in CAD.",
    ),
    FindingDoc(
        "identity.different-patients",
        "warning",
        "The bite belongs to one of the arches and not to the other",
        "The bite scans lie firmly on one arch, and no position brings the rest of them onto the other arch: its teeth are of "
        "another shape. Claimed only with bite scans over several teeth of both arches; a bite that was scanned before "
        "many teeth were prepared looks alike.",
        "70 % of the bite scan's lower half lies on the lower arch at best, 90 % and more are usual.",
        "Look whether all scans are of one patient and one visit; ask the office.",
    ),
    FindingDoc(
        "implant.unknown",
        "info",
        "The order names an implant that the laboratory's table does not hold",
        "System or platform are not in the table (casepan's own short list under rules/implants.toml beside lab.toml), or "
        "are called by another name there. It is a warning where the laboratory calls its table complete.",
        "The order says BLT: probably Straumann Bone Level.",
        "Ask for the implant's label, or add the system to rules/implants.toml.",
    ),
    FindingDoc(
        "implant.library",
        "warning",
        "No CAD library for this implant system",
        "The laboratory's table is complete, and names no library for the system.",
        "A new system of a client's surgeon.",
        "Install the library and name it in rules/implants.toml.",
    ),
    FindingDoc(
        "implant.scan-body",
        "warning",
        "The scan body is unknown or not in its scan",
        "The order names one that the library does not know, or nothing stands off the arch in the scan that should show it.",
        "The file named scan body is the gingiva scan once more.",
        "Look at the scan; ask which scan body was used, and for a scan up to its top.",
    ),
)
