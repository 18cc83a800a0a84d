"""The harness is shown faults of the real ledger: each of them must be found."""

import random
from typing import Any

import psycopg2
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from ekarte_core import Keyring
from tests.core.reference import faults
from tests.core.reference.crowd import trade
from tests.core.reference.strategies import Step, documents, steps
from tests.core.reference.telling import Telling
from tests.core.shop import Shop

ONE_BY_ONE = [
    faults.duplicate_look_up_removed,
    faults.holds_not_counted,
    faults.lot_restored_with_a_new_date,
]


@pytest.mark.parametrize("fault", ONE_BY_ONE, ids=lambda fault: fault.__name__)
def test_a_fault_makes_the_ledgers_disagree(dsn: str, keyring: Keyring, fault):
    """Networks of gift cards meet all three soon; no shrinking, no memory of it."""

    @settings(
        max_examples=200,
        database=None,
        phases=[Phase.generate],
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(document=documents(kinds=("gift_card",)), day=steps())
    def agree(document: dict[str, Any], day: list[Step]) -> None:
        Telling(dsn, keyring, document).tell(day, every=0)

    with faults.seeded(fault), pytest.raises((AssertionError, psycopg2.Error)):
        agree()


def test_a_lock_removed_is_noticed_by_eight_writers(shop: Shop, dice: random.Random):
    seen = (AssertionError, psycopg2.Error)
    with faults.seeded(faults.lock_removed), pytest.raises(seen):
        trade(shop, dice, cards_=3, groups=25)
