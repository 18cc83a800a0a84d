"""How much of an issuer's value others take: up to its limit, and not a cent more."""

from collections import Counter
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from ekarte_core import (
    LedgerConnection,
    Line,
    NetworkInvalid,
    Original,
    exposures,
    read_network,
    tell_cleared,
)
from tests.core.rivals import together, until_answered
from tests.core.shop import (
    BOOK_GIFT,
    CLUB,
    PLAY,
    Shop,
    changed,
    network_document,
    network_with,
    number,
    program,
)

PUMP = {"terminal": "00000031"}
BOOK_TILL = {"terminal": "00000041"}


def limited(limit: int, document: dict[str, Any] | None = None) -> dict[str, Any]:
    """The test network where the grocer may owe others so much."""
    document = document or network_document()
    document["issuers"][0]["exposure_limit"] = limit
    return document


def owed(shop: Shop, issuer: str = "GROCER") -> int:
    with shop._look().cursor() as cr:
        return next(x.owed for x in exposures(cr, shop.network) if x.issuer == issuer)


def cleared(shop: Shop, amount: int) -> None:
    with shop._look().cursor() as cr:
        tell_cleared(cr, {"GROCER": amount}, shop.now)


def test_without_a_limit_others_take_what_is_on_the_card(shop: Shop):
    card = shop.gift(50000)
    assert shop.do("sale", card, 50000, **PUMP).rc == "00"
    assert owed(shop) == 50000
    assert shop.broken() == []


def test_at_others_the_limit_is_the_last_cent_at_home_it_is_none(shop: Shop):
    shop.publish(limited(3000))
    card = shop.gift(10000)
    assert shop.do("sale", card, 2500, **PUMP).rc == "00"
    refused = shop.do("sale", card, 501, **PUMP)
    assert refused.rc == "60"
    assert refused.message.startswith("accepted by its issuer only")
    assert shop.do("sale", card, 500, **PUMP).rc == "00"
    assert shop.do("sale", card, 1, **BOOK_TILL).rc == "60"
    assert shop.do("sale", card, 7000).rc == "00"
    assert owed(shop) == 3000
    assert shop.broken() == []


def test_a_terminal_that_takes_a_part_gets_what_there_is_room_for(shop: Shop):
    shop.publish(limited(3000))
    card = shop.gift(10000)
    answer = shop.do("sale", card, 5000, partial=True, **PUMP)
    assert (answer.rc, answer.tendered, answer.amount_due) == (
        "10",
        {"gift": 3000},
        2000,
    )
    assert shop.do("sale", card, 5000, partial=True, **PUMP).rc == "60"


def test_a_quote_and_a_balance_say_what_a_purchase_would_meet(shop: Shop):
    shop.publish(limited(3000))
    card = shop.gift(10000)
    assert shop.available(card, "GIFT", **PUMP) == 3000
    assert shop.do("inquire", card, 3001, **PUMP).rc == "60"
    assert shop.do("sale", card, 3000, **PUMP).rc == "00"
    assert shop.available(card, "GIFT", **PUMP) == 0
    assert shop.available(card, "GIFT") == 7000
    looked = shop.do("inquire", card, **PUMP)
    assert looked.rc == "00"
    assert looked.explain == (
        "Gift card: only its issuer accepts it now; use it there, or pay another way",
    )
    assert shop.do("inquire", card).explain == ()


def test_purchases_without_its_value_and_earning_go_on(shop: Shop):
    shop.publish(limited(100))
    card = shop.club(6000)
    assert shop.do("sale", card, 500, bonus=100, **PUMP).rc == "00"
    shop.do("sale", card, 6000)
    assert shop.do("sale", card, 500, bonus=100, **PUMP).rc == "60"
    assert shop.do("sale", card, 500, **PUMP).rc == "00"
    earned = shop.do("sale", card, 6000).earned
    assert [row.points for row in earned] == [11]
    assert shop.do("sale", card, 500, bonus=100).rc == "00"


