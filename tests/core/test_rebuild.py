"""Balances made anew from the entries: damage is named with figures, and repaired."""

import threading
import time

import psycopg2
import psycopg2.errors
import pytest

from ekarte_core import Difference, EkarteError, execute, rebuild
from ekarte_core.__main__ import main
from tests.core.shop import CLUB, GIFT, Shop, changed, number
from tests.core.test_invariants import plant


@pytest.fixture
def traded(shop: Shop) -> Shop:
    """Purse 1 is a gift card's with two lots, one half held; 2 and 3 a club card's."""
    shop.publish(changed("GIFT", valid_months=1))
    shop.do("activate", number(GIFT), 1000)
    shop.later(days=10)
    shop.do("top_up", number(GIFT), 2000)
    shop.do("sale", number(GIFT), 300)
    shop.do("authorize", number(GIFT), 200)
    sale = shop.request("sale", number(CLUB), 1000)
    shop.send(sale)
    shop.do("refund", amount=400, original=sale)
    shop.ledger.seal(shop.now)
    assert shop.broken() == []
    assert shop.sql("SELECT count(*) FROM ekarte.purse") == [(3,)]
    return shop


def found(shop: Shop, *, repair: bool = False, span: int = 5000) -> list[Difference]:
    connection = psycopg2.connect(shop.dsn)
    with connection, connection.cursor() as cr:
        parts = list(rebuild(cr, repair=repair, span=span))
    connection.close()
    return [difference for part in parts for difference in part.differences]


PURSE, LOT = "UPDATE ekarte.purse SET", "UPDATE ekarte.lot SET"
END = "2026-12-21 22:00:00+00:00"  # midnight in Rīga, a month after the sale
DAMAGE = {
    "posted": (
        f"{PURSE} posted = posted + 1 WHERE id = 1",
        ["purse 1 (card 1): posted 2701, by its entries 2700"],
    ),
    "held": (
        f"{PURSE} held = 0 WHERE id = 1",
        ["purse 1 (card 1): held 0, by its entries 200"],
    ),
    "carry": (
        f"{PURSE} carry = 5 WHERE id = 1",
        ["purse 1 (card 1): carry 5, by its entries 2700"],
    ),
    "version": (
        f"{PURSE} version = 9 WHERE id = 1",
        ["purse 1 (card 1): version 9, by its entries 4"],
    ),
    "next end": (
        f"{PURSE} valid_until = NULL WHERE id = 1",
        [f"purse 1 (card 1): next end None, by its entries {END}"],
    ),
    "everything": (
        f"{PURSE} posted = 7, held = 6, carry = 5, version = 4 WHERE id = 2",
        None,
    ),
    "lot": (
        f"{LOT} posted = posted - 1, held = 1 WHERE id = 1",
        ["lot 1 (purse 1): posted 699, by its entries 700; held 1, by its entries 200"],
    ),
    "carry of a lot": (
        f"{LOT} carry = 0 WHERE id = 2",
        ["lot 2 (purse 1): carry 0, by its entries 2000"],
    ),
    "issued less than is there": (f"{LOT} issued = 10, posted = 10, held = 0", None),
    "two purses and a lot": (
        f"{PURSE} posted = posted + 1; {LOT} carry = 1 WHERE id = 1",
        None,
    ),
}


@pytest.mark.parametrize("span", [1, 2, 5000])
def test_an_honest_ledger_has_no_differences(traded: Shop, span: int):
    assert found(traded, span=span) == []
    assert found(traded, span=span, repair=True) == []


def test_an_empty_ledger_has_none_either(shop: Shop):
    assert found(shop) == []


