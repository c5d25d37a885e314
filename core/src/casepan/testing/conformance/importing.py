"""Rules for importers: what must hold for every sample of an adapter."""

from __future__ import annotations

import re
from collections.abc import Iterator

from attrs import fields

from casepan.errors import StateError
from casepan.model.case import Case
from casepan.model.documents import dumps, from_document, to_document
from casepan.model.prescription import Prescription, WorkItem
from casepan.model.vocabulary import PROVENANCES
from casepan.testing.conformance.observing import Observed, registry

Found = Iterator[str]
_SCAN_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_NO_PROVENANCE = {"id", "items", "raw", "provenance"}
_EMPTY: tuple[object, ...] = (None, "", (), "unknown", "other", False)


def reads_without_an_error(seen: Observed) -> Found:
    """Recognising and reading a sample of its own raises nothing."""
    if seen.error:
        yield f"raised {seen.error}"


def recognised_as_expected(seen: Observed) -> Found:
    """The adapter claims its samples, once per case, and stays silent on those that are not its own."""
    expected = seen.sample.expected
    claimed = {claim.stage for claim in seen.claims}
    own = expected.stage is not None and expected.stage.partition(".")[0] != "core"
    if own and (claimed != {expected.stage} or len(seen.claims) != expected.cases):
        yield f"expected {expected.cases} of {expected.stage}, claimed {len(seen.claims)} of {sorted(claimed)}"
    if not own and claimed:
        yield f"expected silence, claimed {sorted(claimed)}"


def claims_name_files_of_the_arrival(seen: Observed) -> Found:
    """A claim has an identity, evidence, files that are there, and as missing only what is not there."""
    for claim in seen.claims:
        if not claim.vendor_id.strip() or not claim.evidence:
            yield "a claim without vendor_id or evidence"
        if strange := set(claim.files) - set(seen.paths):
            yield f"claims {len(strange)} files that are not in the arrival"
        if set(claim.missing) & set(claim.files):
            yield "names a file as missing and as its own"


def roles_as_expected(seen: Observed) -> Found:
    """Every scan has the role and arch that the sample tells."""
    expected = dict(seen.sample.expected.scans)
    roles = {scan.file.path: f"{scan.role}/{scan.arch or '-'}" for case in seen.cases for scan in case.scans}
    if expected and roles != expected:
        wrong = {path: roles.get(path) for path in {*roles, *expected} if roles.get(path) != expected.get(path)}
        yield f"{len(wrong)} scans are read otherwise: {wrong}"


def order_as_expected(seen: Observed) -> Found:
    """Ordered teeth, identity and number of closed files are as the sample tells."""
    expected = seen.sample.expected
    teeth = tuple(sorted({tooth for case in seen.cases for tooth in case.prescription.teeth}))
    closed = sum(len(case.closed) for case in seen.cases)
    first = seen.cases[0].key.vendor_id if seen.cases else None
    if seen.cases and teeth != expected.teeth:
        yield f"expected teeth {expected.teeth}, read {teeth}"
    if closed != expected.closed:
        yield f"expected {expected.closed} closed files, found {closed}"
    if expected.vendor_id is not None and first != expected.vendor_id:
        yield f"expected the identity {expected.vendor_id!r}, read {first!r}"


def deterministic(seen: Observed) -> Found:
    """The same bytes at another place give the same claims and the same case."""
    if seen.claims != seen.claims_again:
        yield "recognised otherwise at another place"
    if seen.cases != seen.cases_again:
        yield "read otherwise at another place"


def candidates_equal_recognition(seen: Observed) -> Found:
    """The importer's ``candidates`` names the cases that ``casepan_recognise`` names."""
    if sorted(map(_key, seen.candidates)) != sorted(map(_key, seen.claims)):
        yield "candidates() and casepan_recognise differ"


def source_untouched(seen: Observed) -> Found:
    """Nothing in the arrival is changed, added or removed."""
    if seen.before != seen.after:
        yield "the source changed"


def every_file_is_accounted_for(seen: Observed) -> Found:
    """Each file of a claim is a scan, a texture, an attachment, closed, or ignored for a reason."""
    for claim, case in zip(seen.claims, seen.cases, strict=True):
        if lost := set(claim.files) - _known(case):
            yield f"{len(lost)} files are nowhere in the case: {sorted(lost)[:3]}"
        if any(not item.why.strip() for item in case.ignored):
            yield "a file is ignored without a reason"


