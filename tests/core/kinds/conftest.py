"""After each test of a kind the invariants hold."""

from collections.abc import Iterator

import pytest

from tests.core.shop import Shop


@pytest.fixture
def shop(shop: Shop) -> Iterator[Shop]:
    """The small coalition; whatever was done to it, its ledger is sound."""
    yield shop
    assert shop.broken() == []
