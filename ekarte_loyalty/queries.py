"""Named SQL of this add-on: `queries("reconciliation.sql")["balances"]`."""

import re
from functools import cache

from odoo.tools import SQL, file_open

_HEAD = re.compile(r"^-- (\w+) --$", re.MULTILINE)


@cache
def queries(file):
    """Return {name: statement} of a file in sql/, comments left out."""
    with file_open(f"ekarte_loyalty/sql/{file}") as opened:
        parts = _HEAD.split(opened.read())[1:]
    found = {}
    for name, statement in zip(parts[::2], parts[1::2], strict=True):
        kept = [row for row in statement.splitlines() if not row.startswith("--")]
        found[name] = "\n".join(kept).strip().rstrip(";")
    return found


def fetch(cr, file, name, **values):
    """Run one named query and return its rows."""
    cr.execute(SQL(queries(file)[name], **values))
    return cr.fetchall()
