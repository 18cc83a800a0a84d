"""The invariants of the ledger (docs/INVARIANTS.md): queries that find breaches."""

import re
from collections.abc import Callable
from importlib import resources

import msgspec

from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.queries import read_queries
from ekarte_core.service.sealing import broken_links

FILE = "invariants.sql"
SAMPLES_MAX = 5

Chain = Callable[[Cursor], list[str]]


class Invariant(msgspec.Struct, frozen=True, kw_only=True):
    """One invariant and what was found: `broken` rows, a few of them named."""

    code: str
    sentence: str
    broken: int
    sample: str = ""

    @property
    def holds(self) -> bool:
        """True when nothing breaks it."""
        return not self.broken


def verify(cr: Cursor) -> list[Invariant]:
    """Run every invariant on the ledger; takes time on a large one."""
    found = []
    for code, sentence in sentences().items():
        named = breaches(cr, code)
        found.append(
            Invariant(
                code=code,
                sentence=sentence,
                broken=len(named),
                sample=", ".join(named[:SAMPLES_MAX]),
            )
        )
    return found


def breaches(cr: Cursor, code: str, chain: Chain = broken_links) -> list[str]:
    """Name every row that breaks one invariant: ``operation 12``, ``lot 3``.

    `chain`: how I10 looks at the seals; see `verify_seals`.
    """
    cr.execute(read_queries(FILE)[code])
    named = [row[0] for row in cr.fetchall()]
    return named + chain(cr) if code == "I10" else named


def sentences() -> dict[str, str]:
    """Return {code: sentence} of all invariants, from the head of each query."""
    text = resources.files("ekarte_core.ledger").joinpath(FILE).read_text("utf-8")
    return dict(re.findall(r"^-- (I\d+) --\n-- (.+)$", text, re.MULTILINE))
