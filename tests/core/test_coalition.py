"""What a coalition adds: value of one issuer spent at another, rules of a branch."""

import pytest

from tests.core.shop import BOOK_GIFT, CLUB, Shop, changed, network_document, number

FUEL_PUMP = {"terminal": "00000031"}
BOOK_TILL = {"terminal": "00000041"}


@pytest.mark.parametrize("terminal", ["00000011", "00000021", "00000031", "00000041"])
def test_a_gift_card_of_the_grocer_pays_in_every_branch_of_the_union(
    shop: Shop, terminal: str
):
    card = shop.gift(2000)
    assert shop.do("sale", card, 1500, terminal=terminal).rc == "00"
    assert shop.do("sale", card, 501, terminal=terminal).rc == "51"
    assert shop.broken() == []


def test_a_gift_card_for_its_own_shop_pays_there_only(shop: Shop):
    card = number(BOOK_GIFT)
    shop.do("activate", card, 2000, **BOOK_TILL)
    assert shop.do("sale", card, 500).rc == "57"
    assert shop.do("inquire", card, **FUEL_PUMP).rc == "57"
    assert shop.do("sale", card, 500, **BOOK_TILL).rc == "00"


def test_outside_the_union_a_gift_card_is_worth_nothing(shop: Shop):
    document = network_document()
    document["coalitions"][0]["issuers"] = ["GROCER", "FUEL"]
    shop.publish(document)
    card = shop.gift(2000)
    assert shop.do("sale", card, 500, **BOOK_TILL).rc == "57"
    assert shop.do("sale", card, 500, **FUEL_PUMP).rc == "00"


def test_bonus_money_is_spent_across_the_union(shop: Shop):
    card = shop.club(6000)
    answer = shop.do("sale", card, lines=[("fuel", 5000)], bonus=100, **FUEL_PUMP)
    assert (answer.rc, answer.tendered, answer.amount_due) == (
        "00",
        {"bonus": 100},
        4900,
    )
    assert shop.broken() == []


def test_bonus_money_for_its_own_shop_is_spent_there_only(shop: Shop):
    shop.publish(changed("BONUS", accept_at="own"))
    card = shop.club(6000)
    assert shop.do("sale", card, 500, bonus=100, **FUEL_PUMP).rc == "57"
    assert shop.do("sale", card, 500, bonus=100).rc == "00"


def test_points_are_earned_at_the_issuers_own_branches_only(shop: Shop):
    card = shop.club(1000)
    assert shop.do("sale", card, 5000, **FUEL_PUMP).earned == ()
    assert shop.do("sale", card, 5000).earned != ()
    assert shop.balance(card, "BONUS", "points") == 0  # ten became money


def test_turnover_counts_at_the_issuers_own_branches_only(shop: Shop):
    card = shop.club(1000)
    before = shop.balance(card, "DISC", "turnover")
    shop.do("sale", card, 5000, **FUEL_PUMP)
    assert shop.balance(card, "DISC", "turnover") == before


def test_gift_money_is_taken_before_bonus_money(shop: Shop):
    document = network_document()
    document["card_types"][0]["programs"].append("GIFT")
    shop.publish(document)
    card = shop.club(6000)
    assert shop.do("top_up", card, 500).rc == "00"
    hold = shop.request("authorize", card, 1000, gift=500, bonus=100)
    assert shop.send(hold).rc == "00"
    answer = shop.do("confirm", amount=550, original=hold)
    assert answer.tendered == {"gift": 500, "bonus": 17}
    assert shop.broken() == []


def test_a_branch_gives_its_own_rate_on_the_chains_sums(shop: Shop):
    card = shop.club(10000)
    here = shop.do("inquire", card).discount_rate
    there = shop.do("inquire", card, terminal="00000021").discount_rate
    assert (here, there) == (600, 400)
    shop.do("sale", card, 100, terminal="00000021")
    programs = shop.sql("SELECT program FROM ekarte.purse WHERE unit = 'turnover'")
    assert programs == [("DISC",)]


