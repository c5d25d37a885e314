"""``lab.toml`` as values. Field documentation lives beside each field and feeds the JSON Schema and the reference page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

from attrs import frozen

from casepan.contract.options import ByteCount, Duration, FolderPath, Secret, option
from casepan.model.vocabulary import Kind, Material, Severity, Verdict

OnUnknown = Literal["hold", "resend"]
OnExisting = Literal["revise", "replace"]
Mode = Literal["decide", "observe"]


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


@frozen
class CalendarTable:
    """``[lab.calendar]``: when the laboratory works and how long its work takes."""

    weekend: tuple[Weekday, ...] = option(("sat", "sun"), "days of the week on which nobody works")
    closed: tuple[date, ...] = option((), "further days on which nobody works")
    lead_days: Mapping[Kind, int] = option(factory=dict, doc="kind of work to the working days it takes")
    default_lead: int = option(5, "working days that every other kind takes", minimum=0)
    transit_days: int = option(1, "days on the way to a practice", minimum=0)


@frozen
class LabTable:
    """``[lab]``: who the laboratory is and where casepan keeps its state."""

    name: str = option(doc="name of the laboratory, shown in reports and letters")
    state: FolderPath = option(FolderPath("state"), "ledger and work area; a local disk, never a share")
    timezone: str = option("UTC", "IANA zone for display, dates in names and due days")
    number: str = option("", 'pattern of case numbers, such as "{yy}-{n:05}"; empty: none are given')
    calendar: CalendarTable | None = option(None, "working days; without it no due days are worked out")
    mode: Mode = option(
        "decide", "`observe`: check everything and hold nothing; what would have been held is only recorded"
    )
    name_index: bool = option(True, "keep an index for `casepan find NAME`; false removes it")
    workers: int = option(2, "child processes that work at the same time", minimum=1)
    min_free: ByteCount = option(ByteCount(1 << 30), "free space below which intake pauses")
    keep_days: int = option(
        90, "days after which `casepan purge` may remove finished cases from the state folder", minimum=1
    )
    remind_after: Duration = option(
        Duration(86400.0), "how long an office may stay silent before a case that waits for it is listed"
    )


@frozen
class AdapterTable:
    """``[adapters.NAME]``: enables a plugin; nothing else is imported."""

    max_parallel: int | None = option(None, "cases of this adapter in work at the same time", minimum=1)
    closed: Literal["advise", "accept"] = option(
        "advise", "`accept` when the lab owns the vendor's software: a closed file is then a complete arrival"
    )
    with_: Mapping[str, Mapping[str, Any]] = option(
        factory=dict,
        doc='options of its readers and observers by the part after the dot: `{ order = { prefer = "raw" } }`',
    )


@frozen
class When:
    """``when``: a step, export or pipeline takes part only for cases that match every key; any listed value will do."""

    kind: tuple[Kind, ...] = option((), "kinds of work items, one match is enough")
    material: tuple[Material, ...] = option((), "materials of work items, one match is enough")
    practice: tuple[str, ...] = option((), "ids of practices")
    adapter: tuple[str, ...] = option((), "adapters that recognised the case")
    verdict: tuple[Verdict, ...] = option((), "verdicts")
    rush: bool | None = option(None, "true: only rush cases; false: all others")
    closed: bool | None = option(
        None, "true: only cases with files that only the vendor's software reads; false: all others"
    )
    destination: bool | None = option(
        None,
        "for exports. true: only cases whose practice names this export as its `destination`; false: only those that name none",
    )


@frozen
class Retry:
    """``retry``: how often and how fast a delivery is tried again. Delays double, with jitter, up to ``max_delay``."""

    attempts: int = option(5, "tries in all, the first included", minimum=1)
    first_delay: Duration = option(Duration(30.0), "pause before the second try")
    max_delay: Duration = option(Duration(1800.0), "longest pause")


@frozen
class ImportStep:
    """``[[pipelines.NAME.import]]``."""

    use: str = option(doc="name of an importer that watches, such as `core.inbox`")
    with_: Mapping[str, Any] = option(factory=dict, doc="options of the importer")
    id: str = option("", "unique name of the step; defaults to the part of `use` after the dot")


@frozen
class Step:
    """``[[pipelines.NAME.steps]]``: a validator or a transformer."""

    use: str = option(doc="name of a validator or transformer")
    with_: Mapping[str, Any] = option(factory=dict, doc="options of the stage")
    id: str = option("", "unique name of the step; defaults to the part of `use` after the dot")
    fail_on: Severity | None = option(None, "stop the case here when a finding of this severity or worse comes up")
    hold: Literal["review", "office"] | None = option(None, "hold the case when this step finds a warning or an error")
    when: When | None = option(None, "only for cases that match")


@frozen
class Export:
    """``[[pipelines.NAME.export]]``: one destination; each case and export is a delivery of its own."""

    use: str = option(doc="name of an exporter")
    with_: Mapping[str, Any] = option(factory=dict, doc="options of the exporter")
    id: str = option("", "unique name of the export; defaults to the part of `use` after the dot")
    on: tuple[Verdict, ...] = option(("accept",), "verdicts that this destination takes")
    after: tuple[str, ...] = option((), "ids of exports that must have their receipt first")
    parallel: int = option(2, "deliveries to this destination at the same time", minimum=1)
    rate: int | None = option(None, "deliveries a minute at most", minimum=1)
    time_limit: Duration = option(Duration(600.0), "hard limit of one delivery")
    on_unknown: OnUnknown = option("hold", "when nobody can tell whether it arrived: hold for a person, or send again")
    on_existing: OnExisting = option("revise", "a later revision goes to NAME-r2, or replaces what is there")
    retry: Retry = option(factory=Retry, doc="how to try again")
    when: When | None = option(None, "only for cases that match")


@frozen
class Pipeline:
    """``[pipelines.NAME]``: from one or more inboxes through steps to destinations."""

    name: str = option("", "the table's own name")
    description: str = option("", "one sentence for people")
    import_: tuple[ImportStep, ...] = option((), "where cases come from")
    steps: tuple[Step, ...] = option((), "validators and transformers, in order")
    export: tuple[Export, ...] = option((), "destinations")
    attempts: int = option(3, "tries before a case that crashes or runs out of time goes to quarantine", minimum=1)
    time_limit: Duration = option(Duration(900.0), "hard limit of one attempt")
    memory_limit: ByteCount = option(ByteCount(4 << 30), "memory one attempt may use")
    priority: int = option(0, "higher runs first")
    mode: Mode | None = option(None, "`decide` or `observe` for this pipeline alone; otherwise that of `[lab]`")
    when: When | None = option(None, "only for cases that match")


@frozen
class Lab:
    """All of ``lab.toml``.

    Attributes:
        path: the file it was read from; relative paths in it count from ``path.parent``.
        verdict: finding code to verdict, before the default (error rejects, warning asks for review).
    """

    version: int = option(doc="version of the file's own format: 1")
    lab: LabTable = option(doc="who and where")
    adapters: Mapping[str, AdapterTable] = option(factory=dict, doc="plugins in use")
    secrets: Mapping[str, Secret] = option(factory=dict, doc="named references to secrets")
    verdict: Mapping[str, Verdict] = option(factory=dict, doc="finding code to verdict")
    pipelines: Mapping[str, Pipeline] = option(factory=dict, doc="pipelines by name")
    path: Path = option(Path("lab.toml"), "where it was read from; not part of the file")

    @property
    def base(self) -> Path:
        """The folder that relative paths count from."""
        return self.path.resolve().parent

    @property
    def state(self) -> Path:
        """The state folder."""
        return self.base / self.lab.state
