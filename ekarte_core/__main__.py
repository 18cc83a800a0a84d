"""The core's command line: migrate, grant, apart, publish, verify, rebuild, keys."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import psycopg2

from ekarte_core import (
    PUBLICATIONS,
    EkarteError,
    grant,
    in_words,
    key_use,
    load_keyring,
    migrate,
    publish,
    read_network,
    rebuild,
    replay,
    set_apart,
    verify,
    write_new_keyring,
)
from ekarte_core.ledger.cursor import Cursor

BEGINNING = datetime(1970, 1, 1, tzinfo=timezone.utc)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except EkarteError as fault:
        sys.stderr.write(f"{fault}\n")
        return 1
    except psycopg2.OperationalError as fault:
        sys.stderr.write(f"the database cannot be reached: {fault}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ekarte_core", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(
        name: str,
        run: Callable[[argparse.Namespace], int],
        about: str,
        *,
        dsn: bool = True,
    ) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=about, description=about)
        command.set_defaults(run=run)
        if dsn:
            command.add_argument("--dsn", required=True, help="libpq connection string")
        return command

    add("migrate", _migrate, "create or migrate schema ekarte")
    roles = add("grant", _grant, "give a database role its rights in schema ekarte")
    roles.add_argument("--role", required=True)
    roles.add_argument(
        "--for", dest="purpose", choices=("odoo", "gateway"), required=True
    )
    apart = add("apart", _apart, "keep the ledger in a database apart from Odoo's")
    apart.add_argument("--side", choices=("ledger", "odoo"), required=True)
    document = add("publish", _publish, "publish a network document from a file")
    document.add_argument("file", type=Path)
    add("verify", _verify, "prove the invariants, one line each")
    balances = add("rebuild", _rebuild, "recompute all balances from the entries")
    balances.add_argument(
        "--repair", action="store_true", help="write what the entries say back"
    )
    again = add("replay", _replay, "decide what was booked again; writes nothing")
    again.add_argument(
        "draft", type=Path, nargs="?", help="network document to try; none: as it was"
    )
    again.add_argument("--since", type=_moment, default=BEGINNING, metavar="YYYY-MM-DD")
    again.add_argument("--until", type=_moment, default=None, metavar="YYYY-MM-DD")
    add("keyring-use", _keyring_use, "count what each key is still needed for")
    keyring = add("keyring", _keyring, "write a new keyring, never over one", dsn=False)
    keyring.add_argument("file", type=Path)
    about = "write the key of an issuer's chip cards, for its terminals; never over one"
    chips = add("chip-key", _chip_key, about, dsn=False)
    chips.add_argument("--keyring", type=Path, required=True)
    chips.add_argument("--issuer", required=True, help="its code in the network")
    chips.add_argument("file", type=Path)
    return parser


def _in_transaction(dsn: str, work: Callable[[Any], int]) -> int:
    connection = psycopg2.connect(dsn)
    try:
        with connection, connection.cursor() as cr:
            return work(cr)
    finally:
        connection.close()


def _migrate(options: argparse.Namespace) -> int:
    def work(cr: Cursor) -> int:
        for name in migrate(cr):
            sys.stdout.write(f"applied {name}\n")
        sys.stdout.write("schema ekarte is up to date\n")
        return 0

    return _in_transaction(options.dsn, work)


def _grant(options: argparse.Namespace) -> int:
    def work(cr: Cursor) -> int:
        grant(cr, options.role, options.purpose)
        return 0

    return _in_transaction(options.dsn, work)


def _apart(options: argparse.Namespace) -> int:
    def work(cr: Cursor) -> int:
        home = set_apart(cr, options.side)
        name = PUBLICATIONS[options.side]
        sys.stdout.write(f"publication {name}: {len(home)} tables\n")
        return 0

    return _in_transaction(options.dsn, work)


def _publish(options: argparse.Namespace) -> int:
    if not options.file.is_file():
        raise EkarteError(f"no file {options.file}")
    body = options.file.read_bytes()

    def work(cr: Cursor) -> int:
        version = publish(cr, body, datetime.now(timezone.utc))
        sys.stdout.write(f"network document version {version} is current\n")
        return 0

    return _in_transaction(options.dsn, work)


def _verify(options: argparse.Namespace) -> int:
    def work(cr: Cursor) -> int:
        broken = 0
        for invariant in verify(cr):
            mark = "ok    " if invariant.holds else "BROKEN"
            line = f"{mark} {invariant.code:4} {invariant.sentence}"
            if not invariant.holds:
                line += f": {invariant.broken} ({invariant.sample})"
                broken += 1
            sys.stdout.write(line + "\n")
        return 1 if broken else 0

    return _in_transaction(options.dsn, work)


def _rebuild(options: argparse.Namespace) -> int:
    """Each span is a transaction of its own, so that no card is held for long."""
    connection = psycopg2.connect(options.dsn)
    found = left = 0
    try:
        with connection.cursor() as cr:
            for part in rebuild(cr, repair=options.repair):
                connection.commit()
                for difference in part.differences:
                    mark = " (repaired)" if difference.repaired else ""
                    sys.stdout.write(f"{difference}{mark}\n")
                    left += not difference.repaired
                found += len(part.differences)
                sys.stderr.write(f"purses up to {part.upto} of {part.last}\n")
    finally:
        connection.close()
    sys.stdout.write(f"{found} differences, {found - left} repaired\n")
    return 1 if left else 0


def _replay(options: argparse.Namespace) -> int:
    draft = None
    if options.draft is not None:
        draft = read_network(options.draft.read_text("utf-8"))
    until = options.until or datetime.now(timezone.utc)

    def work(cr: Cursor) -> int:
        found = replay(cr, draft, options.since, until, _tell_cards)
        sys.stdout.write(f"{in_words(found)}\n")
        return 0 if found.same else 1

    return _in_transaction(options.dsn, work)


def _tell_cards(cards: int) -> None:
    sys.stderr.write(f"{cards} cards replayed\n")


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=timezone.utc)


def _keyring_use(options: argparse.Namespace) -> int:
    def work(cr: Cursor) -> int:
        for use in key_use(cr):
            key = "?" if use.key is None else use.key
            sys.stdout.write(f"{use.purpose} {key}: {use.count} {use.what}\n")
        return 0

    return _in_transaction(options.dsn, work)


def _keyring(options: argparse.Namespace) -> int:
    if options.file.exists():
        sys.stdout.write(f"{options.file} is there already, left as it is\n")
        return 0
    write_new_keyring(options.file)
    sys.stdout.write(f"{options.file} written: keep it safe, and out of the database\n")
    return 0


def _chip_key(options: argparse.Namespace) -> int:
    key = load_keyring(options.keyring).chip_key(options.issuer)
    try:
        handle = os.open(options.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as fault:
        raise EkarteError(f"{options.file}: {fault.strerror}") from fault
    with os.fdopen(handle, "w") as file:
        file.write(key.hex() + "\n")
    sys.stdout.write(f"{options.file} written: for terminals of {options.issuer}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
