"""One run, from an inbox to receipts, with real child processes and fake stages."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests_running import FakeLab
