"""The pages of the codes about surfaces, coverage and margins."""

from __future__ import annotations

from casepan.api import FindingDoc

_AGAIN = "Ask the office to scan this place again and to send the scan anew."
_EXPORT = "Ask the office to export again at full resolution; casepan's own steps (prepare.*) can repair small places."

GEOMETRY = (
    FindingDoc(
        "colour.moisture",
        "warning",
        "Colours look like water or blood",
        "Large parts are blown out to white, or a patch is as dark red as blood. Both hide the true surface.",
        "A scan with 9 % white surface in the floor of the mouth.",
        "Ask the office to dry the field, stop the bleeding and scan this place again.",
    ),
    FindingDoc(
        "coverage.distal-cut",
        "warning",
        "The scan ends at the back of an ordered molar",
        "The scanner did not go round the last tooth, so its distal margin or contact is not in the file.",
        "0 mm of surface behind tooth 17.",
        "Ask the office to scan round the back of this tooth.",
    ),
    FindingDoc(
        "coverage.gum-band",
        "warning",
        "Too little gum beside an ordered tooth",
        "The scan ends close to the line where crown and gum meet. The line is found by its crease and measured over the tooth "
        "and its neighbours to about a millimetre.",
        "1.4 mm of gum on the cheek side of 24, limit 3 mm.",
        "Ask the office to scan further down.",
    ),
    FindingDoc(
        "coverage.palate-band",
        "warning",
        "Too little palate for this work",
        "A denture or an appliance rests on the palate, and the scan shows only a narrow band inside the back teeth.",
        "6 mm, limit 8 mm, for a partial denture.",
        "Ask the office to scan more of the palate.",
    ),
    FindingDoc(
        "coverage.ridge",
        "warning",
        "Part of the arch is missing",
        "A denture or an appliance needs the whole arch from second molar to second molar.",
        "71 % of the arch for a night guard.",
        "Ask the office for a scan of the full arch.",
    ),
    FindingDoc(
        "coverage.tooth-in-hole",
        "warning",
        "An ordered tooth has a hole",
        "A place on the crown was not scanned.",
        "A hole of 2.3 mm on tooth 24, which is to get a crown.",
        "Ask the office to scan this tooth again.",
    ),
    FindingDoc(
        "coverage.tooth-outside",
        "warning",
        "A tooth that matters is not in the scan",
        "Teeth are counted off along the arch by their mean widths. The place of an ordered tooth, its neighbour or its "
        "opponent lies past the end of the scan.",
        "Tooth 16 is ordered, and the scan ends at 14.",
        "Ask the office to scan this part as well, or check the tooth number of the order.",
    ),
    FindingDoc(
        "coverage.unknown",
        "info",
        "Nobody can tell whether the scan shows what is ordered",
        "No row of teeth stands out, or a partial scan ends so near the tooth that counting cannot decide. A warning when no "
        "row was found in a scan that must show an ordered tooth.",
        "A scan of the front teeth with an order for 14.",
        "Look at the scan.",
    ),
    FindingDoc(
        "insertion.parallel",
        "info",
        "Prepared teeth of one bridge are not parallel",
        "The axis of a prepared tooth is the direction all round which most of its surface stands as tapered walls do. Found to "
        "about three degrees, on whole arches; not told of a stump that has an undercut along its own axis. Advice only.",
        "The axes of 14 and 16 differ by 27 degrees.",
        "Look at the path of insertion before designing; ask the office where it is not free.",
    ),
    FindingDoc(
        "insertion.undercut",
        "info",
        "A tooth has an undercut along the best path of insertion",
        "The path is the one along which the least of all its teeth leans over. Of a prepared tooth only what stands apart "
        "from its neighbours is looked at, of others the crown down to near the gums; what lies deeper is not judged. "
        "Advice only: clasps need undercuts.",
        "Tooth 16 has an undercut of 0.4 mm, 3 mm², along the best path of the bridge 14 to 16.",
        "Block it out, use it for a clasp, or ask whether the tooth can be prepared further.",
    ),
    FindingDoc(
        "margin.missing",
        "warning",
        "No preparation where one is ordered",
        "A crown was ordered, but the tooth at that place is as high as its neighbours, or little lower and as broad as the "
        "same tooth on the other side: the tooth number is wrong, or this is "
        "the scan from before the preparation. Worn or over-erupted neighbours can mislead it; in a scan of few teeth it is a "
        "note.",
        "Tooth 24 is 0.1 mm lower than its neighbours, limit 1 mm.",
        "Check the tooth number, and ask for the scan of the preparation.",
    ),
    FindingDoc(
        "margin.unclear",
        "warning",
        "The finish line cannot be seen all round",
        "A hole lies beside the preparation, where its finish line runs. How sharp the line is and whether gums cover it is "
        "not judged: look at it.",
        "A hole of 0.9 mm at the finish line of tooth 24.",
        "Ask the office to retract, dry and scan the preparation again.",
    ),
    FindingDoc(
        "mesh.coarse",
        "warning",
        "The triangles are too large",
        "The file was thinned out, or the scanner exported a low level. Judged by the length of edges, never by the number "
        "of triangles; at a prepared tooth more is asked.",
        "A median edge of 1.4 mm.",
        _EXPORT,
    ),
    FindingDoc(
        "mesh.double-layer",
        "warning",
        "Two layers of surface lie on one another",
        "The scanner lost its place and put the same surface down twice. Thin ledges do not count.",
        "Two sheets 0.15 mm apart, 3 mm wide, on tooth 16.",
        _AGAIN,
    ),
    FindingDoc(
        "mesh.flipped",
        "warning",
        "Part of the surface is inside out",
        "Faces there are ordered against their neighbours, mostly by an export or a repair.",
        "12 mm² on tooth 24.",
        _EXPORT,
    ),
    FindingDoc(
        "mesh.hole",
        "warning",
        "There is a hole in the surface",
        "A place was not scanned. The rim of an open scan is no hole; bites may have holes. Smaller ones pass, and on gums "
        "more passes than on teeth.",
        "A hole of 2.1 mm on tooth 24.",
        _AGAIN,
    ),
    FindingDoc(
        "mesh.island",
        "warning",
        "A loose part floats beside the scan",
        "A glove, a cheek or a stitching error. Small scraps are normal and pass.",
        "A part of 60 mm² beside an upper arch.",
        "Look whether it hides something; otherwise it can be cut away (prepare.repair).",
    ),
    FindingDoc(
        "mesh.noise",
        "warning",
        "The whole surface is rough",
        "Points scatter more than scanners and the density of this scan explain.",
        "0.09 mm of noise at a median edge of 0.2 mm.",
        "Ask whether the scanner was calibrated.",
    ),
    FindingDoc(
        "mesh.non-manifold",
        "warning",
        "More than two faces meet in many edges",
        "Sheets were sewn together, or faces were doubled, by an export or a repair.",
        "240 such edges.",
        _EXPORT,
    ),
    FindingDoc(
        "mesh.self-intersection",
        "warning",
        "The surface runs through itself",
        "Sheets cross, or a deep fold was left where stitching failed. Single triangles pass, and so do creases of less than "
        "0.1 mm, which noise makes of fine ones.",
        "The surface runs through itself over 6.2 mm, between two teeth.",
        _AGAIN,
    ),
    FindingDoc(
        "mesh.spike",
        "warning",
        "A single point sticks out",
        "A reflection or a repair left a needle.",
        "A spike of 1.8 mm on tooth 11.",
        "It can be smoothed away unless it stands on a margin.",
    ),
)
