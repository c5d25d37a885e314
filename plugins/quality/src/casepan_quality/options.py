"""Options of all checks. This module is read by ``casepan check`` and must stay free of heavy imports."""

from __future__ import annotations

from attrs import frozen

from casepan.api import option


@frozen
class CompletenessOptions:
    """What a case must bring besides what the rules ask for."""

    require_rx: bool = option(False, "a case without an order is an error instead of a note")
    require_reference: bool = option(False, "a case without any order or patient number is a warning instead of a note")
