"""The tables of the ledger and how older ones are brought forward. References, hashes and states only: no names.

Times that order events for people are ISO text in UTC; times that schedule work are seconds since the epoch.
"""

from __future__ import annotations

LATEST = 7

FIRST = """
create table meta(name text primary key, value text not null) without rowid;

create table arrivals(
    id text primary key,
    pipeline text not null,
    inbox text not null,
    spot text not null,
    fingerprint text not null unique,
    state text not null check(state in ('settled', 'taking', 'waiting', 'taken', 'quarantined', 'superseded', 'discarded')),
    patient integer not null,
    give_up real not null,
    attempts integer not null default 0,
    interrupted integer not null default 0,
    not_before real not null default 0,
    owner text,
    fence integer not null default 0,
    code text,
    reason text,
    at text not null
);
create index arrivals_by_state on arrivals(state, not_before);
create index arrivals_by_spot on arrivals(spot);

create table cases(
    ref text not null,
    revision integer not null,
    key_hash text not null,
    digest text not null,
    adapter text not null,
    arrival text not null,
    pipeline text not null,
    state text not null check(state in
        ('arriving', 'checking', 'ready', 'review', 'office', 'handed-on', 'quarantine', 'closed')),
    verdict text check(verdict in ('accept', 'review', 'reject')),
    content text,
    priority integer not null default 0,
    rush integer not null default 0,
    due text,
    attempts integer not null default 0,
    interrupted integer not null default 0,
    not_before real not null default 0,
    owner text,
    lease_until real not null default 0,
    fence integer not null default 0,
    cancel integer not null default 0,
    code text,
    reason text,
    received text not null,
    at text not null,
    primary key(ref, revision)
) without rowid;
create index cases_by_arrival on cases(arrival);
create index cases_by_key on cases(key_hash, revision);
create index cases_by_state on cases(state, not_before);

create table steps(
    ref text not null,
    revision integer not null,
    step text not null,
    stage text not null,
    version integer not null,
    input text not null,
    seconds real not null,
    fence integer not null,
    at text not null,
    primary key(ref, revision, step)
) without rowid;

create table deliveries(
    key text primary key,
    ref text not null,
    revision integer not null,
    pipeline text not null,
    export text not null,
    position integer not null,
    after text not null,
    state text not null check(state in ('waiting', 'pending', 'sending', 'retry', 'sent', 'failed', 'unknown', 'withdrawn')),
    attempts integer not null default 0,
    asked integer not null default 0,
    not_before real,
    intent_at real,
    fence integer not null default 0,
    receipt text,
    code text,
    reason text,
    at text not null
) without rowid;
create index deliveries_by_case on deliveries(ref, revision);
create index deliveries_by_state on deliveries(state, not_before);

create table slots(
    id integer primary key,
    destination text not null,
    key text not null,
    fence integer not null,
    taken real not null,
    freed real
);
create index slots_by_destination on slots(destination, taken);

create table events(
    id integer primary key,
    ref text,
    revision integer,
    kind text not null,
    detail text not null,
    at text not null,
    previous text not null,
    hash text not null
);
create index events_by_ref on events(ref, id);
"""

PLANS = "alter table cases add column plan text"
"""Which pipeline, options and stage versions the last attempt ran under: a hash."""

DESK = """
alter table cases add column number text;
alter table cases add column practice text;
alter table cases add column assignee text;
alter table cases add column department text;
alter table cases add column lab_due text;
alter table cases add column late_risk integer not null default 0;
alter table cases add column observed integer not null default 0;
alter table cases add column remake_of text;
alter table cases add column remake_reason text;
create index cases_by_number on cases(number);
create index cases_by_practice on cases(practice, received);
create index cases_by_received on cases(received);

create table counters(
    name text primary key,
    value integer not null
) without rowid;

create table answers(
    id integer primary key,
    ref text not null,
    target text not null,
    value text not null,
    who text not null,
    note text not null,
    at text not null
);
create index answers_by_ref on answers(ref, id);

create table links(
    ref text not null,
    kind text not null check(kind in
        ('duplicate-of', 'merged-into', 'split-from', 'remake-of', 'maybe-duplicate', 'maybe-completes')),
    other text not null,
    who text not null,
    at text not null,
    primary key(ref, kind, other)
) without rowid;

create table findings(
    ref text not null,
    revision integer not null,
    id text not null,
    code text not null,
    severity text not null,
    stage text not null,
    scan text,
    value real,
    "limit" real,
    unit text,
    primary key(ref, revision, id)
) without rowid;
create index findings_by_code on findings(code);

create table items(
    ref text not null,
    revision integer not null,
    item text not null,
    kind text not null,
    material text not null,
    teeth text not null,
    primary key(ref, revision, item)
) without rowid;

create table meshes(
    sha256 text not null,
    ref text not null,
    revision integer not null,
    primary key(sha256, ref, revision)
) without rowid;

create table marks(
    ref text not null,
    revision integer not null,
    finding text not null,
    code text not null,
    agrees integer not null,
    value real,
    "limit" real,
    who text not null,
    at text not null,
    primary key(ref, revision, finding)
) without rowid;
"""
"""What the desk knows: numbers, people, answers, relations between cases, and what checks found, for lists and counts."""

JOINING = """
alter table answers add column revision integer not null default 1;
alter table deliveries add column place text;

create table tokens(
    token text not null,
    ref text not null,
    revision integer not null,
    primary key(token, ref, revision)
) without rowid;
create index tokens_by_case on tokens(ref, revision);
"""
"""Salted hashes of what two arrivals of one patient share; and the name that a delivery has at its destination."""

OBSERVING = """
alter table cases add column would text check(would in ('accept', 'review', 'reject'));
create index cases_by_at on cases(at);
"""
"""The verdict that a case would have got, had its pipeline not only observed; and what was handed on since last evening."""

QUEUE = "create index arrivals_by_turn on arrivals(at, id) where state in ('settled', 'waiting')"
"""Thousands of arrivals that wait are not sorted each time that one is taken."""

FEWER = """
drop index slots_by_destination;
drop index arrivals_by_state;
update cases set fence=fence+1 where owner is null;
"""
"""Indexes that each case moved three times and nothing needed; and no case that was worked on, or restored, looks new."""

MIGRATIONS: dict[int, str] = {1: FIRST, 2: PLANS, 3: DESK, 4: JOINING, 5: OBSERVING, 6: QUEUE, 7: FEWER}
"""Version to the script that leads to it from the version before."""
