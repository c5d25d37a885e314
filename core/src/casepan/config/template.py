"""The commented ``lab.toml`` that ``casepan init`` writes."""

from __future__ import annotations

import json
from collections.abc import Collection

SCHEMA_PATH = ".casepan/lab.schema.json"
"""Where the JSON Schema lies, from the folder of ``lab.toml``."""

_TEMPLATE = """\
#:schema ./{schema}
# How this laboratory takes in, checks and hands on its cases. Paths count from the folder of this file.
# After a change: casepan check
version = 1

[lab]
name = {name}
state = "state"            # ledger and work area; a local disk, never a share
timezone = {timezone}          # for due days and dates in names, such as "Europe/Berlin"

# A table here enables an adapter; nothing else is imported. `casepan adapters` lists what is installed.
{adapters}
# Passwords and tokens never stand in this file, only where to find them:
# [secrets]
# portal = {{ env = "PORTAL_TOKEN" }}       # or {{ file = "secrets/portal" }}

# What a finding means here. Without a line of its own an error rejects and a warning asks for review.
# [verdict]
# "rx.conflict" = "review"

[pipelines.crowns]
description = "Crown and bridge: from any scanner to the CAD's folder"

[[pipelines.crowns.import]]
use = "core.inbox"         # asks every enabled adapter who recognises the arrival
with = {{ path = "inbox", settle = "30s" }}

[[pipelines.crowns.steps]]
use = "core.require-scans" # upper, lower and a bite
# fail_on = "error"

[[pipelines.crowns.steps]]
use = "core.mesh-sanity"   # every scan can be read and is a scan

[[pipelines.crowns.steps]]
use = "core.units"         # millimetres, not inches or metres

{checks}[[pipelines.crowns.steps]]
use = "core.convert"
with = {{ format = "ply", colour = "keep" }}

[[pipelines.crowns.steps]]
use = "core.rename"        # neutral names, without the patient's

[[pipelines.crowns.export]]
id = "cad"
use = "core.folder"
with = {{ path = "out/cad", attachments = true }}   # documents and photos too; they name the patient
on = ["accept"]            # review waits for `casepan cases accept CASE`
retry = {{ attempts = 5, first_delay = "30s", max_delay = "30m" }}
{report}"""

_CHECKS = """\
# What a senior technician looks at. Take the # away to have it checked; the thresholds ask for review, only facts reject.
# [[pipelines.crowns.steps]]
# use = "quality.completeness"  # every scan and every word of the order that this work needs
# [[pipelines.crowns.steps]]
# use = "quality.identity"      # the right arch, once, not mirrored, of one patient
# [[pipelines.crowns.steps]]
# use = "quality.mesh"          # holes, loose parts, spikes, double layers
# [[pipelines.crowns.steps]]
# use = "quality.coverage"      # the ordered teeth and their neighbours are in the scan
# [[pipelines.crowns.steps]]
# use = "quality.margin"        # prepared teeth show their finish line
# [[pipelines.crowns.steps]]
# use = "quality.bite"          # the arches meet

"""

_REPORT = """
# One page with verdict, pictures and a 3D view per case; it names the patient.
# [[pipelines.crowns.export]]
# id = "report"
# use = "report.html"
# with = { path = "reports" }
# on = ["accept", "review", "reject"]
"""


def lab_template(name: str, adapters: Collection[str] = (), *, timezone: str = "UTC") -> str:
    """A complete ``lab.toml`` with comments. Only built-in stages are at work in it; what enabled plugins add stands ready.

    Args:
        name: of the laboratory.
        adapters: names of plugins to enable.
        timezone: IANA name.
    """
    tables = "".join(f"[adapters.{adapter}]\n" for adapter in sorted(adapters)) or "# [adapters.trios]\n"
    return _TEMPLATE.format(
        schema=SCHEMA_PATH, name=toml_string(name), timezone=toml_string(timezone), adapters=tables,
        checks=_CHECKS if "quality" in adapters else "", report=_REPORT if "report" in adapters else "",
    )  # fmt: skip


def toml_string(text: str) -> str:
    """The text as a TOML basic string; what cannot be UTF-8 (half a surrogate pair) becomes a question mark."""
    clean = text.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(clean, ensure_ascii=False).replace("\x7f", "\\u007f")