def test_a_refund_goes_on_and_makes_room(shop: Shop):
    shop.publish(limited(3000))
    card = shop.gift(10000)
    sale = shop.request("sale", card, 3000, **PUMP)
    assert shop.send(sale).rc == "00"
    assert shop.do("sale", card, 1, **PUMP).rc == "60"
    assert shop.do("refund", card, 1000, original=sale, **PUMP).rc == "00"
    assert owed(shop) == 2000
    assert shop.do("sale", card, 1000, **PUMP).rc == "00"
    assert shop.do("reverse", original=sale, **PUMP).rc in ("25", "77", "05")
    assert shop.broken() == []


def test_a_reversal_makes_room(shop: Shop):
    shop.publish(limited(3000))
    card = shop.gift(10000)
    sale = shop.request("sale", card, 3000, **PUMP)
    shop.send(sale)
    assert shop.do("reverse", original=sale, **PUMP).rc == "00"
    assert owed(shop) == 0
    assert shop.do("sale", card, 3000, **PUMP).rc == "00"
    assert shop.broken() == []


def test_what_is_held_counts_and_a_confirmation_is_never_refused(shop: Shop):
    shop.publish(limited(3000))
    card = shop.gift(10000)
    hold = shop.request("authorize", card, 3000, **PUMP)
    assert shop.send(hold).rc == "00"
    assert owed(shop) == 3000
    assert shop.do("sale", card, 1, **BOOK_TILL).rc == "60"
    shop.publish(limited(1000))
    assert shop.do("confirm", amount=2200, original=hold, **PUMP).rc == "00"
    assert owed(shop) == 2200
    assert shop.broken() == []


def test_a_hold_that_ends_makes_room(shop: Shop):
    shop.publish(limited(3000))
    card = shop.gift(10000)
    shop.do("authorize", card, 3000, **PUMP)
    shop.later(hours=2)
    assert shop.expire() == 1
    assert owed(shop) == 0
    assert shop.do("sale", card, 3000, **PUMP).rc == "00"
    assert shop.broken() == []


def test_a_payment_makes_room(shop: Shop):
    shop.publish(limited(3000))
    card = shop.gift(10000)
    shop.do("sale", card, 3000, **PUMP)
    assert shop.do("sale", card, 1, **PUMP).rc == "60"
    cleared(shop, 2000)
    assert shop.do("sale", card, 2001, **PUMP).rc == "60"
    assert shop.do("sale", card, 2000, **PUMP).rc == "00"


def test_one_group_of_requests_does_not_pass_the_limit_together(shop: Shop):
    shop.publish(limited(3000))
    cards = [shop.gift(5000, serial) for serial in range(1, 5)]
    answers = shop.run(*[shop.request("sale", x, 1000, **PUMP) for x in cards])
    assert [answer.rc for answer in answers] == ["00", "00", "00", "60"]
    assert owed(shop) == 3000


def test_many_gateways_pass_the_limit_by_no_more_than_they_decide_at_once(
    shop: Shop, gateways: list[LedgerConnection]
):
    shop.publish(limited(5000))
    work = []
    for one, gateway in enumerate(gateways):
        cards = [shop.gift(5000, 10 * one + n) for n in range(4)]
        groups = [
            [shop.request("sale", card, 100, **PUMP) for card in cards]
            for _ in range(10)
        ]
        work.append(
            lambda gateway=gateway, groups=groups: [
                row for group in groups for row in until_answered(shop, gateway, group)
            ]
        )
    outcomes = [row for rows in together(work) for row in rows]
    rcs = Counter(row.rc for row in outcomes)
    assert set(rcs) == {"00", "60"}
    at_once = (len(gateways) - 1) * 4 * 100
    assert 5000 <= owed(shop) == 100 * rcs["00"] <= 5000 + at_once
    assert shop.broken() == []


def test_a_voucher_of_another_has_the_same_limit(shop: Shop):
    prizes = [{"at": 10, "value": 500}]
    prize = program(
        "PRIZE", "bonus_prize", step=100, prizes=prizes, accept_at="coalition"
    )
    shop.publish(limited(499, network_with(prize)))
    card = number(PLAY)
    (voucher,) = shop.do("sale", card, 1000).vouchers
    assert shop.do("inquire", card, **PUMP).vouchers == (voucher,)
    assert shop.do("sale", card, 500, voucher=voucher.code, **PUMP).rc == "60"
    assert shop.do("sale", card, 499, voucher=voucher.code, **PUMP).rc == "00"
    assert owed(shop) == 499
    (other,) = shop.do("sale", card, 1000).vouchers
    assert shop.do("inquire", card, **PUMP).vouchers == ()
    assert shop.do("sale", card, 500, voucher=other.code).rc == "00"
    assert shop.broken() == []


