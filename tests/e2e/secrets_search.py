"""Looks for what must not be found: card numbers, access codes, keys."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from psycopg2.extensions import make_dsn, parse_dsn

from ekarte_stack.day_file import Row


def secrets_of(day: Iterable[Row]) -> set[str]:
    """Every card number and access code that terminals send on this day."""
    found = set()
    for row in day:
        request = row.request
        for card in (request.card, request.other, request.referrer):
            if card is not None:
                found.add(card.value.lstrip(";").partition("=")[0])
        found |= {request.access_code, request.new_access_code} - {None}
    return found


def found_in(text: str, secrets: Iterable[str]) -> set[str]:
    """Those that stand in a text: numbers as a word of their own, others anywhere.

    Digits in the middle of a longer number or of hex data are chance.
    """
    wanted = set(secrets)
    words = set(re.findall(r"(?<![0-9a-fA-F])\d{8,19}(?![0-9a-fA-F])", text))
    return wanted & words | {one for one in wanted if not one.isdigit() and one in text}


def dump(dsn: str) -> str:
    """The whole database as text, by PostgreSQL's own tool."""
    tools = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/pg_dump"),
        key=lambda path: int(path.parents[1].name),
    )
    tool = str(tools[-1]) if tools else shutil.which("pg_dump")
    assert tool, "PostgreSQL's pg_dump is not on this machine"
    words = {
        name: str(value)
        for name, value in parse_dsn(dsn).items()
        if name in ("host", "port", "user", "dbname")
    }
    done = subprocess.run(
        [tool, "--no-owner", f"--dbname={make_dsn('', **words)}"],
        # Everybody may read command lines; nobody reads our environment.
        env={**os.environ, "PGPASSWORD": str(parse_dsn(dsn).get("password", ""))},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout
