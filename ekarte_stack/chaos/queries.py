"""The statements of the fault trials, by name."""

import re
from collections.abc import Mapping
from pathlib import Path

_FILE = Path(__file__).with_name("chaos.sql")
_PART = re.compile(r"^-- (\w+) --\n(.*?)(?=^-- \w+ --\n|\Z)", re.MULTILINE | re.DOTALL)
QUERIES: Mapping[str, str] = dict(_PART.findall(_FILE.read_text()))
