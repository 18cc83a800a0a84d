"""The life of a draw: opened, frozen, drawn (docs/DRAWS.md).

Each step is safe to run twice and in parallel: the first one counts, later ones are
told what it made. Nothing secret is stored: the seed is derived from the keyring, and
stands in the ledger only with the result.
"""

from datetime import datetime, timedelta
from hashlib import sha256

import msgspec

from ekarte_core.draws.document import (
    DrawTerms,
    Prize,
    check_terms,
    read_tickets,
    read_winners,
    write_list,
    write_result,
)
from ekarte_core.draws.winners import winners
from ekarte_core.errors import DrawRefused
from ekarte_core.keyring import Keyring
from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.queries import SQL
from ekarte_core.network.compiled import Network
from ekarte_core.parser import Parser
from ekarte_core.service.publishing import find_card
from ekarte_core.values import CardRef

_prizes = Parser(tuple[Prize, ...])

TICKETS_BY = "purchase_accounting"
UNDER_WAY = timedelta(hours=1)
"""After the last business day: what was decided in it has been written by then."""


class Draw(msgspec.Struct, frozen=True, kw_only=True):
    """A draw with all of it that is public; `listed` and `result` may be to come."""

    id: int
    terms: DrawTerms
    commitment: bytes
    listed: str | None
    result: str | None
    key_id: int


class Winner(msgspec.Struct, frozen=True, kw_only=True):
    """Who is to be told: the cards that use the account that won, by ledger id."""

    place: int
    prize: str
    pseudonym: str
    card_ids: tuple[int, ...]


def open_draw(
    cr: Cursor, keyring: Keyring, network: Network, terms: DrawTerms, now: datetime
) -> int:
    """Announce a draw and commit to its seed; returns the draw's id.

    The same terms again give the same draw.

    Raises:
        DrawRefused: bad terms, or a draw of this name has others.
    """
    check_terms(terms)
    program = network.programs.get(terms.program)
    if program is None or program.issuer != terms.issuer:
        raise DrawRefused(f"{terms.issuer} has no program {terms.program}")
    if program.kind != TICKETS_BY or not program.parameters.get("ticket_per"):
        raise DrawRefused(f"program {terms.program} gives no tickets")
    found = _of_name(cr, terms)
    if found is not None:
        return found
    cr.execute(SQL["next_draw_id"])
    number = cr.fetchone()[0]
    seed = keyring.draw_seed(keyring.token_key, number, _sworn(terms))
    columns = msgspec.structs.asdict(terms)
    columns["prizes"] = msgspec.json.encode(terms.prizes).decode()
    cr.execute(
        SQL["add_draw"],
        {
            **columns,
            "id": number,
            "key_id": keyring.token_key,
            "commitment": sha256(seed).digest(),
            "now": now,
        },
    )
    found = _of_name(cr, terms)
    assert found is not None
    return found


def freeze_draw(
    cr: Cursor, keyring: Keyring, network: Network, number: int, now: datetime
) -> str:
    """Fix who takes part with how many tickets; returns the list to publish.

    Raises:
        DrawRefused: no such draw, or its last day is not over.
    """
    draw = read_draw(cr, number)
    if draw.listed is not None:
        return draw.listed
    settled = now - UNDER_WAY
    today = min(network.business_day(one, settled) for one in network.branches.values())
    if today <= draw.terms.last_day:
        raise DrawRefused("an hour after the last day's end at the earliest")
    _seed(keyring, draw)  # a list that could never be drawn is not published
    cr.execute(
        SQL["tickets_of_draw"],
        {
            "issuer": draw.terms.issuer,
            "program": draw.terms.program,
            "first_day": draw.terms.first_day,
            "last_day": draw.terms.last_day,
        },
    )
    tickets = {
        keyring.draw_pseudonym(draw.key_id, number, account): count
        for account, count in cr.fetchall()
    }
    body = write_list(number, draw.terms, draw.commitment, tickets, now)
    cr.execute(
        SQL["add_draw_list"],
        {
            "id": number,
            "now": now,
            "sha256": sha256(body.encode()).digest(),
            "body": body,
        },
    )
    listed = read_draw(cr, number).listed
    assert listed is not None
    return listed