@pytest.mark.parametrize(("fault", "told"), DAMAGE.values(), ids=DAMAGE)
def test_damage_is_named_with_both_figures_and_repaired(
    traded: Shop, fault: str, told: list[str] | None
):
    everything = "SELECT * FROM ekarte.{} ORDER BY id"
    before = [traded.sql(everything.format(name)) for name in ("purse", "lot")]
    plant(traded, fault)
    damaged = found(traded, span=1)
    assert damaged
    assert told is None or [str(one) for one in damaged] == told
    assert not any(one.repaired for one in damaged)
    assert found(traded) == damaged  # looking changes nothing
    repaired = found(traded, repair=True)
    assert [str(one) for one in repaired] == [str(one) for one in damaged]
    assert all(one.repaired for one in repaired)
    assert found(traded) == []
    assert traded.broken() == []
    after = [traded.sql(everything.format(name)) for name in ("purse", "lot")]
    assert after == before or "issued" in fault


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("DELETE FROM ekarte.purse WHERE id = 3", "purse 3 is not there"),
        ("DELETE FROM ekarte.lot WHERE id = 2", "lot 2 is not there"),
    ],
)
def test_a_row_that_is_gone_is_named_but_not_invented(
    traded: Shop, fault: str, told: str
):
    plant(traded, fault)
    for repair in (False, True):
        differences = found(traded, repair=repair)
        assert any(str(one).startswith(told) for one in differences)
        assert not any(one.repaired for one in differences if one.stored is None)
    assert traded.sql("SELECT count(*) FROM ekarte.purse WHERE id = 3") == [
        (0 if "purse" in told else 1,)
    ]


def test_figures_that_no_purse_may_hold_are_named_but_not_written(traded: Shop):
    """Entries that balance, but take more than there was."""
    traded.sql("DELETE FROM ekarte.seal_operation WHERE false")
    plant(traded, "DELETE FROM ekarte.seal_operation; DELETE FROM ekarte.seal")
    plant(
        traded,
        "UPDATE ekarte.entry SET posted = posted - 9000, posted_after = posted_after "
        "- 9000 WHERE purse_id = 1 AND version = 4;"
        "UPDATE ekarte.entry SET posted = posted + 9000 WHERE purse_id IS NULL "
        "AND operation_id = (SELECT operation_id FROM ekarte.entry "
        "WHERE purse_id = 1 AND version = 4)",
    )
    differences = found(traded, repair=True)
    assert [one.kind for one in differences] == ["purse", "lot"]
    assert not any(one.repaired for one in differences)
    assert traded.sql("SELECT posted FROM ekarte.purse WHERE id = 1") == [(2700,)]


UNSOUND = {
    "I1": (
        "UPDATE ekarte.entry SET posted = posted + 1 WHERE purse_id IS NULL "
        "AND operation_id = 1",
        "operation 1 EUR",
    ),
    "I4": (
        "UPDATE ekarte.entry SET posted_after = posted_after + 1 "
        "WHERE purse_id = 1 AND version = 2",
        "purse 1 version 2",
    ),
    "I4, dense": (
        "UPDATE ekarte.entry SET version = 9 WHERE purse_id = 1 AND version = 4",
        "purse 1 version 9",
    ),
    "chain": (
        "UPDATE ekarte.entry SET event = 'x' WHERE operation_id = 1",
        r"operation 1 \(seal 1\)",
    ),
}


@pytest.mark.parametrize(("fault", "named"), UNSOUND.values(), ids=UNSOUND)
def test_nothing_is_repaired_from_damaged_entries(traded: Shop, fault: str, named: str):
    plant(traded, fault)
    plant(traded, f"{PURSE} posted = posted + 1 WHERE id = 3")
    with pytest.raises(EkarteError, match=named):
        found(traded, repair=True)
    assert any(one.id == 3 and one.kind == "purse" for one in found(traded))


def test_a_wrong_version_alone_does_not_hinder_a_repair(traded: Shop):
    """The pair of the above: I4 is red by the purse, the entries are sound."""
    plant(traded, f"{PURSE} version = version + 1 WHERE id = 3")
    assert traded.broken() == ["I4"]
    assert [one.repaired for one in found(traded, repair=True)] == [True]
    assert traded.broken() == []


