"""Replay: past operations decided again; nothing is written."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ekarte_core import Replay, read_network
from ekarte_core.__main__ import main
from tests.core.shop import BEGINNING, CLUB, FUEL, Shop, changed, number


def replayed(
    shop: Shop, document: dict[str, Any] | None = None, since: datetime = BEGINNING
) -> Replay:
    return shop.replayed(None if document is None else read_network(document), since)


def a_busy_week(shop: Shop) -> str:
    """Purchases, a hold, refunds, reversals, another version, an expired hold."""
    card, gift = number(CLUB), shop.gift(5000)
    for amount in (2000, 16000, 700, 4999, 12345):
        shop.do("sale", card, amount)
        shop.later(days=1)
    hold = shop.request("authorize", gift, 3000)
    shop.send(hold)
    shop.do("confirm", amount=2500, original=hold)
    lost = shop.request("authorize", gift, 500)
    shop.send(lost)
    shop.later(hours=1)
    shop.expire()
    shop.publish(changed("DISC", base_rate=700))
    sale = shop.request("sale", card, 8000)
    shop.send(sale)
    shop.do("refund", amount=3000, original=sale)
    refund = shop.request("refund", amount=1000, original=sale)
    shop.send(refund)
    shop.do("reverse", original=refund)
    shop.do("sale", card, 1000, bonus=100)
    shop.do("sale", number(FUEL), 30000, terminal="00000031")
    shop.do("top_up", gift, 1500)
    shop.do("sale", gift, 99999)  # refused
    return card


def test_the_live_rules_give_no_difference(shop: Shop):
    a_busy_week(shop)
    found = replayed(shop)
    assert (found.differing, found.differences) == (0, [])
    assert found.figures.liability == found.figures.liability_was != {}
    assert found.figures.operations == 16
    assert found.same


def test_a_refund_that_is_reversed_twice_counts_once(shop: Shop):
    card = shop.gift(5_000)
    bought = shop.request("sale", card, 1_000, gift=1_000)
    shop.send(bought)
    back = shop.request("refund", None, 300, original=bought)
    shop.send(back)
    for _ in range(3):
        assert shop.do("reverse", original=back).rc == "00"
    answer = shop.do("refund", None, 900, original=bought)
    assert answer.tendered == {"gift": 900}
    found = shop.replayed()
    assert (found.differences, found.figures.refused) == ([], 0)


def test_a_span_that_begins_later_knows_what_was_before(shop: Shop):
    a_busy_week(shop)
    found = replayed(shop, since=shop.now - timedelta(hours=3))
    assert found.same
    assert 0 < found.figures.operations < 16


def test_a_draft_shows_what_it_would_have_changed(shop: Shop):
    card = number(CLUB)
    for amount in (2000, 1000):
        shop.do("sale", card, amount)
    found = replayed(shop, changed("DISC", base_rate=1000))
    assert not found.same
    assert (found.figures.discount_was, found.figures.discount) == (150, 300)
    assert [(d.discount_was, d.discount) for d in found.differences] == [
        (100, 200),
        (50, 100),
    ]


def test_a_draft_that_changes_points_changes_what_is_owed(shop: Shop):
    shop.do("sale", number(CLUB), 2000)
    found = replayed(shop, changed("BONUS", step=100))
    assert (found.figures.points_was, found.figures.points) == (
        {"BONUS": 3},
        {"BONUS": 19},
    )
    assert found.figures.liability["BONUS"] > found.figures.liability_was["BONUS"]


def test_a_draft_may_refuse_what_was_approved(shop: Shop):
    shop.gift(2000)
    found = replayed(shop, changed("GIFT", min_load=3000))
    assert (found.figures.refused, found.differing) == (1, 1)


def test_a_replay_writes_nothing(shop: Shop):
    a_busy_week(shop)
    before = shop.sql("SELECT count(*), max(id) FROM ekarte.operation")
    purses = shop.sql("SELECT id, posted, version FROM ekarte.purse ORDER BY 1")
    replayed(shop, changed("DISC", base_rate=1000))
    assert shop.sql("SELECT count(*), max(id) FROM ekarte.operation") == before
    assert shop.sql("SELECT id, posted, version FROM ekarte.purse ORDER BY 1") == purses


def test_the_command_shows_a_table_and_tells_same_from_other(
    shop: Shop, capsys: pytest.CaptureFixture, tmp_path: Path
):
    a_busy_week(shop)
    draft = tmp_path / "draft.json"
    draft.write_text(json.dumps(changed("DISC", base_rate=1000)))
    # The test's clock is ahead of the machine's.
    until = ["--until", f"{shop.now + timedelta(days=1):%Y-%m-%d}"]
    assert main(["replay", "--dsn", shop.dsn, *until]) == 0
    assert "0 operations decided otherwise" in capsys.readouterr().out
    assert main(["replay", str(draft), "--dsn", shop.dsn, *until]) == 1
    assert "points BONUS" in capsys.readouterr().out
