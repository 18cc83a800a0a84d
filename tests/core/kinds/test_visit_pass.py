"""Visit pass: ten visits prepaid, the eleventh is refused."""

import pytest

from tests.core.shop import PLAY, Shop, network_with, number, program

CARD = number(PLAY)


def ten(**parameters):
    parameters = {"visits": 10, "price": 5000} | parameters
    return program("TEN", "visit_pass", **parameters)


def bought(shop: Shop, *others, **parameters):
    shop.publish(network_with(ten(**parameters), *others, auto_register=False))
    request = shop.request("activate", CARD, parameters.get("price", 5000))
    answer = shop.send(request)
    assert (answer.rc, answer.amount_due) == ("00", parameters.get("price", 5000))
    return request


def left(shop: Shop) -> int:
    return shop.balance(CARD, "TEN", "visits")


def test_ten_visits_and_the_eleventh_is_refused(shop: Shop):
    bought(shop)
    for place in range(10):
        answer = shop.do("check_in", CARD)
        assert answer.rc == "00"
        assert f"Ten: {9 - place} left" in answer.explain
    assert shop.do("check_in", CARD).rc == "51"
    assert left(shop) == 0


@pytest.mark.parametrize(("amount", "rc"), [(4999, "13"), (5000, "00"), (5001, "13")])
def test_it_is_sold_for_its_price_only(shop: Shop, amount: int, rc: str):
    shop.publish(network_with(ten(), auto_register=False))
    assert shop.do("activate", CARD, amount).rc == rc


def test_a_second_sale_adds_its_visits(shop: Shop):
    bought(shop)
    shop.do("check_in", CARD)
    assert shop.do("top_up", CARD, 4999).rc == "13"
    assert shop.do("top_up", CARD, 5000).rc == "00"
    assert left(shop) == 19


@pytest.mark.parametrize(("days", "rc"), [(30, "00"), (31, "54")])
def test_it_ends_after_its_days(shop: Shop, days: int, rc: str):
    bought(shop, valid_days=30)
    shop.later(days=days)
    assert shop.do("check_in", CARD).rc == rc


def test_visits_that_end_first_are_used_first(shop: Shop):
    bought(shop, valid_days=30)
    shop.later(days=10)
    shop.do("top_up", CARD, 5000)
    for _ in range(4):
        shop.do("check_in", CARD)
    shop.later(days=21)
    # Six of the first pass have ended, the ten of the second are whole.
    assert shop.available(CARD, "TEN", "visits") == 10
    for _ in range(10):
        assert shop.do("check_in", CARD).rc == "00"
    assert shop.do("check_in", CARD).rc == "54"
    assert shop.ledger.expire_lots(shop.network, shop.now) == 1
    assert shop.do("check_in", CARD).rc == "51"


def test_no_more_check_ins_on_one_business_day_than_allowed(shop: Shop):
    bought(shop, max_per_day=1)
    assert shop.do("check_in", CARD).rc == "00"
    assert shop.do("check_in", CARD).rc == "65"
    assert left(shop) == 9
    shop.now = shop.now.replace(hour=22)  # tomorrow in Riga
    assert shop.do("check_in", CARD).rc == "00"


def test_a_visit_that_is_undone_is_on_the_pass_again(shop: Shop):
    bought(shop, max_per_day=1, valid_days=30)
    visit = shop.request("check_in", CARD)
    shop.send(visit)
    assert shop.do("reverse", original=visit).rc == "00"
    assert left(shop) == 10
    assert shop.do("check_in", CARD).rc == "00"


def test_a_card_that_never_bought_one_has_no_visit(shop: Shop):
    shop.publish(network_with(ten(), program("OFF", "fixed_discount", rate=500)))
    shop.do("sale", CARD, 100)
    assert shop.do("check_in", CARD).rc == "51"


def test_of_two_passes_the_first_that_has_a_visit_gives_it(shop: Shop):
    second = program("DAILY", "visit_pass", visits=2, price=1000) | {"sequence": 20}
    bought(shop, second)
    assert shop.do("top_up", CARD, 1000, program="DAILY").rc == "00"
    shop.do("check_in", CARD)
    assert (left(shop), shop.balance(CARD, "DAILY", "visits")) == (9, 2)
    for _ in range(9):
        shop.do("check_in", CARD)
    assert shop.do("check_in", CARD).rc == "00"
    assert (left(shop), shop.balance(CARD, "DAILY", "visits")) == (0, 1)
    shop.do("check_in", CARD)
    assert shop.do("check_in", CARD).rc == "51"


def test_a_full_day_of_one_pass_leaves_the_other(shop: Shop):
    second = program("DAILY", "visit_pass", visits=2, price=1000) | {"sequence": 20}
    bought(shop, second, max_per_day=1)
    shop.do("top_up", CARD, 1000, program="DAILY")
    assert [shop.do("check_in", CARD).rc for _ in range(4)] == ["00", "00", "00", "65"]
    assert (left(shop), shop.balance(CARD, "DAILY", "visits")) == (9, 0)


# --- given back


@pytest.mark.parametrize(("used", "money"), [(0, 5000), (3, 3500), (9, 500)])
def test_the_visits_left_are_paid_back_and_the_card_is_closed(
    shop: Shop, used: int, money: int
):
    sale = bought(shop)
    for _ in range(used):
        shop.do("check_in", CARD)
    back = shop.do("refund", original=sale)
    assert (back.rc, back.amount, back.amount_due) == ("00", money, money)
    assert back.card_state == "closed"
    assert shop.do("check_in", CARD).rc == "54"


def test_a_price_that_visits_do_not_divide_is_rounded(shop: Shop):
    sale = bought(shop, visits=3, price=1000)
    shop.do("check_in", CARD)
    assert shop.do("refund", original=sale).amount == 667


def test_a_used_up_pass_is_not_paid_back(shop: Shop):
    sale = bought(shop, visits=1)
    shop.do("check_in", CARD)
    assert shop.do("refund", original=sale).rc == "51"


def test_an_amount_that_is_not_the_worth_of_what_is_left_is_wrong(shop: Shop):
    sale = bought(shop)
    shop.do("check_in", CARD)
    assert shop.do("refund", amount=5000, original=sale).rc == "13"
    assert shop.do("refund", amount=4500, original=sale).rc == "00"


def test_the_second_pass_comes_back_and_the_card_stays(shop: Shop):
    bought(shop, valid_days=30)
    shop.later(days=1)
    more = shop.request("top_up", CARD, 5000)
    shop.send(more)
    back = shop.do("refund", original=more)
    assert (back.amount, back.card_state, left(shop)) == (5000, "active", 10)
    assert shop.do("refund", original=more).rc in ("13", "51")


def test_a_refund_of_a_pass_that_is_reversed(shop: Shop):
    sale = bought(shop)
    shop.do("check_in", CARD)
    refund = shop.request("refund", original=sale)
    shop.send(refund)
    assert shop.do("reverse", original=refund).rc == "00"
    assert (left(shop), shop.do("check_in", CARD).rc) == (9, "00")


def test_a_reversed_sale_leaves_no_visits(shop: Shop):
    sale = bought(shop)
    assert shop.do("reverse", original=sale).rc == "00"
    assert shop.do("check_in", CARD).rc == "78"


def test_a_sale_is_not_reversed_after_a_visit(shop: Shop):
    sale = bought(shop)
    shop.do("check_in", CARD)
    assert shop.do("reverse", original=sale).rc == "51"
    assert left(shop) == 9
