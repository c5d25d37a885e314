"""The page of every finding code that core can raise."""

from __future__ import annotations

from casepan.contract.specs import FindingDoc

FINDINGS = (
    FindingDoc(
        "arrival.unrecognised",
        "error",
        "Nobody knows this arrival",
        "No enabled adapter recognises the files, and they hold no STL, PLY or OBJ that could be taken as they are.",
        "A folder with a PDF and a video only.",
        "Look what the sender wrote. If the files come from a scanner, enable its adapter (casepan adapters) or ask for an "
        "export as STL or PLY.",
    ),
    FindingDoc(
        "arrival.ambiguous",
        "warning",
        "It is not clear whose arrival this is, or which files belong together",
        "Two adapters claim the same files with equal confidence, or loose files of more than one patient lie side by side.",
        "Four loose meshes in the inbox, two of them named upper.",
        "Put each case into a folder of its own and drop it again, or disable the adapter that is wrong.",
    ),
    FindingDoc(
        "arrival.unreadable",
        "error",
        "The arrival cannot be opened",
        "The zip is cut off or unsafe, a file may not be read, or an adapter could not make sense of the case's own documents.",
        "A zip whose last part is missing.",
        "Download it again or ask for it again; the message names the error code, casepan explain CODE tells more.",
    ),
    FindingDoc(
        "arrival.incomplete",
        "warning",
        "Files that the order names are missing",
        "The order or manifest lists files that did not arrive, also after waiting.",
        "An iTero manifest names the lower arch, the zip holds the upper one only.",
        "Download the case again, or ask the office to send it again.",
    ),
    FindingDoc(
        "case.no-route",
        "warning",
        "No way leads on from here",
        "The pipeline's when does not match the case, or every destination leaves it out by its when or on.",
        'An aligner case in the inbox of a pipeline with when = { kind = ["crown"] }.',
        "Look at the case. Add a destination or widen when in lab.toml and try the case again (casepan quarantine retry), or "
        "move it to the right inbox and cancel it here.",
    ),
    FindingDoc(
        "case.revised",
        "warning",
        "New content for a case that was handed on",
        "The same case came again with other scans or another order, or somebody answered it, after an earlier revision had "
        "gone to its destinations. Work there may have begun.",
        "A rescan of the upper arch of a case that is in CAD: upper-preparation changed (0.84 mm).",
        "Compare what changed (casepan cases show). Accepted, the new revision goes to a place of its own (-r2) beside the "
        "old one; nothing is overwritten.",
    ),
    FindingDoc(
        "case.maybe-duplicate",
        "warning",
        "The same scan came under another name",
        "A scan of this case is byte for byte one of an earlier case that has another name, order number or adapter.",
        "The office uploaded to the portal and sent the same files by mail.",
        "If it is the same case, say so: casepan cases duplicate-of. If not, accept it; a remake of an old case is linked with "
        "casepan cases remake.",
    ),
    FindingDoc(
        "case.maybe-completes",
        "warning",
        "It holds just what another case waits for",
        "A case of the same patient or order is held because a scan is missing, and this arrival holds such a scan and "
        "nothing else. casepan never joins them by guess.",
        "A bite scan alone, an hour after upper and lower came without one.",
        "Join them with casepan cases merge, or accept this one as a case of its own.",
    ),
    FindingDoc(
        "case.answer-dropped",
        "warning",
        "An answer does not count for the new revision",
        "The laboratory answered an earlier revision; in this one what was asked about is gone, or its files say something "
        "else than they did then.",
        "The lab had set tooth 26 by telephone; the new order says 27.",
        "Look which one is right, and answer again if the lab's answer still holds.",
    ),
    FindingDoc(
        "arrival.no-scans",
        "error",
        "A case without a scan",
        "The order or its documents arrived, the meshes did not.",
        "A DentalCase.xml alone in its folder.",
        "Ask the office for the scans, or download the case again.",
    ),
    FindingDoc(
        "rx.unreadable",
        "error",
        "The rx file cannot be read",
        "The rx.toml or rx.json beside the export (or after --rx) is no valid file of its kind, and nobody should work on half "
        "an order. Each problem in it is a finding of its own.",
        "rx.toml names a key that does not exist.",
        "Correct the file (casepan schema rx) and drop the case again.",
    ),
    FindingDoc(
        "arrival.assumed",
        "info",
        "Roles were read from file names only",
        "No adapter knows this scanner's layout, so upper, lower and bite were taken from words in the names.",
        "Smith_oberkiefer.stl was taken for the upper arch.",
        "Check the roles. If they are wrong, rename the files and drop them again.",
    ),
    FindingDoc(
        "format.closed",
        "warning",
        "A file that only its vendor's software can open",
        "The scanner wrote its own closed format. casepan carries it along untouched and cannot look at the geometry.",
        "A DXD of Primescan, an encrypted DCM of 3Shape.",
        "Ask for an open export; the finding says which menu makes one. A lab that owns the vendor's software sets "
        'closed = "accept" for that adapter.',
    ),
    FindingDoc(
        "format.loss",
        "warning",
        "Something does not fit into the target format",
        "The format that the pipeline converts to cannot hold what the scan has, or holds it in another shape only: a "
        "texture baked to vertices keeps its colours as far as the triangles are fine enough, and the finding says how far.",
        "A coloured PLY converted to STL loses its colour. A texture baked to vertices is within ΔE 3.1 on 95 % of the surface.",
        'Convert to PLY, or set colour = "drop" when the colour is not wanted. For colours that were baked, set '
        'colour = "keep", or a larger colour_error when shades are not read from the scan.',
    ),
    FindingDoc(
        "colour.missing-texture",
        "warning",
        "The picture with a scan's colours did not come",
        "The mesh names an image (or a material file) that is not in the arrival.",
        "A PLY with the comment TextureFile upper.jpg, and no upper.jpg.",
        "Ask for the picture, or go on without colour.",
    ),
    FindingDoc(
        "rx.conflict",
        "warning",
        "The order and the rx file differ",
        "rx.toml or rx.json beside the export says something else than the scanner's own order.",
        "The order says tooth 26, the rx file says 27.",
        "Ask the office which one is right; the scanner's order is used until then.",
    ),
    FindingDoc(
        "rx.from-sheet",
        "info",
        "Read from the prescription sheet",
        "The export's own files leave something open that a sheet beside them says: practice, order number, due day. "
        "Sheets are made for people, so what is read from them is worth a look.",
        "The practice stands only in the PDF beside the scans.",
        "Compare it with the sheet, which is attached to the case.",
    ),
    FindingDoc(
        "arrival.teeth-from-name",
        "info",
        "The teeth were read from a name",
        "The export holds no order, but teeth are marked with # in its name, in a notation that leaves no doubt.",
        "A folder named with #46 at its end: there is no 46 in Universal numbers.",
        "Compare with the order form.",
    ),
    FindingDoc(
        "arrival.teeth-marked",
        "warning",
        "Teeth are marked in a name, and the notation is open",
        "The export holds no order. Numbers are marked with # in its name, but they are teeth in FDI and in Universal "
        "notation, and nothing says which is meant. Nothing is ordered until somebody says it.",
        "A folder named with #26: upper left first molar in FDI, lower right lateral incisor in Universal numbers.",
        "Say the teeth with `casepan cases set`, or put an rx.toml beside the export.",
    ),
    FindingDoc(
        "practice.unknown",
        "warning",
        "Nobody knows whose case this is",
        "practices.toml lists the clients, and none of them fits what the order says of its sender, or more than one.",
        "The order names Bright Smiles 2; practices.toml knows Bright Smiles.",
        "`casepan practices link CASE ID --by NAME` says whose it is, and remembers it for the next cases.",
    ),
    FindingDoc(
        "practice.defaults",
        "info",
        "Wishes of the practice filled the order",
        "The order leaves a field open that practices.toml has a wish for. What the order says is never changed.",
        "No material is ordered for the crown; the practice wants zirconia.",
        "Nothing, or correct the order with `casepan cases set`.",
    ),
    FindingDoc(
        "practice.list-broken",
        "info",
        "practices.toml cannot be read",
        "Somebody changed the file while casepan runs, and it does not fit any more. The last good version stays in use.",
        "A quotation mark is missing in practices.toml.",
        "`casepan practices list` names every problem with its line.",
    ),
    FindingDoc(
        "completeness.missing-scan",
        "error",
        "A scan that is needed did not come",
        "An arch or the bite is missing, or no file name says which arch a scan shows.",
        "Upper and lower came, but no bite, and nothing says that they share one frame.",
        "Ask the office for the missing scan.",
    ),
    FindingDoc(
        "mesh.unreadable",
        "error",
        "A scan cannot be read",
        "The file is empty, cut off, damaged, or not what its name says.",
        "An STL that ends in the middle of a triangle.",
        "Ask for the export again; a download that broke off is the usual reason.",
    ),
    FindingDoc(
        "mesh.not-finite",
        "error",
        "Coordinates that are no numbers",
        "The file holds NaN or infinite coordinates.",
        "A vertex at nan nan nan.",
        "Ask for the export again.",
    ),
    FindingDoc(
        "mesh.face-count",
        "error",
        "Too few or too many triangles",
        "The scan has fewer triangles than any scan, or more than the lab's limit.",
        "A cube of 12 triangles named upper.stl.",
        "Check that the file is a scan; raise the limit of core.mesh-sanity if it is.",
    ),
    FindingDoc(
        "mesh.extent",
        "error",
        "Too small or too large for a scan",
        "The longest side is outside what can come from a mouth.",
        "An upper arch of 0.06 mm: the file is in metres.",
        "Check the unit of the export.",
    ),
    FindingDoc(
        "identity.unit",
        "error",
        "The file is in another unit",
        "An arch measures 50 to 95 mm; this one does so only in another unit.",
        "Longest side 6.5: centimetres.",
        "Ask for an export in millimetres. casepan never rescales a scan by guess.",
    ),
)
