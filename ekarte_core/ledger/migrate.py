"""Create and migrate schema `ekarte`, and grant roles their rights in it.

Migrations are numbered .sql files, applied in order, each recorded with its digest:
a file that changed after it was applied is an error, not a surprise.
"""

import hashlib
import re
from importlib import resources
from typing import Literal

from psycopg2.errors import InsufficientPrivilege

from ekarte_core.errors import EkarteError, SchemaBehind
from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.queries import read_queries

_FILE = re.compile(r"(\d{4})_\w+\.sql")
Role = Literal["odoo", "gateway"]


def _files() -> list[tuple[int, str, str]]:
    folder = resources.files(__package__).joinpath("migrations")
    found = []
    for entry in folder.iterdir():
        match = _FILE.fullmatch(entry.name)
        if match:
            found.append((int(match.group(1)), entry.name, entry.read_text("utf-8")))
    return sorted(found)


def migrate(cr: Cursor) -> list[str]:
    """Bring schema `ekarte` up to date on a lent cursor; returns the files applied.

    Raises:
        EkarteError: an applied file has changed since.
        SchemaBehind: there is something to do, but this role may not do it.
    """
    queries = read_queries("migrate.sql")
    applied: dict[int, bytes] = {}
    if _has_schema(cr, queries):
        cr.execute(queries["applied"])
        applied = {number: bytes(digest) for number, digest in cr.fetchall()}
    else:
        _as_owner(cr, queries["create_schema"])
    done = []
    for number, name, text in _files():
        digest = hashlib.sha256(text.encode()).digest()
        if number in applied:
            if applied[number] != digest:
                raise EkarteError(f"migration {name} has changed since it was applied")
            continue
        _as_owner(cr, text)
        cr.execute(
            queries["record"], {"number": number, "name": name, "sha256": digest}
        )
        done.append(name)
    return done


def _as_owner(cr: Cursor, statement: str) -> None:
    try:
        cr.execute(statement)
    except InsufficientPrivilege:
        raise SchemaBehind(
            "schema ekarte must be migrated by its owner: run "
            "`python -m ekarte_core migrate --dsn DSN`, then grant this role its rights"
        ) from None


def check_schema(cr: Cursor) -> None:
    """Refuse to work on a ledger that lacks migrations.

    Raises:
        SchemaBehind: with the command that mends it.
    """
    queries = read_queries("migrate.sql")
    applied: set[int] = set()
    if _has_schema(cr, queries):
        cr.execute(queries["applied"])
        applied = {number for number, _digest in cr.fetchall()}
    missing = [name for number, name, _text in _files() if number not in applied]
    if missing:
        raise SchemaBehind(
            f"the ledger lacks {', '.join(missing)}: run "
            "`python -m ekarte_core migrate --dsn DSN` as the schema's owner"
        )


def grant(cr: Cursor, role: str, purpose: Role) -> None:
    """Give a database role its rights in schema `ekarte`, and no others.

    Neither may change or delete what is append-only: the triggers refuse it even to
    the owner, and these roles do not have the right to begin with.
    """
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", role):
        raise EkarteError("a role name has a-z, 0-9 and _ only")
    queries = read_queries("migrate.sql")
    for statement in queries[f"grant_{purpose}"].split(";"):
        if statement.strip():
            cr.execute(statement.replace("ROLE_NAME", f'"{role}"'))


def _has_schema(cr: Cursor, queries: dict[str, str]) -> bool:
    cr.execute(queries["has_schema"])
    return bool(cr.fetchone()[0])
