"""From operations to settlement documents: each booked operation once, to the cent."""

import json
from collections import Counter
from contextlib import closing
from datetime import date, timedelta

import msgspec
import psycopg2
import psycopg2.errors
import pytest

from ekarte_core import (
    Original,
    RequestInvalid,
    SettlementDocument,
    build_settlement,
    postings,
    read_settlement,
)
from tests.core.shop import CLUB, Shop, changed, network_document, number


def settle(shop: Shop) -> SettlementDocument:
    """Build the document of everything so far."""
    shop.later(hours=1)
    number_ = shop.ledger.build_settlement(shop.network, shop.now, shop.now)
    assert number_ is not None
    bodies = dict(shop.ledger.pending_settlements())
    return read_settlement(bodies[number_])


def lines(document: SettlementDocument) -> dict[tuple, tuple]:
    """{(event, seller, issuer, branch, tax): (amount, carry, tendered, operations)}."""
    return {
        (row.event, row.seller, row.issuer, row.branch, row.tax_rate_bp): (
            row.amount,
            row.carry,
            row.tendered,
            row.operations,
        )
        for row in document.lines
    }


def books(document: SettlementDocument) -> dict[str, dict[str, int]]:
    """{company: {account: sum}} without zeros."""
    found: dict[str, Counter] = {}
    for item in postings(document):
        found.setdefault(item.company, Counter())[item.account] += item.amount
    return {
        company: {account: sum_ for account, sum_ in sums.items() if sum_}
        for company, sums in found.items()
    }


def test_a_gift_card_of_the_grocer_at_the_pump(shop: Shop):
    """30.00: fuel gets CLR 30.00 for REV 24.79 and VATO 5.21, the grocer owes it."""
    card = shop.gift(3000)
    settle(shop)
    shop.do("sale", card, 3000, terminal="00000031")
    document = settle(shop)
    assert lines(document) == {
        ("sale", "FUEL", "FUEL", "F1", 2100): (3000, 0, 3000, 1),
        ("gift_spend", "FUEL", "GROCER", "F1", 0): (3000, 3000, 0, 1),
    }
    assert books(document) == {
        "FUEL": {"CLR": 3000, "REV": -2479, "VATO": -521},
        "GROCER": {"LGC": 3000, "CLR": -3000},
    }


def test_a_purchase_defers_81_cents_and_another_issuer_is_paid_in_full(shop: Shop):
    shop.publish(_plain_bonus())
    card = shop.club(5000)
    document = settle(shop)
    assert books(document) == {
        "GROCER": {"BNK": 5000, "REV": -4132 + 81, "VATO": -868, "LBN": -81},
    }
    shop.do("sale", card, 2000, bonus=100, terminal="00000031")
    document = settle(shop)
    assert books(document) == {
        "FUEL": {"CLR": 100, "BNK": 1900, "REV": -1653, "VATO": -347},
        "GROCER": {"LBN": 81, "XCL": 19, "CLR": -100},
    }
    assert shop.sql("SELECT sum(carry)::integer FROM ekarte.purse") == [(0,)]


def test_own_bonus_money_is_a_discount(shop: Shop):
    shop.publish(_plain_bonus())
    card = shop.club(5000)
    settle(shop)
    shop.do("sale", card, 400, bonus=100)
    assert books(settle(shop)) == {
        "GROCER": {"BNK": 300, "REV": -248 - 81, "VATO": -52, "LBN": 81}
    }


def test_a_load_and_a_sale_at_home(shop: Shop):
    card = shop.gift(2000)
    shop.do("sale", card, 1210)
    assert books(settle(shop)) == {
        "GROCER": {"BNK": 2000, "LGC": -790, "REV": -1000, "VATO": -210}
    }


def test_a_gift_card_sold_by_an_ally_is_owed_to_its_issuer(shop: Shop):
    shop.do("activate", number("999000200000"), 2000, terminal="00000031")
    document = settle(shop)
    assert lines(document) == {
        ("gift_load", "FUEL", "GROCER", "F1", 0): (2000, 2000, 0, 1)
    }
    assert books(document) == {
        "FUEL": {"BNK": 2000, "CLR": -2000},
        "GROCER": {"CLR": 2000, "LGC": -2000},
    }


def test_an_outside_issuer_keeps_its_own_books(shop: Shop):
    """The bookshop is no company here: only the grocer's side is posted."""
    card = shop.gift(2000)
    settle(shop)
    shop.do("sale", card, 500, terminal="00000041")
    document = settle(shop)
    assert document.outside == ("BOOKS",)
    assert books(document) == {"GROCER": {"LGC": 500, "CLR": -500}}