def draw_winners(cr: Cursor, keyring: Keyring, number: int, now: datetime) -> str:
    """Reveal the seed and draw; returns the result to publish.

    Raises:
        DrawRefused: no such draw, not frozen, or its list is not what was frozen.
        KeyringInvalid: the key that the draw was opened with is not in the keyring.
    """
    draw = read_draw(cr, number)
    if draw.result is not None:
        return draw.result
    if draw.listed is None:
        raise DrawRefused("its list is not frozen yet")
    seed = _seed(keyring, draw)
    names = winners(seed, read_tickets(draw.listed), len(draw.terms.prize_names))
    digest = sha256(draw.listed.encode()).digest()
    body = write_result(number, draw.terms, digest, seed, names)
    cr.execute(
        SQL["add_draw_result"], {"id": number, "now": now, "seed": seed, "body": body}
    )
    result = read_draw(cr, number).result
    assert result is not None
    return result


def read_draw(cr: Cursor, number: int) -> Draw:
    """Return a draw with its public documents, to be published anywhere.

    Raises:
        DrawRefused: no such draw, or its list is not what was frozen.
    """
    cr.execute(SQL["read_draw"], {"id": number})
    row = cr.fetchone()
    if row is None:
        raise DrawRefused("no such draw")
    issuer, name, program, first, last, prizes, key_id, commitment = row[:8]
    digest, listed, _seed_then, result = row[8:]
    if listed is not None and sha256(listed.encode()).digest() != bytes(digest):
        raise DrawRefused("its list is not what was frozen")
    return Draw(
        id=number,
        terms=DrawTerms(
            issuer=issuer,
            name=name,
            program=program,
            first_day=first,
            last_day=last,
            prizes=_prizes.from_json(prizes),
        ),
        commitment=bytes(commitment),
        listed=listed,
        result=result,
        key_id=key_id,
    )


def winning_cards(cr: Cursor, keyring: Keyring, number: int) -> list[Winner]:
    """Return whom the winning pseudonyms stand for; empty before the draw."""
    draw = read_draw(cr, number)
    if draw.result is None:
        return []
    cr.execute(
        SQL["accounts_with_tickets"],
        {"issuer": draw.terms.issuer, "program": draw.terms.program},
    )
    cards = {
        keyring.draw_pseudonym(draw.key_id, number, account): tuple(ids)
        for account, ids in cr.fetchall()
    }
    return [
        Winner(place=place, prize=prize, pseudonym=name, card_ids=cards[name])
        for place, name, prize in read_winners(draw.result)
    ]


def draw_pseudonym(
    cr: Cursor, keyring: Keyring, number: int, card: CardRef
) -> str | None:
    """Return the name under which a card stands in a draw's list, if it is there.

    The card may be named by its ledger id, as Odoo names it.

    None: the card is unknown. A known card without tickets has a name too. Cards that
    share an account share a name; one that has joined another account after the freeze
    is still found under its own.
    """
    cr.execute(SQL["key_of_draw"], {"id": number})
    row = cr.fetchone()
    if row is None:
        raise DrawRefused("no such draw")
    named = card.kind == "ledger"
    card_id = int(card.value or 0) if named else find_card(cr, keyring, card)
    if card_id is None:
        return None
    cr.execute(SQL["account_of_card"], {"id": card_id})
    (account,) = cr.fetchone()
    own, shared = (
        keyring.draw_pseudonym(row[0], number, one) for one in (card_id, account)
    )
    cr.execute(SQL["is_listed"], {"id": number, "line": f"\n{own} "})
    return own if cr.fetchone()[0] else shared


def _of_name(cr: Cursor, terms: DrawTerms) -> int | None:
    """Return the draw of this name; refuse another draw under it."""
    cr.execute(SQL["draw_of_name"], {"issuer": terms.issuer, "name": terms.name})
    row = cr.fetchone()
    if row is None:
        return None
    number, *others = row
    prizes = msgspec.json.encode(terms.prizes).decode()
    if others != [terms.program, terms.first_day, terms.last_day, prizes]:
        raise DrawRefused("a draw of this name has other terms")
    return int(number)


def _sworn(terms: DrawTerms) -> str:
    return f"{terms.issuer}|{terms.program}|{terms.first_day}|{terms.last_day}"


def _seed(keyring: Keyring, draw: Draw) -> bytes:
    seed = keyring.draw_seed(draw.key_id, draw.id, _sworn(draw.terms))
    if sha256(seed).digest() != draw.commitment:
        raise DrawRefused("the keyring's key is not the one it was opened with")
    return seed
