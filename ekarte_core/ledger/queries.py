"""Named SQL from the .sql files beside this one: `SQL['lock_cards']`."""

import re
from importlib import resources

_HEAD = re.compile(r"^-- (\w+) --$", re.MULTILINE)


def read_queries(file: str) -> dict[str, str]:
    """Return {name: statement} of a .sql file of this package, comments left out."""
    text = resources.files(__package__).joinpath(file).read_text("utf-8")
    parts = _HEAD.split(text)[1:]
    found: dict[str, str] = {}
    for name, statement in zip(parts[::2], parts[1::2], strict=True):
        assert name not in found, f"two queries are called {name}"
        kept = [row for row in statement.splitlines() if not row.startswith("--")]
        found[name] = "\n".join(kept).strip().rstrip(";")
    return found


FILES = (
    "replaying.sql",
    "clock.sql",
    "cards.sql",
    "operations.sql",
    "offline.sql",
    "closing.sql",
    "exposing.sql",
    "network.sql",
    "settling.sql",
    "sealing.sql",
    "rebuilding.sql",
    "drawing.sql",
    "rotating.sql",
    "parameters.sql",
    "banking.sql",
    "sessions.sql",
)

SQL = {name: text for file in FILES for name, text in read_queries(file).items()}