def test_where_the_shops_own_register_reports_only_the_loyalty_half_is_posted(
    shop: Shop,
):
    document = network_document()
    document["branches"][0]["books_sales"] = False
    shop.publish(document)
    card = shop.gift(2000)
    shop.do("sale", card, 500)
    assert books(settle(shop)) == {"GROCER": {"TND": 2000 - 500, "LGC": -1500}}


def test_a_full_refund_leaves_the_books_empty(shop: Shop):
    sale = shop.request("sale", number(CLUB), lines=[("food", 1000), ("books", 777)])
    shop.send(sale)
    shop.do("refund", amount=1777, original=sale)
    assert books(settle(shop)) == {}


def test_a_refund_of_another_day_is_the_same_rows_with_a_minus(shop: Shop):
    card = shop.gift(3000)
    sale = shop.request("sale", card, 3000, terminal="00000031")
    shop.send(sale)
    settle(shop)
    shop.later(days=1)
    shop.do("refund", amount=3000, original=sale, terminal="00000031")
    document = settle(shop)
    assert books(document) == {
        "FUEL": {"CLR": -3000, "REV": 2479, "VATO": 521},
        "GROCER": {"LGC": -3000, "CLR": 3000},
    }
    assert {row.day for row in document.lines} == {date(2026, 11, 22)}


def test_a_reversal_leaves_the_books_empty(shop: Shop):
    card = shop.club(4500)
    settle(shop)
    sale = shop.request("sale", card, 6000)
    shop.send(sale)
    shop.do("reverse", original=sale)
    assert books(settle(shop)) == {}


def test_tax_is_by_rate_and_rounded_once_for_each_line(shop: Shop):
    shop.publish(_no_programs_matter())
    for serial in range(3):
        goods = [("food", 33), ("books", 33)]
        shop.do("sale", number(CLUB, serial), lines=goods)
    document = settle(shop)
    assert {key[4]: value[0] for key, value in lines(document).items()} == {
        2100: 99,
        500: 99,
    }
    taxes = {i.tax_rate_bp: i.amount for i in postings(document) if i.account == "VATO"}
    assert taxes == {2100: -17, 500: -5}


def test_holds_and_refusals_are_not_settled(shop: Shop):
    card = shop.gift(2000)
    settle(shop)
    shop.do("authorize", card, 500)
    assert shop.do("sale", card, 9000).rc == "51"
    shop.do("block", card)
    shop.later(hours=1)
    assert shop.ledger.build_settlement(shop.network, shop.now, shop.now) is None


def test_each_operation_is_settled_once(shop: Shop):
    card = shop.gift(2000)
    shop.do("sale", card, 500)
    first = settle(shop)
    shop.do("sale", card, 300)
    second = settle(shop)
    assert sum(row.operations for row in first.lines if row.event == "sale") == 1
    assert sum(row.operations for row in second.lines if row.event == "sale") == 1
    shop.later(hours=1)
    assert shop.ledger.build_settlement(shop.network, shop.now, shop.now) is None
    rows = shop.sql(
        "SELECT operation_id, settlement_id FROM ekarte.settlement_operation"
    )
    assert sorted(rows) == [(1, first.id), (2, first.id), (3, second.id)]
    assert shop.broken() == []


def test_what_is_younger_than_the_cutoff_waits(shop: Shop):
    card = shop.gift(2000)
    cutoff = shop.now
    assert shop.ledger.build_settlement(shop.network, shop.now, cutoff) is None
    shop.later(seconds=1)
    assert shop.ledger.build_settlement(shop.network, shop.now, shop.now) is not None
    assert shop.do("sale", card, 100).rc == "00"


def test_a_closed_batch_does_not_wait_for_the_cutoff(shop: Shop):
    cutoff = shop.now
    shop.do("activate", number("999000200000"), 2000, batch=5)
    shop.do("sale", number(CLUB), 1000, batch=6)
    totals = shop.do("close", batch=5).totals
    assert shop.do("close", batch=5, totals=totals).rc == "00"
    assert shop.ledger.build_settlement(shop.network, shop.now, cutoff) is not None
    rows = shop.sql("SELECT operation_id FROM ekarte.settlement_operation")
    assert rows == [(1,)]


def test_days_are_those_of_the_branch(shop: Shop):
    document = network_document()
    document["branches"][1]["cutoff"] = "04:00"
    shop.publish(document)
    shop.later(hours=13)  # one in the morning in Riga
    shop.do("sale", number(CLUB), 1000)
    shop.do("sale", number(CLUB), 1000, terminal="00000021")
    days = {row.branch: row.day for row in settle(shop).lines}
    assert days == {"G1": date(2026, 11, 22), "G2": date(2026, 11, 21)}


