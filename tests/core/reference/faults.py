"""Faults to be seeded into the real ledger; each must be found."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest

from ekarte_core.ledger import statements, store
from ekarte_core.ledger.queries import SQL
from ekarte_core.rules.purses import Lot, LotPart, Purse, Sheet

LONG_AGO = datetime(2026, 1, 1, tzinfo=timezone.utc)
Fault = Callable[[pytest.MonkeyPatch], None]


def lock_removed(patch: pytest.MonkeyPatch) -> None:
    """Cards are read without being locked, and so is the check of the batch."""
    for name in ("lock_cards", "lock_free_cards"):
        statement, _, _ = SQL[name].partition("FOR NO KEY UPDATE")
        assert statement != SQL[name]
        patch.setitem(SQL, name, statement)


def duplicate_look_up_removed(patch: pytest.MonkeyPatch) -> None:
    """No operation key is known."""

    plain = store.known_keys

    def none_known(cr: Any, keys: Sequence[store.Key]) -> list[store.KnownKey]:
        found = plain(cr, keys)
        return [msgspec.structs.replace(x, digest=None, command="") for x in found]

    patch.setattr(store, "known_keys", none_known)


def holds_not_counted(patch: pytest.MonkeyPatch) -> None:
    """What is held may be spent once more."""
    everything = property(lambda value: value.posted)
    for place in (Lot, Purse):
        patch.setattr(place, "available", everything)


def lot_restored_with_a_new_date(patch: pytest.MonkeyPatch) -> None:
    """What comes back lives as long as if it had come in now."""
    plain = Sheet.give_back

    def later(
        sheet: Sheet, purse: Purse, event: str, account: str, part: LotPart
    ) -> None:
        end = (part.valid_until or LONG_AGO) + timedelta(days=400)
        plain(sheet, purse, event, account, LotPart(end, part.amount, part.carry))

    patch.setattr(Sheet, "give_back", later)


@contextmanager
def seeded(fault: Fault) -> Iterator[None]:
    """The ledger with a fault in it."""
    with pytest.MonkeyPatch.context() as patch:
        fault(patch)
        _forget_statements()
        try:
            yield
        finally:
            patch.undo()
            _forget_statements()


def _forget_statements() -> None:
    """Statements are made ready once for each process: not so here."""
    for one in vars(statements).values():
        if hasattr(one, "cache_clear"):
            one.cache_clear()
