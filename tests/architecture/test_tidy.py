"""The checkout keeps the tidy rules."""

import pytest
from tidy import RULES
from tree import Tree


@pytest.fixture(scope="module")
def checkout():
    return Tree()


def test_the_tree_is_not_empty(checkout):
    """A walk that finds nothing would make every rule pass."""
    assert len(checkout.under("ekarte_core")) > 10
    assert len(checkout.texts) > 50
    assert [path.name for path in checkout.addons] == [
        "ekarte_loyalty",
        "ekarte_pos_terminal",
    ]


@pytest.mark.parametrize("name", RULES)
def test_the_checkout_keeps(name, checkout):
    assert RULES[name](checkout) == []
