"""The sections to look things up in: decisions, answers, the revision before, the client, files and receipts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from casepan.api import Change, Practice, Scan
from casepan_report import pictured, words
from casepan_report.contents import Report
from casepan_report.markup import Child, Html, foreign, note, tag

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DECIDED = {"accept": "accepted", "reject": "rejected", "contact": "asked the practice", "close": "closed"}


def sections(report: Report) -> Sequence[Html]:
    """Those that have something to say."""
    inside = (client(report), decided(report)) if report.internal else ()
    parts = (changes(report), *inside, receipts(report), provenance(report), files(report))
    return [part for part in parts if part is not None]


def changes(report: Report) -> Html | None:
    """What this revision changed."""
    changed = report.case.desk.changes
    if not changed:
        return None
    rows = [_changed(change, report) for change in changed]
    title = f"Changes since revision {report.before or report.case.revision - 1}"
    table = _table(("what", "how", "before", "now"), rows)
    return tag("section", tag("h2", title), pictured.revised(report), table, id="changes", class_="card")


def _changed(change: Change, report: Report) -> Sequence[Child]:
    """What, how, before and now; a scan that is described alike is only told by its distance."""
    scan = next((scan for scan in report.case.scans if change.what == "scan" and scan.id == change.name), None)
    name = words.scan(scan) if scan else tag("code", change.name)
    alike = change.before == change.after
    before, after = (None, None) if alike else (change.before, change.after)
    far = tag("span", f"up to {words.number(change.distance_mm)} mm apart") if change.distance_mm is not None else None
    return name, change.how, _value(before), [_value(after), " ", far] if after or not far else far


def _value(text: str | None) -> Html:
    return foreign(text) if text else tag("span", "–")


def client(report: Report) -> Html | None:
    """What this practice always wants."""
    practice = report.case.client
    if practice is None:
        return None
    rows = [[tag("dt", name), tag("dd", foreign(value))] for name, value in _wishes(practice) if value]
    wishes = practice.defaults.design_notes
    return tag(
        "section",
        tag("h2", "What this practice wants"),
        note(wishes) if wishes else None,
        tag("dl", rows, class_="pairs"),
        id="client",
        class_="card",
    )


def _wishes(practice: Practice) -> Iterable[tuple[str, str | None]]:
    materials = (f"{kind.replace('-', ' ')}: {material}" for kind, material in practice.defaults.material.items())
    days = (_WEEKDAYS[day] for day in practice.ship_days if 0 <= day < 7)
    return (
        ("Shade guide", practice.defaults.shade_guide),
        ("Material", ", ".join(materials)),
        ("Formats", ", ".join(practice.formats)),
        ("Ship on", ", ".join(days)),
        ("Language", practice.language),
        ("Telephone", practice.phone),
        ("E-mail", practice.email),
    )


def decided(report: Report) -> Html | None:
    """Who decided and answered what, oldest first."""
    desk = report.case.desk
    rows: list[Sequence[Child]] = [
        (
            report.when(decision.at),
            foreign(decision.by),
            _DECIDED.get(decision.what, decision.what),
            [note(decision.note) if decision.note else None, _overruled(decision.overruled)],
        )
        for decision in desk.decisions
    ]
    rows += [
        (
            report.when(answer.at),
            foreign(answer.by),
            ["set ", tag("code", answer.target)],
            _answer(answer.value, answer.note),
        )
        for answer in desk.answers
    ]
    if not rows:
        return None
    table = _table(("when", "who", "what", "why"), rows)
    return tag("section", tag("h2", "Decisions and answers"), table, id="decisions", class_="card")


def _overruled(codes: Sequence[str]) -> Html | None:
    return tag("p", "although: ", ", ".join(codes), class_="fine") if codes else None


def _answer(value: str, why: str) -> Html:
    return tag("div", tag("p", tag("b", foreign(value))), note(why) if why else None)


def receipts(report: Report) -> Html | None:
    """What destinations have confirmed, and what is to be done there."""
    if not report.receipts:
        return None
    rows = [
        (tag("code", name), report.when(receipt.at), foreign(receipt.place), _proof(receipt.proof))
        for name, receipt in sorted(report.receipts.items())
    ]
    table = _table(("to", "confirmed", "place", "what it said, what to do"), rows)
    return tag("section", tag("h2", "Handed on"), table, id="receipts", class_="card")


def _proof(proof: Mapping[str, str]) -> Html:
    """Each line by itself: among them are the steps that a person does next, and what was not carried."""
    rows = [[tag("dt", words.capital(name)), tag("dd", foreign(value))] for name, value in proof.items()]
    return tag("dl", rows, class_="pairs")


def provenance(report: Report) -> Html | None:
    """How the case was recognised and where its words come from."""
    case = report.case
    facts = [
        ("Recognised by", f"{case.origin.stage} ({case.origin.confidence})" if case.origin.stage else ""),
        ("Arrived as", case.origin.arrival or ""),
        ("Pipeline", case.origin.pipeline or ""),
    ]
    for source in dict.fromkeys(case.prescription.provenance.values()):
        fields = sorted(name for name, value in case.prescription.provenance.items() if value == source)
        named = words.source(case.prescription.provenance, fields[0])
        facts.append((words.capital(named), ", ".join(field.replace("_", " ") for field in fields)))
    because = [tag("li", foreign(mark)) for mark in case.origin.evidence]
    rows = [[tag("dt", name), tag("dd", foreign(value))] for name, value in facts if value]
    if not report.internal or not rows:
        return None
    return tag(
        "section",
        tag("h2", "Where this comes from"),
        tag("dl", rows, class_="pairs"),
        tag("details", tag("summary", "Why it was recognised"), tag("ul", because)) if because else None,
        id="provenance",
        class_="card",
    )


def files(report: Report) -> Html | None:
    """Scans, closed and ignored files, and checksums."""
    case = report.case
    scans = [_scan_row(scan, report) for scan in case.scans]
    heads = ("scan", "format", "triangles", "colour", *(("file",) if report.variant != "anonymous" else ()))
    closed = [tag("li", foreign(item.file.name), f" ({item.format}): ", foreign(item.advice)) for item in case.closed]
    ignored = [tag("li", foreign(item.path), ": ", foreign(item.why)) for item in case.ignored]
    return tag(
        "section",
        tag("h2", "Files"),
        _table(heads, scans) if scans else tag("p", "There is no scan in this case.", class_="calm"),
        [tag("h3", "Only the vendor's software can open"), tag("ul", closed, class_="plain")] if closed else None,
        [_folded("Left aside", tag("ul", ignored)) if ignored else None, _checksums(report)]
        if report.internal
        else None,
        id="files",
        class_="card",
    )


def _scan_row(scan: Scan, report: Report) -> Sequence[Html | str]:
    known = {shape.scan.id: len(shape.mesh.faces) for shape in report.shapes.shown}
    faces = known.get(scan.id, scan.faces)
    title = words.scan(scan) if scan.preferred else f"{words.scan(scan)}, carried along"
    row: tuple[Html | str, ...] = (title, scan.format, f"{faces:,}" if faces is not None else "–", scan.colour or "–")
    return (*row, foreign(scan.file.name)) if report.variant != "anonymous" else row


def _checksums(report: Report) -> Html:
    case = report.case
    listed = [(words.scan(scan), scan.file) for scan in case.scans]
    listed += [(item.id, item.file) for item in case.attachments]
    listed += [(item.id, item.file) for item in case.artifacts]
    rows = [(name, words.count(file.size, "byte"), tag("code", file.sha256)) for name, file in listed]
    rows.append(("the whole case", "", tag("code", case.digest)))
    return _folded("Checksums (SHA-256)", _table(("file", "size", "sum"), rows))


def _folded(title: str, body: Html) -> Html:
    return tag("details", tag("summary", title), body)


def _table(heads: Sequence[str], rows: Iterable[Sequence[Child]]) -> Html:
    """A table whose cells carry their heading for narrow screens."""
    first, *others = heads
    head = tag("tr", [tag("th", name, scope="col") for name in heads])
    body = [tag("tr", tag("th", row[0], scope="row", data_label=first), _cells(others, row[1:])) for row in rows]
    return tag("table", tag("thead", head), tag("tbody", body))


def _cells(heads: Sequence[str], cells: Sequence[Child]) -> list[Html]:
    return [tag("td", cell, data_label=name) for name, cell in zip(heads, cells, strict=True)]
