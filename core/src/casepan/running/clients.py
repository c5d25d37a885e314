"""What the laboratory knows about who sent a case, put into the case before its steps: practice, wishes, due day."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path

from attrs import evolve

from casepan.config.lab import CalendarTable, Lab
from casepan.config.practices import FILE, WEEKDAYS, Client, parse_practices
from casepan.errors import ConfigError
from casepan.knowledge.calendar import Calendar, lab_due
from casepan.knowledge.clients import STAGE, with_client
from casepan.knowledge.numbers import zone
from casepan.model.case import Case
from casepan.model.decided import Desk
from casepan.model.finding import Finding
from casepan.running.durable import write_file
from casepan.running.intake import read_landed
from casepan.running.layout import StateFolder, base_of

LAST_GOOD = "practices-last-good.toml"
LINKED = "practices-linked.json"


def with_knowledge(case: Case, lab: Lab, state: StateFolder, arrival: str) -> Case:
    """The case with its practice, that practice's wishes, and the day by which it must leave.

    ``practices.toml`` is read anew for every case. A broken one changes nothing: the last good one stays in use.
    """
    clients, doubt = current_clients(base_of(lab.path), state)
    if clients is not None:
        case = with_client(case, clients, read_linked(state), _inbox(lab, state, arrival, case))
    return evolve(case, desk=_dated(case, lab)).with_findings(*doubt)


def current_clients(base: Path, state: StateFolder) -> tuple[tuple[Client, ...] | None, tuple[Finding, ...]]:
    """The clients as ``practices.toml`` lists them now, or as it last did when it is broken; None without any list."""
    path, kept = base / FILE, state.memory / LAST_GOOD
    try:
        data = path.read_bytes()
        clients = parse_practices(data.decode("utf-8-sig").replace("\r\n", "\n"), path)
    except FileNotFoundError:
        return None, ()
    except (ConfigError, OSError, UnicodeDecodeError):
        return _last_good(kept), (_broken(),)
    if not kept.is_file() or kept.read_bytes() != data:
        write_file(kept, data)
    return clients, ()


def _last_good(kept: Path) -> tuple[Client, ...]:
    with suppress(ConfigError, OSError, UnicodeDecodeError):
        return parse_practices(kept.read_text("utf-8-sig"), kept)
    return ()


def _broken() -> Finding:
    words = "practices.toml cannot be read; the practices are those of its last good version"
    return Finding(
        "practice.list-broken", "info", words, hint="casepan practices list says what is wrong.", stage=STAGE
    )


def read_linked(state: StateFolder) -> Mapping[str, str]:
    """What people have linked: evidence (``"name:bright smiles"``) to the id of a practice. Private."""
    path = state.memory / LINKED
    if not path.is_file():
        return {}
    with suppress(ValueError, OSError):
        found = json.loads(path.read_text("utf-8"))
        return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}
    return {}


def write_linked(state: StateFolder, linked: Mapping[str, str]) -> None:
    """Keep what people have linked."""
    write_file(
        state.memory / LINKED, json.dumps(dict(sorted(linked.items())), ensure_ascii=False, indent=1).encode("utf-8")
    )


def _inbox(lab: Lab, state: StateFolder, arrival: str, case: Case) -> str:
    """The inbox that an arrival came through, as ``lab.toml`` writes it; empty for a case that people put together."""
    folder = state.arrival(arrival) if arrival else None
    pipeline = lab.pipelines.get(case.origin.pipeline or "")
    if folder is None or pipeline is None or not folder.is_dir():
        return ""
    step = read_landed(folder).inbox
    return next((str(one.with_.get("path", "")) for one in pipeline.import_ if one.id == step), "")


def _dated(case: Case, lab: Lab) -> Desk:
    table, order, desk = lab.lab.calendar, case.prescription, case.desk
    if order.rush and not desk.rush_reason:
        desk = evolve(desk, rush_reason="the order says so")
    if table is None or case.received_at is None:
        return desk
    ship_days = case.client.ship_days if case.client else ()
    kinds = [item.kind for item in order.items]
    received = case.received_at.astimezone(zone(lab.lab.timezone)).date()
    due, late = lab_due(calendar_of(table), received, order.due or _day(order.appointment), kinds, ship_days)
    return evolve(desk, due=due, late_risk=late)


def _day(appointment: datetime | None) -> date | None:
    return appointment.date() if appointment else None


def calendar_of(table: CalendarTable) -> Calendar:
    """The calendar of ``[lab.calendar]``."""
    return Calendar(
        weekend=tuple(WEEKDAYS.index(day) for day in table.weekend),
        closed=frozenset(table.closed),
        lead_days={str(kind): days for kind, days in table.lead_days.items()},
        default_lead=table.default_lead,
        transit_days=table.transit_days,
    )
