"""Reversals: an operation is undone as if it had not been, once, or not at all."""

import pytest

from tests.core.shop import BOOK_GIFT, CLUB, GIFT, Shop, changed, number


def test_a_reversed_hold_gives_the_money_free(shop: Shop):
    card = shop.gift(2000)
    hold = shop.request("authorize", card, 1500)
    shop.send(hold)
    assert shop.available(card, "GIFT") == 500
    assert shop.do("reverse", original=hold).rc == "00"
    assert shop.available(card, "GIFT") == 2000
    assert shop.broken() == []


def test_a_reversed_hold_cannot_be_confirmed(shop: Shop):
    card = shop.gift(2000)
    hold = shop.request("authorize", card, 1500)
    shop.send(hold)
    shop.do("reverse", original=hold)
    assert shop.do("confirm", original=hold).rc == "25"
    assert shop.balance(card, "GIFT") == 2000


def test_a_hold_that_is_not_reversed_can_be_confirmed(shop: Shop):
    card = shop.gift(2000)
    hold = shop.request("authorize", card, 1500)
    shop.send(hold)
    assert shop.do("confirm", original=hold).rc == "00"
    assert shop.balance(card, "GIFT") == 500


def test_a_captured_hold_is_not_reversed_but_its_confirmation_is(shop: Shop):
    card = shop.gift(2000)
    hold = shop.request("authorize", card, 1500)
    shop.send(hold)
    confirm = shop.request("confirm", original=hold)
    shop.send(confirm)
    assert shop.do("reverse", original=hold).rc == "77"
    assert shop.balance(card, "GIFT") == 500
    assert shop.do("reverse", original=confirm).rc == "00"
    assert shop.available(card, "GIFT") == 2000
    assert shop.broken() == []


def test_an_expired_hold_is_reversed_without_effect(shop: Shop):
    card = shop.gift(2000)
    hold = shop.request("authorize", card, 1500)
    shop.send(hold)
    shop.later(seconds=300)
    assert shop.expire() == 1
    assert shop.do("reverse", original=hold).rc == "00"
    assert shop.available(card, "GIFT") == 2000
    assert shop.broken() == []


def test_a_hold_past_its_time_but_not_yet_swept_is_reversed_once(shop: Shop):
    card = shop.gift(2000)
    hold = shop.request("authorize", card, 1500)
    shop.send(hold)
    shop.later(seconds=301)
    assert shop.do("reverse", original=hold).rc == "00"
    assert shop.expire() == 0
    assert shop.available(card, "GIFT") == 2000
    assert shop.broken() == []


def test_a_reversed_sale_takes_back_all_that_it_did(shop: Shop):
    card = shop.club(4500)
    before = shop.do("inquire", card)
    sale = shop.request("sale", card, 5000)
    assert shop.send(sale).converted == 100
    assert shop.do("reverse", original=sale).rc == "00"
    after = shop.do("inquire", card)
    assert after.discount_rate == before.discount_rate
    money = [row for row in after.balances if row.value]
    assert money == list(before.balances)
    assert shop.broken() == []


def test_a_sale_is_reversed_once_however_often_it_is_asked(shop: Shop):
    card = shop.gift(2000)
    sale = shop.request("sale", card, 700)
    shop.send(sale)
    answers = [shop.do("reverse", original=sale) for _ in range(3)]
    assert [answer.rc for answer in answers] == ["00", "00", "00"]
    assert shop.balance(card, "GIFT") == 2000
    assert shop.broken() == []


def test_a_declined_sale_is_reversed_without_effect(shop: Shop):
    card = shop.gift(2000)
    sale = shop.request("sale", card, 3000)
    assert shop.send(sale).rc == "51"
    assert shop.do("reverse", original=sale).rc == "00"
    assert shop.balance(card, "GIFT") == 2000


def test_the_reversal_of_a_declined_purchase_undoes_nothing_and_says_so(shop: Shop):
    sale = shop.request("sale", shop.gift(2000), 3000)
    shop.send(sale)
    answer = shop.do("reverse", original=sale)
    assert (answer.rc, answer.amount) == ("00", 0)
    assert not any("30.00" in line.text for line in answer.slip)