def test_lapsed_value_becomes_breakage(shop: Shop):
    shop.publish(changed("GIFT", valid_months=1))
    shop.gift(2000)
    settle(shop)
    shop.later(days=40)
    assert shop.ledger.expire_lots(shop.network, shop.now) == 1
    assert shop.ledger.expire_lots(shop.network, shop.now) == 0
    assert books(settle(shop)) == {"GROCER": {"LGC": 2000, "RBK": -2000}}
    assert shop.sql("SELECT sum(carry)::integer FROM ekarte.purse") == [(0,)]
    assert shop.broken() == []


def test_burnt_points_become_breakage(shop: Shop):
    shop.publish(_plain_bonus(expire_days=30))
    shop.club(4500)
    deferred = -books(settle(shop))["GROCER"]["LBN"]
    shop.later(days=40)
    shop.ledger.expire_lots(shop.network, shop.now)
    assert books(settle(shop)) == {"GROCER": {"LBN": deferred, "RBK": -deferred}}
    assert shop.broken() == []


def test_a_document_is_pending_until_it_is_accepted_once(shop: Shop):
    shop.gift(2000)
    first = settle(shop)
    shop.ledger.settlement_failed(first.id, "away", shop.now)
    shop.do("sale", number(CLUB), 1000)
    second = settle(shop)
    pending = [number_ for number_, _body in shop.ledger.pending_settlements()]
    assert pending == [first.id, second.id]
    shop.ledger.settlement_accepted(first.id, '{"id": 1}', shop.now)
    shop.ledger.settlement_accepted(first.id, '{"id": 2}', shop.now)
    pending = [number_ for number_, _body in shop.ledger.pending_settlements()]
    assert pending == [second.id]
    replies = shop.sql("SELECT reply FROM ekarte.settlement_accepted")
    assert replies == [('{"id": 1}',)]
    reasons = shop.sql("SELECT reason FROM ekarte.settlement_attempt")
    assert reasons == [("away",)]


def test_an_unknown_document_is_not_accepted(shop: Shop):
    with pytest.raises(psycopg2.errors.ForeignKeyViolation):
        shop.ledger.settlement_accepted(999, "{}", shop.now)


def test_a_document_that_was_rolled_back_is_built_again(shop: Shop):
    shop.gift(2000)
    shop.later(hours=1)
    connection = psycopg2.connect(shop.dsn)
    with connection.cursor() as cr:
        assert build_settlement(cr, shop.network, shop.now, shop.now) is not None
    connection.rollback()
    connection.close()
    assert len(settle(shop).lines) == 1


def test_what_is_sent_names_no_card(shop: Shop):
    card = shop.club(1000)
    shop.gift(2000)
    body = dict(shop.ledger.pending_settlements())
    assert body == {}
    settle(shop)
    ((_number, text),) = shop.ledger.pending_settlements()
    assert card not in text.decode()
    assert "******" not in text.decode()


def test_the_document_that_is_kept_is_the_one_that_is_sent(shop: Shop):
    shop.gift(2000)
    document = settle(shop)
    ((_number, body),) = shop.ledger.pending_settlements()
    assert read_settlement(body) == document
    assert read_settlement(body.decode()) == document
    assert read_settlement(json.loads(body)) == document


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": "x"}, "id"),
        ({"lines": {}}, "lines"),
        ({"lines": [{}]}, "lines"),
        ({"cutoff": "yesterday"}, "cutoff"),
        ({"outside": "BOOKS"}, "outside"),
    ],
)
def test_a_document_with_a_fault_is_refused_by_field(
    shop: Shop, change: dict, field: str
):
    shop.gift(2000)
    settle(shop)
    ((_number, body),) = shop.ledger.pending_settlements()
    planted = json.loads(body) | change
    for given in (planted, json.dumps(planted)):
        with pytest.raises(RequestInvalid, match=field):
            read_settlement(given)


def _plain_bonus(**parameters) -> dict:
    document = changed("BONUS", **parameters)
    document["card_types"][0]["programs"] = ["BONUS"]
    return document


def _no_programs_matter() -> dict:
    document = changed("DISC", base_rate=0)
    document["card_types"][0]["programs"] = ["DISC"]
    return document


# Terminals of Odoo's own


def with_odoo(**more) -> dict:
    """The test network with a till of Odoo in the grocer's first branch."""
    document = network_document()
    document["terminals"].append(
        {"id": "PO000001", "branch": "G1", "protocol": "odoo", **more}
    )
    return document


def flags(document: SettlementDocument) -> dict[tuple[str, bool], tuple[int, int]]:
    """{(event, books_sales): (amount, operations)}."""
    return {
        (row.event, row.books_sales): (row.amount, row.operations)
        for row in document.lines
    }


