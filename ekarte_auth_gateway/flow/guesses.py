"""Slow-down of a terminal that tries out cards or codes.

A card is locked after three wrong codes; this is for who tries many cards. Each answer
"unknown card" or "wrong code" counts one miss, and misses are forgotten with time, so
that a busy till, where customers bring strange cards, never notices. Who has too many
waits, each time twice as long. The ledger keeps the misses of all gateways.

Advices are counted apart: an honest till tells many at once, and may have taken cards
that are none; its next sale shall not wait for that.
"""

import logging
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from ekarte_core import Guessed, Rc, Request

log = logging.getLogger(__name__)

MISSES = frozenset({Rc.CARD_UNKNOWN.value, Rc.CODE_WRONG.value, Rc.CODE_LOCKED.value})
# What ends an operation that was begun, or tells of one, never waits and never counts.
_SAFE = frozenset({"confirm", "reverse", "status"})
_WAIT_MAX_S = 900
_ADVICE = "/advice"


class GuessLimits(NamedTuple):
    """How much a terminal may miss.

    Attributes:
        free: misses that cost nothing, when they come at once.
        free_advices: the same, of advices.
        span: in which one miss is forgotten.
    """

    free: int = 20
    free_advices: int = 200
    span: timedelta = timedelta(seconds=30)


class Guesses:
    """The misses of each terminal and of its advices, as far as not forgotten."""

    def __init__(self, limits: GuessLimits | None = None) -> None:
        """Begin with none."""
        self._limits = limits or GuessLimits()
        self._known: dict[str, Guessed] = {}
        self._unshared: Counter[str] = Counter()

    def wait_s(self, request: Request, now: datetime) -> int:
        """Return how many seconds a request has to wait; 0: it may go on.

        Where it has waited, it goes on alone: the next wait begins with it, not with
        its answer, so that nothing is won by sending many at once.
        """
        if request.command in _SAFE or request.card is None:
            return 0
        who = _who(request)
        known = self._known.get(who)
        if known is None:
            return 0
        left_s = self._left_s(who, now)
        if not left_s and self._over(who) > 0:
            self._known[who] = Guessed(now, max(known.clear_at, now))
        return left_s

    def note(self, request: Request, rc: str, now: datetime) -> bool:
        """Count an answer that was found now; True: it was a miss."""
        if rc not in MISSES or request.command in _SAFE:
            return False
        who = _who(request)
        self._unshared[who] += 1
        self._add(who, 1, now)
        wait_s = self._left_s(who, now)
        if wait_s:
            log.warning(
                "terminal slowed down: unknown cards or wrong codes",
                extra={"terminal": request.terminal, "wait_s": wait_s},
            )
        return True

    def take_unshared(self) -> dict[str, timedelta]:
        """Return what the ledger has not heard of yet; it is in the caller's hands."""
        taken = {t: count * self._limits.span for t, count in self._unshared.items()}
        self._unshared.clear()
        return taken

    def put_back(self, taken: Mapping[str, timedelta]) -> None:
        """The ledger did not hear of it after all."""
        for terminal, span in taken.items():
            self._unshared[terminal] += round(span / self._limits.span)

    def learn(self, shared: Mapping[str, Guessed], now: datetime) -> None:
        """Take over what the ledger knows of all gateways."""
        self._known = {
            who: self._later(self._known.get(who), guessed)
            for who, guessed in shared.items()
        }
        for who, count in self._unshared.items():
            self._add(who, count, now)

    @staticmethod
    def _later(here: Guessed | None, shared: Guessed) -> Guessed:
        """Keep the moment at which one went on alone, which the ledger is not told."""
        if here is None or here.missed_at <= shared.missed_at:
            return shared
        return Guessed(here.missed_at, max(shared.clear_at, here.missed_at))

    def slowed(self, now: datetime) -> int:
        """Return how many terminals have to wait at the moment."""
        return len(
            {who.partition("/")[0] for who in self._known if self._left_s(who, now)}
        )

    def _add(self, who: str, count: int, now: datetime) -> None:
        known = self._known.get(who, Guessed(now, now))
        clear_at = max(known.clear_at, now) + count * self._limits.span
        self._known[who] = Guessed(max(known.missed_at, now), clear_at)

    def _left_s(self, who: str, now: datetime) -> int:
        over = self._over(who)
        if over <= 0:
            return 0
        wait_s = _WAIT_MAX_S if over > _WAIT_MAX_S.bit_length() else 2**over
        until = self._known[who].missed_at + timedelta(seconds=min(wait_s, _WAIT_MAX_S))
        return max(0, -((now - until) // timedelta(seconds=1)))

    def _over(self, who: str) -> int:
        known = self._known[who]
        misses = (known.clear_at - known.missed_at) // self._limits.span
        limits = self._limits
        return misses - (limits.free_advices if _ADVICE in who else limits.free)


def _who(request: Request) -> str:
    """Under what a request's misses are counted: the terminal, or its advices."""
    return request.terminal + (_ADVICE if request.command == "advice" else "")