def test_a_load_that_is_spent_meanwhile_is_not_reversed(shop: Shop):
    card = shop.gift(500)
    load = shop.request("top_up", card, 1000)
    shop.send(load)
    shop.do("sale", card, 600)
    assert shop.do("reverse", original=load).rc == "51"
    assert shop.balance(card, "GIFT") == 900
    assert shop.broken() == []


def test_a_load_that_is_held_meanwhile_is_not_reversed(shop: Shop):
    card = shop.gift(500)
    load = shop.request("top_up", card, 1000)
    shop.send(load)
    shop.do("authorize", card, 600)
    assert shop.do("reverse", original=load).rc == "51"
    assert shop.available(card, "GIFT") == 900


def test_a_load_that_is_still_there_is_reversed(shop: Shop):
    card = shop.gift(500)
    load = shop.request("top_up", card, 1000)
    shop.send(load)
    shop.do("sale", card, 500)
    assert shop.do("reverse", original=load).rc == "00"
    assert shop.balance(card, "GIFT") == 0
    assert shop.broken() == []


def test_a_reversed_load_gives_the_earlier_term_back(shop: Shop):
    shop.publish(changed("GIFT", valid_months=12))
    card = shop.gift(500)
    shop.later(days=300)
    load = shop.request("top_up", card, 1000)
    shop.send(load)
    shop.do("reverse", original=load)
    shop.later(days=66)
    assert shop.do("sale", card, 500).rc == "54"


def test_a_refunded_sale_is_not_reversed(shop: Shop):
    card = shop.gift(2000)
    sale = shop.request("sale", card, 1000)
    shop.send(sale)
    shop.do("refund", amount=100, original=sale)
    assert shop.do("reverse", original=sale).rc == "77"
    assert shop.balance(card, "GIFT") == 1100


def test_a_sale_whose_refund_was_undone_is_reversed(shop: Shop):
    card = shop.gift(2000)
    sale = shop.request("sale", card, 1000)
    shop.send(sale)
    refund = shop.request("refund", amount=100, original=sale)
    shop.send(refund)
    assert shop.do("reverse", original=refund).rc == "00"
    assert shop.balance(card, "GIFT") == 1000
    assert shop.do("reverse", original=sale).rc == "00"
    assert shop.balance(card, "GIFT") == 2000
    assert shop.broken() == []


def test_a_refund_whose_money_is_spent_is_not_reversed(shop: Shop):
    card = shop.gift(2000)
    sale = shop.request("sale", card, 2000)
    shop.send(sale)
    refund = shop.request("refund", amount=500, original=sale)
    shop.send(refund)
    shop.do("sale", card, 500)
    assert shop.do("reverse", original=refund).rc == "51"


def test_bonus_money_already_spent_stops_the_reversal(shop: Shop):
    card = shop.club()
    sale = shop.request("sale", card, 6000)
    assert shop.send(sale).converted == 100
    assert shop.do("sale", card, 300, bonus=100).rc == "00"
    assert shop.do("reverse", original=sale).rc == "51"
    assert shop.broken() == []


@pytest.mark.parametrize("command", ["block", "unblock", "reverse", "close"])
def test_what_moves_no_value_is_not_reversed(shop: Shop, command: str):
    card = shop.gift(2000)
    shop.do("block", card)
    shop.do("unblock", card)
    sale = shop.request("sale", card, 100)
    shop.send(sale)
    first = {
        "block": shop.request("block", card),
        "unblock": shop.request("unblock", card),
        "reverse": shop.request("reverse", original=sale),
        "close": shop.request("close", batch=2),
    }[command]
    assert shop.send(first).rc == "00"
    assert shop.do("reverse", original=first, batch=3).rc == "77"


def test_the_reversal_of_an_unknown_operation_is_remembered(shop: Shop):
    card = shop.gift(2000)
    late = shop.request("sale", card, 700)
    assert shop.do("reverse", original=late).rc == "00"
    assert shop.send(late).rc == "05"
    assert shop.send(late).rc == "05"
    assert shop.balance(card, "GIFT") == 2000
    assert shop.broken() == []


