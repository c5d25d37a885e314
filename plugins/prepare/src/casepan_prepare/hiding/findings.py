"""The pages of the finding codes of ``prepare.pseudonymise``."""

from __future__ import annotations

from casepan.api import FindingDoc

FINDINGS = (
    FindingDoc(
        "privacy.pseudonymised",
        "info",
        "Names were replaced by pseudonyms",
        "prepare.pseudonymise has run: the finding counts the files that were cleaned and searched. The laboratory's own "
        "record of the case, under the same case number, still says who it is.",
        "Files cleaned and searched without finding a name: 4.",
        "Nothing to do. The same key gives the same patient the same pseudonym in every case.",
    ),
    FindingDoc(
        "privacy.left-out",
        "info",
        "A file was left out, because nobody can say that no name is in it",
        "It cannot be opened and cleaned (closed formats, PDF, pictures, archives, passwords), or a name was still found in it "
        "after cleaning. The file itself is not named, since its name may be the patient's. Scans and closed files are a "
        "warning, documents and pictures a note.",
        "3 PDF files were left out.",
        "Hand on what is needed by another way, or ask the sender for an open export (STL, PLY, OBJ).",
    ),
)
