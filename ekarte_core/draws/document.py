"""The two public documents of a draw: the frozen list, and the result.

Plain text: lines of ``key value``, an empty line, then the rows. The list's rows are
``pseudonym tickets``, sorted; the result's are ``place pseudonym prize``.
"""

from collections.abc import Mapping
from datetime import date, datetime, timezone

import msgspec

from ekarte_core.errors import DrawRefused

PRIZES_MAX = 1000
NAME_CHARS_MAX = 80


class Prize(msgspec.Struct, frozen=True, array_like=True):
    """A prize, and how many of it."""

    name: str
    count: int = 1


class DrawTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What a draw is about; days are business days, both ends included.

    The prizes stand in the order in which they are drawn.
    """

    issuer: str
    name: str
    program: str
    first_day: date
    last_day: date
    prizes: tuple[Prize, ...]

    @property
    def prize_names(self) -> list[str]:
        """One name for each prize."""
        return [prize.name for prize in self.prizes for _ in range(prize.count)]


def check_terms(terms: DrawTerms) -> None:
    """Refuse terms that no draw can have.

    Raises:
        DrawRefused: with what is wrong.
    """
    if terms.last_day < terms.first_day:
        raise DrawRefused("the last day is before the first")
    for name in (terms.name, *(prize.name for prize in terms.prizes)):
        # Other signs would break the lines of the documents.
        if not name.strip() or not name.isprintable() or len(name) > NAME_CHARS_MAX:
            raise DrawRefused(f"a name has 1 to {NAME_CHARS_MAX} printable signs")
    if not terms.prizes or any(prize.count < 1 for prize in terms.prizes):
        raise DrawRefused("a draw has at least one prize, and one of each")
    if sum(prize.count for prize in terms.prizes) > PRIZES_MAX:
        raise DrawRefused(f"a draw has at most {PRIZES_MAX} prizes")


def write_list(
    number: int,
    terms: DrawTerms,
    commitment: bytes,
    tickets: Mapping[str, int],
    now: datetime,
) -> str:
    """Return the list as it is published: terms, commitment, tickets by pseudonym."""
    moment = now.astimezone(timezone.utc).isoformat(timespec="seconds")
    head = [
        "E-karte draw list",
        f"draw {number}",
        f"name {terms.name}",
        f"issuer {terms.issuer}",
        f"program {terms.program}",
        f"from {terms.first_day.isoformat()}",
        f"to {terms.last_day.isoformat()}",
        *(f"prize-{n} {name}" for n, name in enumerate(terms.prize_names, start=1)),
        f"commitment {commitment.hex()}",
        f"frozen {moment}",
        f"cards {len(tickets)}",
        f"tickets {sum(tickets.values())}",
    ]
    return _text(head, [f"{name} {tickets[name]}" for name in sorted(tickets)])


def read_tickets(text: str) -> dict[str, int]:
    """Return {pseudonym: tickets} of a list, in its order."""
    rows = (row.split(" ") for row in text.partition("\n\n")[2].splitlines())
    return {pseudonym: int(count) for pseudonym, count in rows}


def write_result(
    number: int,
    terms: DrawTerms,
    list_sha256: bytes,
    seed: bytes,
    pseudonyms: list[str],
) -> str:
    """Return the result as it is published: the seed and who won what."""
    head = [
        "E-karte draw result",
        f"draw {number}",
        f"list {list_sha256.hex()}",
        f"seed {seed.hex()}",
    ]
    # Fewer cards than prizes: what is left is not drawn.
    won = zip(pseudonyms, terms.prize_names, strict=False)
    return _text(
        head, [f"{place} {who} {what}" for place, (who, what) in enumerate(won, 1)]
    )


def read_winners(text: str) -> list[tuple[int, str, str]]:
    """Return (place, pseudonym, prize) of a result."""
    rows = (row.split(" ", 2) for row in text.partition("\n\n")[2].splitlines())
    return [(int(place), pseudonym, prize) for place, pseudonym, prize in rows]


def _text(head: list[str], rows: list[str]) -> str:
    return "".join(f"{line}\n" for line in (*head, "", *rows))