def test_an_exchange_for_goods_of_another_has_the_same_limit(shop: Shop):
    goods = [{"product": "95E", "points": 10, "unit": "l", "price": 165}]
    points = program("POINTS", "bonus_amount", step=100)
    swap = program("SWAP", "exchange", points_of="POINTS", goods=goods)
    shop.publish(limited(330, network_with(points, swap)))
    card = number(PLAY)
    shop.do("sale", card, 30000)
    litres = [Line(sku="95E", quantity="2.001", amount=0)]
    assert shop.do("redeem", card, lines=litres, **PUMP).rc == "00"  # 330.17, half up
    assert owed(shop) == 330
    one = shop.request("redeem", card, lines=[Line(sku="95E", amount=0)], **PUMP)
    assert shop.send(one).rc == "60"
    assert shop.do("redeem", card, lines=[Line(sku="95E", amount=0)]).rc == "00"
    assert shop.broken() == []


def test_credit_at_another_has_the_same_limit(shop: Shop):
    lent = program(
        "CREDIT",
        "credit_card",
        credit_limit=50000,
        statement_day=1,
        due_days=14,
        accept_at="coalition",
        credit_elsewhere=True,
    )
    shop.publish(limited(400, network_with(lent)))
    card = number(PLAY)
    shop.do("activate", card)
    assert shop.do("sale", card, 401, credit=401, **PUMP).rc == "60"
    assert shop.do("sale", card, 400, credit=400, **PUMP).rc == "00"
    assert shop.do("sale", card, 1, credit=1, **PUMP).rc == "60"
    assert shop.do("sale", card, 100, credit=100).rc == "00"
    assert owed(shop) == 400
    assert shop.broken() == []


def test_two_tenders_of_one_issuer_share_its_room(shop: Shop):
    document = network_document()
    document["card_types"][0]["programs"].append("GIFT")
    shop.publish(limited(550, document))
    card = shop.club(6000)
    shop.do("top_up", card, 500)
    assert shop.do("sale", card, 1000, gift=500, bonus=51, **PUMP).rc == "60"
    assert shop.do("sale", card, 1000, gift=500, bonus=50, **PUMP).rc == "00"
    assert owed(shop) == 550


def test_an_issuer_that_others_refuse_is_taken_at_home_only(shop: Shop):
    document = network_document()
    document["issuers"][0]["accepted_elsewhere"] = False
    card = shop.gift(10000)
    sale = shop.request("sale", card, 1000, **PUMP)
    shop.send(sale)
    shop.publish(document)
    assert shop.do("sale", card, 1, **PUMP).rc == "60"
    assert shop.do("sale", card, 1).rc == "00"
    assert shop.do("refund", card, 1000, original=sale, **PUMP).rc == "00"
    assert shop.broken() == []


def test_folding_changes_what_is_kept_and_nothing_else(shop: Shop):
    shop.publish(limited(3000))
    card = shop.gift(10000)
    shop.do("sale", card, 1000, **PUMP)
    shop.do("sale", card, 500, **BOOK_TILL)
    assert shop.sql("SELECT count(*) FROM ekarte.exposure_use") == [(2,)]
    assert shop.ledger.fold_exposure(shop.now) == 1
    assert shop.sql("SELECT count(*) FROM ekarte.exposure_use") == [(0,)]
    assert shop.ledger.fold_exposure(shop.now) == 0
    assert owed(shop) == 1500
    assert shop.do("sale", card, 1501, **PUMP).rc == "60"
    assert shop.do("sale", card, 1500, **PUMP).rc == "00"
    shop.ledger.fold_exposure(shop.now)
    assert shop.sql("SELECT used FROM ekarte.exposure") == [(3000,)]
    assert shop.broken() == []