def test_a_program_of_one_branch_does_not_run_in_another(shop: Shop):
    document = network_document()
    for program in document["programs"]:
        if program["code"] == "BONUS":
            program["branches"] = ["G2"]
    shop.publish(document)
    assert shop.do("sale", number(CLUB), 1000).earned == ()
    earned = shop.do("sale", number(CLUB), 1000, terminal="00000021").earned
    assert [row.points for row in earned] == [1]


def test_the_period_is_reset_a_year_after_its_first_purchase(shop: Shop):
    card = shop.club(5000)
    shop.later(days=200)
    shop.do("sale", card, 5000)
    shop.later(days=164)
    assert shop.do("inquire", card).discount_rate == 600
    shop.later(days=1)
    assert shop.do("inquire", card).discount_rate == 500
    shop.do("sale", card, 1000)
    assert shop.balance(card, "DISC", "turnover") == 950
    shop.later(days=364)
    assert shop.do("inquire", card).discount_rate == 500
    assert shop.broken() == []


def test_the_period_follows_the_branchs_calendar(shop: Shop):
    """Midnight in Riga is 22:00 in Greenwich in winter."""
    card = shop.club(100000)
    shop.later(days=364, hours=11, minutes=59)
    assert shop.do("inquire", card).discount_rate == 1500
    shop.later(minutes=1)
    assert shop.do("inquire", card).discount_rate == 500


def test_without_a_period_sums_stay(shop: Shop):
    shop.publish(changed("DISC", period_months=0))
    card = shop.club(100000)
    shop.later(days=4000)
    assert shop.do("inquire", card).discount_rate == 1500


def test_a_new_version_rules_the_next_operation(shop: Shop):
    card = number(CLUB)
    assert shop.do("sale", card, 1000).discount == 50
    shop.publish(changed("DISC", base_rate=1000))
    answer = shop.do("sale", card, 1000)
    assert (answer.discount, answer.params_version) == (100, 2)
    versions = shop.sql("SELECT network_version FROM ekarte.operation ORDER BY id")
    assert versions == [(1,), (2,)]


def test_points_burn_when_their_days_are_over(shop: Shop):
    shop.publish(changed("BONUS", expire_days=30))
    card = shop.club(2000)
    shop.later(days=31)
    shop.do("sale", card, 5000)
    assert shop.balance(card, "BONUS") == 0
    shop.later(days=1)
    assert shop.do("sale", card, 500).rc == "00"


def test_points_that_have_not_burnt_are_converted(shop: Shop):
    shop.publish(changed("BONUS", expire_days=30))
    card = shop.club(2000)
    shop.later(days=30)
    shop.do("sale", card, 5000)
    assert shop.balance(card, "BONUS") == 100
    assert shop.broken() == []


def test_a_day_without_midnight_ends_all_the_same(shop: Shop):
    """In Beirut the clock jumps from 00:00 to 01:00 on 28 March 2027."""
    document = changed("GIFT", valid_months=1)
    for branch in document["branches"]:
        branch["time_zone"] = "Asia/Beirut"
    shop.publish(document)
    shop.later(days=98)  # 27 February: what is loaded ends with 27 March
    card = shop.gift(1000)
    assert shop.do("top_up", card, 500).rc == "00"
    sale = shop.request("sale", card, 1200)
    assert shop.send(sale).rc == "00"
    assert shop.do("refund", amount=700, original=sale).rc == "00"
    assert shop.do("reverse", original=shop.request("sale", card, 1)).rc == "00"
    assert shop.sql("SELECT count(*), sum(posted) FROM ekarte.lot") == [(1, 1000)]
    shop.later(days=28, hours=11, minutes=59)
    assert shop.do("sale", card, 500).rc == "00"
    shop.later(minutes=2)
    assert shop.do("sale", card, 500).rc == "54"
    assert shop.broken() == []
