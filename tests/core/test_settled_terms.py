"""Terms in the card ledger: tax at sale, likelihood, prices, payments, pools, passes.

Worked figures are those of the journal table; each day is settled and its books are
compared, company by company.
"""

from typing import Any

import pytest

from ekarte_core import NetworkInvalid
from tests.core.shop import (
    Shop,
    changed,
    network_document,
    network_with,
    number,
    program,
)
from tests.core.test_settlement import books, settle

FUEL_PUMP, BOOKSHOP = "00000031", "00000041"
PLAY = number("9990006")


def taxed_when_sold() -> dict[str, Any]:
    return changed("GIFT", vat_class="spv", tax_rate_bp=2100)


def club(**coalition: Any) -> dict[str, Any]:
    """The test network without discounts, its coalition with other terms."""
    document = network_document()
    document["programs"] = [
        one for one in document["programs"] if "DISC" not in one["code"]
    ]
    for card_type in document["card_types"]:
        kept = {one["code"] for one in document["programs"]}
        card_type["programs"] = [p for p in card_type["programs"] if p in kept]
    document["coalitions"][0] |= coalition
    return document


def with_bonus(document: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    for one in document["programs"]:
        if one["code"] == "BONUS":
            one["parameters"] |= parameters
    return document


def with_own_register(document: dict[str, Any]) -> dict[str, Any]:
    for branch in document["branches"]:
        branch["books_sales"] = False
    return document


# Gift cards taxed when sold: G1s, G3s, G4s, G5s, G6, G7, G8


def test_a_card_taxed_when_sold_carries_its_value_without_tax(shop: Shop):
    shop.publish(taxed_when_sold())
    shop.gift(3000)
    assert books(settle(shop)) == {"GROCER": {"BNK": 3000, "LGC": -2479, "VATO": -521}}
    assert shop.sql("SELECT carry FROM ekarte.lot") == [(2479,)]


def test_used_at_home_it_is_not_taxed_again(shop: Shop):
    shop.publish(taxed_when_sold())
    card = shop.gift(3000)
    settle(shop)
    shop.do("sale", card, 3000)
    # The sale taxes the goods, 5.21, and the card gives back what it was sold with.
    assert books(settle(shop)) == {"GROCER": {"LGC": 2479, "REV": -2479}}


def test_used_bit_by_bit_it_gives_back_all_its_tax(shop: Shop):
    shop.publish(with_own_register(taxed_when_sold()))
    card = shop.gift(1000)
    sold = books(settle(shop))["GROCER"]
    assert sold == {"TND": 1000, "LGC": -826, "VATO": -174}
    for amount in (333, 333, 334):
        shop.do("sale", card, amount)
    assert books(settle(shop))["GROCER"] == {"LGC": 826, "VATO": 174, "TND": -1000}


def test_used_elsewhere_the_seller_invoices_it_and_the_issuer_deducts(shop: Shop):
    shop.publish(taxed_when_sold())
    card = shop.gift(3000)
    settle(shop)
    shop.do("sale", card, 3000, terminal=FUEL_PUMP)
    assert books(settle(shop)) == {
        "FUEL": {"CLR": 3000, "REV": -2479, "VATO": -521},
        "GROCER": {"LGC": 2479, "VATI": 521, "CLR": -3000},
    }


@pytest.mark.parametrize("terminal", ["00000011", FUEL_PUMP])
def test_goods_that_come_back_are_the_same_rows_with_a_minus_sign(
    shop: Shop, terminal: str
):
    shop.publish(taxed_when_sold())
    card = shop.gift(3000)
    settle(shop)
    sale = shop.request("sale", card, 3000, terminal=terminal)
    shop.send(sale)
    used = books(settle(shop))
    shop.do("refund", amount=3000, original=sale, terminal=terminal)
    back = books(settle(shop))
    assert back == {
        company: {account: -sum_ for account, sum_ in sums.items()}
        for company, sums in used.items()
    }


def test_sold_by_another_it_is_taxed_at_its_issuer(shop: Shop):
    shop.publish(taxed_when_sold())
    shop.do("activate", number("999000200000"), 3000, terminal=FUEL_PUMP)
    assert books(settle(shop)) == {
        "FUEL": {"BNK": 3000, "CLR": -3000},
        "GROCER": {"CLR": 3000, "LGC": -2479, "VATO": -521},
    }


def test_what_lapses_keeps_its_tax(shop: Shop):
    document = changed("GIFT", vat_class="spv", tax_rate_bp=2100, valid_months=1)
    shop.publish(document)
    shop.gift(3000)
    settle(shop)
    shop.later(days=62)
    assert shop.ledger.expire_lots(shop.network, shop.now) == 1
    assert books(settle(shop)) == {"GROCER": {"LGC": 2479, "RBK": -2479}}


def test_when_it_is_taxed_cannot_change_while_cards_hold_money(shop: Shop):
    card = shop.gift(3000)
    with pytest.raises(NetworkInvalid) as refusal:
        shop.publish(taxed_when_sold())
    assert refusal.value.faults == [
        ("$.programs[0]", "cards hold its money: when it is taxed cannot change")
    ]
    shop.do("sale", card, 3000)
    shop.publish(taxed_when_sold())


# Bonuses: likelihood, own use as a payment, prices, services


@pytest.mark.parametrize(
    ("likelihood_bp", "deferred"), [(10_000, 81), (8_500, 69), (0, 0)]
)
@pytest.mark.parametrize("policy", ["lot", "cohort"])
def test_as_much_is_deferred_as_is_likely_to_be_used(
    shop: Shop, likelihood_bp: int, deferred: int, policy: str
):
    shop.publish(
        with_bonus(club(), likelihood_bp=likelihood_bp, deferral_policy=policy)
    )
    shop.club(5000)
    expected = {"BNK": 5000, "REV": -4132 + deferred, "VATO": -868, "LBN": -deferred}
    assert books(settle(shop))["GROCER"] == {k: v for k, v in expected.items() if v}


def test_nothing_is_deferred_where_the_program_says_so(shop: Shop):
    shop.publish(with_bonus(club(), deferral_policy="none"))
    shop.club(5000)
    assert books(settle(shop)) == {"GROCER": {"BNK": 5000, "REV": -4132, "VATO": -868}}


def test_own_bonus_money_that_pays_leaves_the_price_and_its_tax(shop: Shop):
    """B3v: 20.00 with 1.00 of bonus money; BNK 19.00, tax of 20.00."""
    shop.publish(with_bonus(club(), own_use="mpv"))
    card = shop.club(5000)
    settle(shop)
    sold = shop.do("sale", card, 2000, bonus=100)
    assert (sold.amount_due, sold.price_reduction) == (1900, 0)
    assert books(settle(shop)) == {
        # What is paid in money earns 3 bonuses, worth 0.30: 0.24 is deferred.
        "GROCER": {
            "BNK": 1900,
            "VATO": -347,
            "REV": -1653 + 19 + 24,
            "LBN": 81 - 24,
        }
    }


def test_its_refund_goes_by_the_terms_of_the_purchase(shop: Shop):
    shop.publish(with_own_register(with_bonus(club(), own_use="mpv", step=100_000)))
    shop.publish(with_own_register(with_bonus(club(), own_use="mpv")))
    card = shop.club(5000)
    settle(shop)
    sale = shop.request("sale", card, 400, bonus=100)
    shop.send(sale)
    used = books(settle(shop))
    assert used == {"GROCER": {"LBN": 81, "REV": 19, "TND": -100}}
    shop.publish(with_own_register(club()))
    back = shop.do("refund", amount=400, original=sale)
    assert (back.amount_due, back.price_reduction) == (300, 0)
    assert books(settle(shop)) == {"GROCER": {"LBN": -81, "REV": -19, "TND": 100}}


def price(bp: int) -> dict[str, Any]:
    return {"terms": [{"issuer": "GROCER", "seller": "FUEL", "price_bp": bp}]}


def test_another_issuer_is_paid_the_price_agreed(shop: Shop):
    shop.publish(club(**price(8_000)))
    card = shop.club(5000)
    settle(shop)
    shop.do("sale", card, 2000, bonus=100, terminal=FUEL_PUMP)
    document = settle(shop)
    assert books(document) == {
        # The receipt names the full tax; the difference is the seller's.
        "FUEL": {"BNK": 1900, "CLR": 80, "XCL": 20, "REV": -1653, "VATO": -347},
        "GROCER": {"LBN": 81, "XCL": -1, "CLR": -80},
    }
    (spent,) = [line for line in document.lines if line.event == "bonus_spend"]
    assert (spent.amount, spent.reimbursed, spent.price_bp) == (100, 80, 8_000)


def test_the_price_is_rounded_for_each_operation(shop: Shop):
    shop.publish(club(**price(5_000)))
    card = shop.club(5000)
    settle(shop)
    for _ in range(3):
        shop.do("sale", card, 100, bonus=1, terminal=FUEL_PUMP)
    (spent,) = [x for x in settle(shop).lines if x.event == "bonus_spend"]
    assert (spent.amount, spent.reimbursed) == (3, 3)


def test_a_pair_without_a_price_and_gift_money_are_paid_in_full(shop: Shop):
    shop.publish(club(**price(8_000)))
    card, gift = shop.club(5000), shop.gift(3000)
    settle(shop)
    shop.do("sale", card, 100, bonus=100, terminal=BOOKSHOP)
    shop.do("sale", gift, 3000, terminal=FUEL_PUMP)
    assert {
        (x.event, x.seller): (x.amount, x.owed)
        for x in settle(shop).lines
        if x.event != "sale"
    } == {("bonus_spend", "BOOKS"): (100, 100), ("gift_spend", "FUEL"): (3000, 3000)}


def test_a_refund_goes_by_the_price_of_its_purchase(shop: Shop):
    shop.publish(club(**price(8_000)))
    card = shop.club(5000)
    settle(shop)
    sale = shop.request("sale", card, 100, bonus=100, terminal=FUEL_PUMP)
    shop.send(sale)
    shop.publish(club(**price(5_000)))
    refund = shop.request("refund", amount=100, original=sale, terminal=FUEL_PUMP)
    shop.send(refund)
    shop.do("reverse", original=refund, terminal=FUEL_PUMP)
    (spent,) = [x for x in settle(shop).lines if x.event == "bonus_spend"]
    assert (spent.amount, spent.reimbursed, spent.price_bp) == (100, 80, 8_000)


def test_where_it_is_a_service_the_issuer_deducts_the_tax_of_it(shop: Shop):
    shop.publish(club(service_tax_rate_bp=2100))
    card = shop.club(5000)
    settle(shop)
    shop.do("sale", card, 2000, bonus=100, terminal=FUEL_PUMP)
    assert books(settle(shop))["GROCER"] == {
        "LBN": 81,
        "VATI": 17,
        "XCL": 2,
        "CLR": -100,
    }


# Passes: P1 to P4


def passes(**parameters: Any) -> dict[str, Any]:
    pass_ = program("PASS", "visit_pass", visits=10, price=10_000, **parameters)
    return network_with(pass_)


def test_nine_visits_of_a_pass_are_8_26_and_the_tenth_takes_the_rest(shop: Shop):
    shop.publish(passes())
    shop.do("activate", PLAY, 10_000)
    assert books(settle(shop)) == {
        "GROCER": {"BNK": 10000, "LPS": -8264, "VATO": -1736}
    }
    for visit in range(1, 11):
        shop.do("check_in", PLAY)
        released = 830 if visit == 10 else 826
        assert books(settle(shop)) == {"GROCER": {"LPS": released, "REV": -released}}
    assert shop.do("check_in", PLAY).rc == "51"


def test_a_visit_elsewhere_is_invoiced_with_tax(shop: Shop):
    shop.publish(passes(accept_at="coalition", visit_price=1_000))
    shop.do("activate", PLAY, 10_000)
    settle(shop)
    visit = shop.request("check_in", PLAY, terminal=FUEL_PUMP)
    assert shop.send(visit).rc == "00"
    document = settle(shop)
    assert books(document) == {
        "FUEL": {"CLR": 1000, "REV": -826, "VATO": -174},
        "GROCER": {"LPS": 826, "VATI": 174, "CLR": -1000},
    }
    (used,) = document.lines
    assert (used.amount, used.reimbursed, used.tax_rate_bp) == (1, 1_000, 2_100)
    shop.do("reverse", original=visit, terminal=FUEL_PUMP)
    assert books(settle(shop))["GROCER"] == {"LPS": -826, "VATI": -174, "CLR": 1000}


def test_a_pass_for_own_branches_has_no_visit_elsewhere(shop: Shop):
    shop.publish(passes())
    shop.do("activate", PLAY, 10_000)
    assert shop.do("check_in", PLAY, terminal=FUEL_PUMP).rc == "57"
    shop.publish(passes(accept_at="coalition", visit_price=1_000))
    assert shop.do("check_in", PLAY, terminal=FUEL_PUMP).rc == "00"


def test_a_pass_is_sold_by_its_issuer_only(shop: Shop):
    shop.publish(passes(accept_at="coalition", visit_price=1_000))
    assert shop.do("activate", PLAY, 10_000, terminal=FUEL_PUMP).rc == "57"
    assert shop.do("activate", PLAY, 10_000).rc == "00"


# The pool: C8, C8r, C8x


def pool(**more: Any) -> dict[str, Any]:
    return club(model="pool", operator="FUEL", **{"issue_price_bp": 9_000, **more})


def test_an_issuer_pays_for_bonuses_into_the_pool_and_owes_nothing(shop: Shop):
    shop.publish(pool())
    shop.club(5000)
    assert books(settle(shop)) == {
        "GROCER": {"BNK": 5000, "REV": -4132, "VATO": -868, "XPM": 90, "CLR": -90},
        "FUEL": {"CLR": 90, "LPL": -90},
    }


def test_the_pool_pays_wherever_they_are_used(shop: Shop):
    shop.publish(pool())
    card = shop.club(5000, 5000, 5000)
    settle(shop)
    shop.do("sale", card, 100, bonus=100, terminal=BOOKSHOP)
    assert books(settle(shop)) == {"FUEL": {"LPL": 90, "XCL": 10, "CLR": -100}}
    at_home = shop.do("sale", card, 100, bonus=100)
    assert at_home.price_reduction == 0
    assert books(settle(shop)) == {
        "GROCER": {"CLR": 100, "REV": -83, "VATO": -17},
        "FUEL": {"LPL": 90, "XCL": 10, "CLR": -100},
    }
    shop.do("sale", card, 100, bonus=100, terminal=FUEL_PUMP)
    assert books(settle(shop)) == {
        "FUEL": {"LPL": 90, "XCL": 10, "REV": -83, "VATO": -17}
    }


def test_what_ends_in_the_pool_is_shared_with_its_issuer(shop: Shop):
    shop.publish(with_bonus(pool(breakage_share_bp=3_333), expire_days=30))
    shop.club(5000)
    settle(shop)
    shop.later(days=40)
    assert shop.ledger.expire_lots(shop.network, shop.now) == 1
    assert books(settle(shop)) == {
        "FUEL": {"LPL": 90, "RBK": -60, "CLR": -30},
        "GROCER": {"CLR": 30, "RBK": -30},
    }


def test_who_owes_bonuses_cannot_change_while_cards_hold_them(shop: Shop):
    shop.publish(club())
    card = shop.club(5000)
    with pytest.raises(NetworkInvalid) as refusal:
        shop.publish(pool())
    assert refusal.value.faults == [
        ("$.programs[1]", "cards hold its bonuses: who owes them cannot change")
    ]
    shop.do("sale", card, 100, bonus=100)
    shop.publish(pool())


def test_a_pool_gives_no_prizes_in_kind(shop: Shop):
    goods = {"at": 10, "voucher_kind": "goods", "product": "COFFEE"}
    document = network_with(program("PRIZE", "bonus_prize", step=100, prizes=[goods]))
    shop.publish(document)
    document["coalitions"][0] |= {"model": "pool", "operator": "FUEL"}
    with pytest.raises(NetworkInvalid) as refusal:
        shop.publish(document)
    (fault,) = refusal.value.faults
    assert fault[0].endswith(".parameters.prizes[0]")
    assert fault[1] == "a pool gives vouchers for money only"


@pytest.mark.parametrize(
    ("coalition", "fault"),
    [
        ({"model": "pool"}, ("$.coalitions[0].operator", "a pool needs an operator")),
        ({"operator": "NOBODY"}, ("$.coalitions[0].operator", "no such issuer")),
        (
            price(10_001),
            ("$.coalitions[0].terms[0].price_bp", "must be 0 to 10000 basis points"),
        ),
        (
            {"terms": price(1)["terms"] * 2},
            ("$.coalitions[0].terms[1]", "stands twice"),
        ),
        (
            {"terms": [{"issuer": "FUEL", "seller": "FUEL", "price_bp": 1}]},
            ("$.coalitions[0].terms[0]", "a price is agreed between two issuers"),
        ),
        (
            {"terms": [{"issuer": "FUEL", "seller": "NOBODY", "price_bp": 1}]},
            ("$.coalitions[0].terms[0]", "no such issuer in this coalition"),
        ),
    ],
)
def test_terms_that_cannot_be_are_refused(
    shop: Shop, coalition: dict[str, Any], fault: tuple[str, str]
):
    with pytest.raises(NetworkInvalid) as refusal:
        shop.publish(club(**coalition))
    assert refusal.value.faults == [fault]