def test_an_operation_beside_a_tombstone_is_allowed(shop: Shop):
    card = shop.gift(2000)
    late = shop.request("sale", card, 700)
    shop.do("reverse", original=late)
    other = shop.request("sale", card, 700)
    assert shop.send(other).rc == "00"


def test_a_tombstone_may_be_laid_twice(shop: Shop):
    late = shop.request("sale", number(GIFT), 700)
    assert shop.do("reverse", original=late).rc == "00"
    assert shop.do("reverse", original=late).rc == "00"


def test_a_reversal_and_its_late_original_in_one_group(shop: Shop):
    card = shop.gift(2000)
    late = shop.request("sale", card, 700)
    reverse = shop.request("reverse", original=late)
    assert [a.rc for a in shop.run(reverse, late)] == ["00", "05"]
    assert shop.balance(card, "GIFT") == 2000


def test_a_reversal_that_names_another_known_card_is_refused(shop: Shop):
    card, other = shop.gift(2000), shop.gift(2000, serial=2)
    sale = shop.request("sale", card, 700)
    shop.send(sale)
    assert shop.do("reverse", other, original=sale).rc == "77"
    assert shop.do("reverse", card, original=sale).rc == "00"


@pytest.mark.parametrize("prefix", [GIFT, CLUB, BOOK_GIFT, "123400000000"])
def test_a_reversal_that_names_a_card_never_seen_is_refused(shop: Shop, prefix: str):
    card = shop.gift(2000)
    sale = shop.request("sale", card, 700)
    shop.send(sale)
    stranger = number(prefix, 77)
    assert shop.do("reverse", stranger, original=sale).rc == "77"
    assert shop.balance(card, "GIFT") == 1300


def test_a_reversed_purchase_does_not_begin_a_new_period(shop: Shop):
    card = shop.club(100000)
    assert shop.do("inquire", card).discount_rate == 1500
    shop.later(days=365)
    assert shop.do("inquire", card).discount_rate == 500
    sale = shop.request("sale", card, 1000)
    shop.send(sale)
    shop.do("reverse", original=sale)
    assert shop.do("inquire", card).discount_rate == 500
    assert shop.broken() == []


def test_a_purchase_of_the_old_period_can_still_be_reversed(shop: Shop):
    card = shop.club(1000)
    shop.later(days=364)
    last = shop.request("sale", card, 1000)
    shop.send(last)
    shop.later(days=1)
    shop.do("sale", card, 500)
    assert shop.do("reverse", original=last).rc == "00"
    assert shop.broken() == []


def test_a_reversed_activation_leaves_a_card_to_be_sold_again(shop: Shop):
    card = number(GIFT)
    activation = shop.request("activate", card, 2000)
    shop.send(activation)
    assert shop.do("reverse", original=activation).rc == "00"
    assert shop.do("sale", card, 100).rc == "78"
    assert shop.do("activate", card, 1000).rc == "00"
    assert shop.balance(card, "GIFT") == 1000
    assert shop.broken() == []


def test_a_reversed_activation_forgets_the_access_code(shop: Shop):
    card = number(GIFT)
    activation = shop.request("activate", card, 2000, access_code="4711")
    shop.send(activation)
    shop.do("reverse", original=activation)
    shop.do("activate", card, 2000)
    assert shop.do("sale", card, 100).rc == "00"


@pytest.mark.parametrize(
    ("state", "rc"),
    [("blocked", "62"), ("lost", "41"), ("stolen", "43"), ("closed", "54")],
)
def test_a_reversed_activation_does_not_free_a_stopped_card(
    shop: Shop, state: str, rc: str
):
    card = number(GIFT)
    activation = shop.request("activate", card, 2000)
    shop.send(activation)
    shop.sql("UPDATE ekarte.card SET state = %s", state)
    shop.do("reverse", original=activation)
    assert shop.do("sale", card, 100).rc == rc


def test_a_reversal_of_a_blocked_cards_purchase_is_allowed(shop: Shop):
    card = shop.gift(2000)
    sale = shop.request("sale", card, 700)
    shop.send(sale)
    shop.do("block", card)
    assert shop.do("reverse", original=sale).rc == "00"
    shop.do("unblock", card)
    assert shop.balance(card, "GIFT") == 2000