def leaving(shop: Shop, issue_days: int, spend_days: int) -> dict[str, Any]:
    document = changed("BONUS")
    document["coalitions"][0]["leaving"] = [
        {
            "issuer": "GROCER",
            "issue_until": (shop.now + timedelta(days=issue_days)).isoformat(),
            "spend_until": (shop.now + timedelta(days=spend_days)).isoformat(),
        }
    ]
    return document


def test_who_leaves_stops_giving_out_then_is_no_longer_taken(shop: Shop):
    card, gift = shop.club(6000), shop.gift(5000)
    shop.publish(leaving(shop, 10, 20))
    assert [row.points for row in shop.do("sale", card, 6000).earned] == [11]
    assert shop.do("top_up", gift, 1000).rc == "00"
    shop.later(days=10)
    sale = shop.do("sale", card, 6000)
    assert sale.earned == ()
    assert "Bonus: not given out any more" in sale.explain
    assert sale.discount > 0
    refused = shop.do("top_up", gift, 1000)
    assert (refused.rc, refused.explain) == (
        "05",
        ("Gift card: not given out any more",),
    )
    assert shop.do("sale", gift, 1000, **PUMP).rc == "00"
    shop.later(days=10)
    assert shop.do("sale", gift, 1000, **PUMP).rc == "57"
    assert shop.do("sale", gift, 1000).rc == "00"
    assert shop.broken() == []


def test_at_the_branches_of_who_leaves_others_value_ends_too(shop: Shop):
    document = leaving(shop, 0, 1)
    document["programs"][-1]["parameters"]["accept_at"] = "coalition"
    shop.publish(document)
    card = number(BOOK_GIFT)
    assert shop.do("activate", card, 2000, **BOOK_TILL).rc == "00"
    assert shop.do("sale", card, 100).rc == "00"
    shop.later(days=1)
    assert shop.do("sale", card, 100).rc == "57"
    assert shop.do("sale", card, 100, **PUMP).rc == "00"


@pytest.mark.parametrize(
    ("part", "field"),
    [
        ({"issuer": "NOBODY"}, "issuer"),
        (
            {"spend_until": "2020-01-01T00:00:00Z"},
            "spend_until",
        ),
        (
            {"issue_until": "2020-01-01T00:00:00"},
            "issue_until",
        ),
    ],
)
def test_a_leave_that_cannot_be_is_named(shop: Shop, part: dict[str, str], field: str):
    document = leaving(shop, 1, 2)
    read_network(document)
    document["coalitions"][0]["leaving"][0] |= part
    with pytest.raises(NetworkInvalid) as caught:
        read_network(document)
    assert [where for where, _ in caught.value.faults] == [
        f"$.coalitions[0].leaving[0].{field}"
    ]


def test_a_card_of_the_club_registered_at_others_owes_nothing(shop: Shop):
    shop.publish(limited(100))
    assert shop.do("sale", number(CLUB), 500, **PUMP).rc == "00"
    assert owed(shop) == 0


def test_a_visit_elsewhere_has_the_same_limit(shop: Shop):
    passes = program(
        "PASS",
        "visit_pass",
        visits=10,
        price=10_000,
        accept_at="coalition",
        visit_price=900,
    )
    shop.publish(limited(1_799, network_with(passes)))
    card = number(PLAY)
    assert shop.do("activate", card, 10_000).rc == "00"
    assert shop.do("check_in", card, **PUMP).rc == "00"
    assert owed(shop) == 900
    visit = shop.request("check_in", card, **PUMP)
    assert shop.send(visit).rc == "60"
    assert shop.do("check_in", card).rc == "00"
    assert shop.broken() == []


def test_value_given_back_without_goods_makes_room(shop: Shop):
    document = network_document()
    document["terminals"].append({"id": "BO000031", "branch": "F1", "protocol": "odoo"})
    shop.publish(limited(3000, document))
    card = shop.gift(10000)
    sale = shop.request("sale", card, 3000, **PUMP)
    shop.send(sale)
    original = Original(terminal="00000031", batch=1, operation=sale.operation)
    request = shop.request("restore", terminal="BO000031")
    assert shop.send(msgspec.structs.replace(request, original=original)).rc == "00"
    assert owed(shop) == 0
    assert shop.do("sale", card, 3000, **PUMP).rc == "00"
    assert shop.broken() == []
