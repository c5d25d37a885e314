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
        "The format that the pipeline converts to cannot hold what the scan has.",
        "A coloured PLY converted to STL loses its colour.",
        'Convert to PLY, or set colour = "drop" when the colour is not wanted.',
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