def test_what_odoo_sells_is_not_booked_again(shop: Shop):
    shop.publish(with_odoo())
    card = number("999000200000")
    assert shop.do("activate", card, 3000, terminal="PO000001").rc == "00"
    assert shop.do("sale", card, 1210, terminal="PO000001").rc == "00"
    document = settle(shop)
    assert flags(document) == {
        ("gift_load", False): (3000, 1),
        ("gift_spend", True): (1210, 1),
        ("sale", False): (1210, 1),
    }
    # The order's own entry brings TND to zero: 30.00 sold, 12.10 paid by card.
    assert books(document) == {"GROCER": {"LGC": -1790, "TND": 3000 - 1210}}


def test_what_other_terminals_of_the_branch_sell_stands_apart(shop: Shop):
    shop.publish(with_odoo())
    card = shop.gift(2000)
    shop.do("sale", card, 605)
    shop.do("sale", card, 242, terminal="PO000001")
    shop.do("top_up", card, 1000, terminal="PO000001")
    document = settle(shop)
    assert flags(document) == {
        ("gift_load", False): (1000, 1),
        ("gift_load", True): (2000, 1),
        ("gift_spend", True): (847, 2),
        ("sale", False): (242, 1),
        ("sale", True): (605, 1),
    }
    assert books(document)["GROCER"]["REV"] == -500
    assert [row.line for row in document.lines] == [1, 2, 3, 4, 5]


def test_where_nobody_books_for_the_branch_its_sales_stand_together(shop: Shop):
    document = with_odoo()
    document["branches"][0]["books_sales"] = False
    shop.publish(document)
    card = shop.gift(2000)
    shop.do("sale", card, 605)
    shop.do("sale", card, 242, terminal="PO000001")
    assert flags(settle(shop)) == {
        ("gift_load", False): (2000, 1),
        ("gift_spend", False): (847, 2),
        ("sale", False): (847, 2),
    }


def test_a_terminal_that_is_gone_does_not_change_sides(shop: Shop):
    """Neither one of Odoo's, nor one that got another protocol afterwards."""
    shop.publish(with_odoo())
    card = shop.gift(2000)
    shop.do("sale", card, 605, terminal="PO000001")
    shop.do("sale", card, 242, terminal="00000021")
    document = network_document()
    document["terminals"][2]["protocol"] = "odoo"
    shop.publish(document)
    found = flags(settle(shop))
    assert found["sale", False] == (605, 1)
    assert found["sale", True] == (242, 1)
    shop.do("sale", card, 121, terminal="00000021")
    assert flags(settle(shop))["sale", False] == (121, 1)


def test_a_refund_at_odoos_till_is_odoos_to_book(shop: Shop):
    shop.publish(with_odoo())
    card = shop.gift(2000)
    sale = shop.request("sale", card, 605)
    shop.send(sale)
    settle(shop)
    back = shop.request("refund", None, 605, terminal="PO000001")
    original = Original(batch=1, operation=sale.operation, terminal=sale.terminal)
    back = msgspec.structs.replace(back, original=original)
    assert shop.send(back).tendered == {"gift": 605}
    document = settle(shop)
    assert flags(document)["sale", False] == (-605, 1)
    assert books(document) == {"GROCER": {"LGC": -605, "TND": 605}}


def test_a_hold_at_odoos_till_may_last_for_weeks(shop: Shop):
    shop.publish(with_odoo(hold_s=90 * 86_400))
    card = shop.gift(2000)
    held = shop.request("authorize", card, 605, terminal="PO000001")
    shop.send(held)
    shop.later(days=89)
    assert shop.expire() == 0
    assert shop.available(card, "GIFT") == 1395
    assert shop.do("confirm", None, original=held, terminal="PO000001").rc == "00"


def test_what_is_booked_late_by_a_day_is_settled_by_a_short_look(shop: Shop):
    card = shop.gift(3000)
    settle(shop)
    shop.now -= timedelta(days=1)
    shop.do("sale", card, 1000)
    shop.later(days=1)
    assert sum(row.operations for row in settle(shop).lines) == 2


def test_what_is_booked_late_by_weeks_waits_for_the_look_at_the_whole_ledger(
    shop: Shop,
):
    card = shop.gift(3000)
    settle(shop)
    shop.now -= timedelta(days=20)
    shop.do("sale", card, 1000)
    shop.later(days=20, hours=1)
    assert shop.ledger.build_settlement(shop.network, shop.now, shop.now) is None
    shop.later(hours=24)
    assert sum(row.operations for row in settle(shop).lines) == 2


def test_cards_are_used_while_a_settlement_is_being_built(shop: Shop):
    card = shop.gift(3000)
    shop.later(hours=1)
    with closing(psycopg2.connect(shop.dsn)) as other, other.cursor() as cr:
        assert build_settlement(cr, shop.network, shop.now, shop.now) is not None
        shop.do("sale", card, 1000)  # 91 would be the answer if a lock were in the way
        shop.do("authorize", card, 500)
        other.commit()
    assert [row.event for row in settle(shop).lines] == ["gift_spend", "sale"]