def names_stay_private(seen: Observed) -> Found:
    """No name of a patient, practice, file or folder is in scan ids, attachment ids, finding messages or ``repr(case)``."""
    for case in seen.cases:
        public = {
            "a scan id": " ".join(scan.id for scan in case.scans),
            "an attachment id": " ".join(item.id for item in case.attachments),
            "a finding": " ".join(finding.message for finding in case.findings),
            "repr(case)": repr(case),
        }
        secrets = _private_words(case, seen)
        for where, text in public.items():
            if told := [word for word in secrets if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE)]:
                yield f"{where} tells {told[0]!r}"


def ids_are_opaque_and_unique(seen: Observed) -> Found:
    """Scan ids are lower-case words joined by hyphens, each once in its case."""
    for case in seen.cases:
        ids = [scan.id for scan in case.scans]
        if len(ids) != len(set(ids)) or not all(_SCAN_ID.fullmatch(name) for name in ids):
            yield f"scan ids {ids}"


def provenance_is_exact(seen: Observed) -> Found:
    """Exactly the fields of the order that have a value say where it comes from."""
    for case in seen.cases:
        values: tuple[Prescription | WorkItem, ...] = (case.prescription, *case.prescription.items)
        for value in values:
            known = {name for name in _fields_of(value) if getattr(value, name) not in _EMPTY}
            told = set(value.provenance)
            if told != known or not set(value.provenance.values()) <= set(PROVENANCES):
                yield f"{type(value).__name__}: no value for {sorted(told - known)}, no origin for {sorted(known - told)}"


def findings_are_documented(seen: Observed) -> Found:
    """Every code has its page, and a finding about a scan names one of the case."""
    documented = registry().finding_docs()
    for case in seen.cases:
        ids = {scan.id for scan in case.scans} | {None}
        for finding in case.findings:
            if finding.code not in documented:
                yield f"no FindingDoc for {finding.code}"
            if finding.scan not in ids:
                yield f"{finding.code} is about {finding.scan!r}, which is no scan of the case"


def survives_as_json(seen: Observed) -> Found:
    """The case written as JSON and read back is the same case."""
    for case in seen.cases:
        try:
            dumps(to_document(case))
            again = from_document(to_document(case), Case)
        except (StateError, TypeError, ValueError) as error:
            yield f"{type(error).__name__}: {error}"
            continue
        if to_document(again) != to_document(case):
            yield "the case read back from JSON is another one"


RULES = (
    reads_without_an_error,
    recognised_as_expected,
    claims_name_files_of_the_arrival,
    roles_as_expected,
    order_as_expected,
    deterministic,
    candidates_equal_recognition,
    source_untouched,
    every_file_is_accounted_for,
    names_stay_private,
    ids_are_opaque_and_unique,
    provenance_is_exact,
    findings_are_documented,
    survives_as_json,
)


def _key(claim: object) -> str:
    return f"{claim!r}"


def _known(case: Case) -> set[str]:
    files = [scan.file for scan in case.scans] + [image for scan in case.scans for image in scan.textures]
    files += [item.file for item in case.attachments] + [item.file for item in case.closed]
    return {file.path for file in files} | {item.path for item in case.ignored}


def _fields_of(value: Prescription | WorkItem) -> Iterator[str]:
    return (field.name for field in fields(type(value)) if field.name not in _NO_PROVENANCE)


def _private_words(case: Case, seen: Observed) -> list[str]:
    """Whole names of files, and of people, practice and order; a folder's name when it is more than one plain word."""
    patient, order = case.patient, case.prescription
    people = [patient.name, patient.first, patient.last, patient.reference, patient.guid, order.practice, order.doctor]
    told = [*people, order.reference, order.licence, case.key.vendor_id]
    told += [part for name in people if name for part in re.split(r"[\s,.]+", name) if len(part) > 2]
    told += [path.replace("!", "/").rpartition("/")[2] for path in seen.paths]
    told += [part for part in {seen.arrival, *_folders(seen)} if not part.isalpha() or not part.isascii()]
    return sorted({word for word in told if word and len(word) > 2})


def _folders(seen: Observed) -> set[str]:
    return {part for path in seen.paths for part in path.replace("!", "/").split("/")[:-1]}