def test_a_repair_waits_for_who_holds_the_card(traded: Shop):
    plant(traded, f"{PURSE} posted = posted + 1 WHERE id = 1")
    holder, other = psycopg2.connect(traded.dsn), psycopg2.connect(traded.dsn)
    with holder.cursor() as cr, other.cursor() as waiting:
        cr.execute("SELECT 1 FROM ekarte.card WHERE id = 1 FOR NO KEY UPDATE")
        waiting.execute("SET lock_timeout = '100ms'")
        with pytest.raises(psycopg2.errors.LockNotAvailable):
            list(rebuild(waiting, repair=True))
        other.rollback()
        holder.rollback()
        assert [len(part.differences) for part in rebuild(waiting, repair=True)] == [1]
    holder.close()
    other.close()


def test_a_repair_looks_again_under_the_lock(traded: Shop):
    """What another transaction has moved meanwhile is not undone."""
    plant(traded, f"{LOT} carry = carry + 1 WHERE id = 1")
    repaired: list[Difference] = []
    rival = psycopg2.connect(traded.dsn)
    with rival.cursor() as cr:
        sale = traded.request("sale", number(GIFT), 100)
        execute(cr, [sale], traded.network, traded.keyring, traded.now)
        thread = threading.Thread(
            target=lambda: repaired.extend(found(traded, repair=True)),
            daemon=True,
        )
        thread.start()
        _wait_for_a_waiter(traded)
        rival.commit()
        thread.join(10)
    rival.close()
    assert [(one.kind, one.repaired) for one in repaired] == [("lot", True)]
    assert traded.broken() == []
    assert traded.balance(number(GIFT), "GIFT") == 2600


def _wait_for_a_waiter(shop: Shop) -> None:
    waiting = "SELECT count(*) FROM pg_locks AS l INNER JOIN pg_stat_activity AS a "
    waiting += "ON l.pid = a.pid WHERE NOT granted AND datname = current_database()"
    for _ in range(500):
        if shop.sql(waiting) != [(0,)]:
            return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


def test_damage_that_a_card_has_traded_on_is_in_its_entries(traded: Shop):
    """Their balance after is wrong for ever: a repair has nothing to rely on."""
    plant(traded, f"{PURSE} posted = posted + 1, carry = carry + 1 WHERE id = 1")
    traded.do("sale", number(GIFT), 100)
    with pytest.raises(EkarteError, match="purse 1 version 5"):
        found(traded, repair=True)


# --- the command


def test_the_command_says_nothing_of_an_honest_ledger(traded: Shop, capsys):
    assert main(["rebuild", "--dsn", traded.dsn]) == 0
    assert capsys.readouterr().out == "0 differences, 0 repaired\n"


def test_the_command_names_repairs_and_then_is_content(traded: Shop, capsys):
    plant(traded, f"{PURSE} posted = 1, held = 0 WHERE id = 3")
    assert main(["rebuild", "--dsn", traded.dsn]) == 1
    told, progress = capsys.readouterr()
    assert "purse 3 (card 2): posted 1, by its entries" in told
    assert told.endswith("1 differences, 0 repaired\n")
    assert "purses up to 3 of 3" in progress
    assert main(["rebuild", "--repair", "--dsn", traded.dsn]) == 0
    told, _ = capsys.readouterr()
    assert "(repaired)" in told
    assert CLUB not in told + progress
    assert main(["rebuild", "--dsn", traded.dsn]) == 0


def test_the_command_refuses_damaged_entries(traded: Shop, capsys):
    plant(traded, UNSOUND["I1"][0])
    assert main(["rebuild", "--repair", "--dsn", traded.dsn]) == 1
    assert "nothing is repaired" in capsys.readouterr().err


def test_the_command_fails_on_what_it_cannot_repair(traded: Shop, capsys):
    plant(traded, "DELETE FROM ekarte.lot WHERE id = 2")
    assert main(["rebuild", "--repair", "--dsn", traded.dsn]) == 1
    assert "lot 2 is not there" in capsys.readouterr().out
