"""A ledger on a cluster of its own: which table is written where, and read where.

Gateways write the ledger; Odoo reads a copy of it and writes what it alone decides.
Logical replication carries each table from its one home to the other side (ADR 0035).
Run on both sides after each migration: new tables join.
"""

from typing import Literal

from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.queries import read_queries

Side = Literal["ledger", "odoo"]

FROM_ODOO = ("exposure_cleared", "network_document", "seal_verified", "settling_terms")
"""What Odoo decides: the network, its terms, what was paid, what was looked at."""

STAYS = ("bank_card", "bank_work", "card_claim", "migration", "nonce")
"""Of no use elsewhere; enciphered numbers of bank cards shall not travel either."""

PUBLICATIONS: dict[Side, str] = {"ledger": "ekarte_ledger", "odoo": "ekarte_odoo"}


def set_apart(cr: Cursor, side: Side) -> list[str]:
    """Publish the tables whose home is here; refuse to write the others.

    Works in the caller's transaction, as the owner of schema `ekarte`; may be repeated.
    Returns the tables that are published.
    """
    queries = read_queries("apart.sql")
    cr.execute(queries["tables"])
    tables = [name for (name,) in cr.fetchall() if name not in STAYS]
    home = [name for name in tables if (name in FROM_ODOO) == (side == "odoo")]
    cr.execute(queries["tell_whole_rows"])
    cr.execute(queries["has_publication"], {"name": PUBLICATIONS[side]})
    verb = "change" if cr.fetchone()[0] else "create"
    cr.execute(
        queries[f"{verb}_publication"]
        .replace("PUBLICATION_NAME", PUBLICATIONS[side])
        .replace("TABLE_NAMES", ", ".join(f"ekarte.{name}" for name in home))
    )
    cr.execute(queries["create_refusal"])
    for name in tables:
        if name not in home:
            cr.execute(
                queries["refuse_in_copy"].replace("TABLE_NAME", f"ekarte.{name}")
            )
    return home


def is_copy(cr: Cursor) -> bool:
    """Whether the ledger is elsewhere, and what is here only a copy to read."""
    cr.execute(read_queries("apart.sql")["is_copy"])
    return bool(cr.fetchone()[0])
