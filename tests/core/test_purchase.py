"""Sale, authorize, confirm: what is taken, held, captured, released."""

from datetime import timedelta

import pytest

from tests.core.shop import BOOK, CLUB, GIFT, Shop, changed, network_document, number


def test_a_sale_on_a_gift_card_takes_the_whole_amount(shop: Shop):
    card = shop.gift(2000)
    answer = shop.do("sale", card, 1500)
    assert (answer.rc, answer.tendered, answer.amount_due) == ("00", {"gift": 1500}, 0)
    assert shop.balance(card, "GIFT") == 500
    assert shop.broken() == []


def test_a_sale_above_the_balance_takes_nothing(shop: Shop):
    card = shop.gift(2000)
    assert shop.do("sale", card, 2001).rc == "51"
    assert shop.balance(card, "GIFT") == 2000


def test_a_sale_of_the_whole_balance_is_allowed(shop: Shop):
    card = shop.gift(2000)
    assert shop.do("sale", card, 2000).rc == "00"
    assert shop.balance(card, "GIFT") == 0


def test_a_welcome_part_is_taken_and_the_rest_is_due(shop: Shop):
    card = shop.gift(2000)
    answer = shop.do("sale", card, 3000, partial=True)
    assert (answer.rc, answer.tendered, answer.amount_due) == (
        "10",
        {"gift": 2000},
        1000,
    )
    assert shop.balance(card, "GIFT") == 0
    assert shop.broken() == []


def test_a_part_of_nothing_is_refused(shop: Shop):
    card = shop.gift(2000)
    shop.do("sale", card, 2000)
    assert shop.do("sale", card, 3000, partial=True).rc == "51"


def test_a_tender_takes_only_what_it_names(shop: Shop):
    card = shop.gift(2000)
    answer = shop.do("sale", card, 3000, gift=500)
    assert (answer.rc, answer.amount_due) == ("00", 2500)
    assert shop.balance(card, "GIFT") == 1500


def test_a_tender_above_the_purchase_is_refused(shop: Shop):
    card = shop.gift(2000)
    assert shop.do("sale", card, 1000, gift=1001).rc == "13"
    assert shop.do("sale", card, 1000, gift=1000).rc == "00"


def test_a_tender_above_what_is_due_after_discount_is_refused(shop: Shop):
    card = shop.club(6000)  # 6 % from now on, and 1.00 of bonus money
    assert shop.do("sale", card, 106, bonus=101).rc == "13"
    assert shop.do("sale", card, 106, bonus=100).rc == "00"


def test_a_club_card_pays_nothing_unless_asked(shop: Shop):
    card = shop.club(6000)
    answer = shop.do("sale", card, 1000)
    assert (answer.tendered, answer.amount_due) == ({}, 940)
    assert shop.balance(card, "BONUS") == 100


def test_bonus_money_earns_nothing(shop: Shop):
    card = shop.club(6000)
    answer = shop.do("sale", card, 1064, bonus=100)  # 10.64 less 6 % is 10.00
    assert (answer.amount_due, answer.tendered) == (900, {"bonus": 100})
    assert [row.points for row in answer.earned] == [1]


def test_an_authorization_holds_and_moves_nothing(shop: Shop):
    card = shop.gift(2000)
    answer = shop.do("authorize", card, 1500)
    assert answer.rc == "00"
    assert answer.hold_until == shop.now + timedelta(seconds=300)
    assert (answer.balances[0].value, answer.balances[0].available) == (2000, 500)
    assert shop.balance(card, "GIFT") == 2000


def test_what_is_held_cannot_be_spent_again(shop: Shop):
    card = shop.gift(2000)
    shop.do("authorize", card, 1500)
    assert shop.do("sale", card, 501).rc == "51"
    assert shop.do("authorize", card, 501).rc == "51"
    assert shop.do("sale", card, 500).rc == "00"


def test_an_authorization_shows_earnings_that_the_confirmation_books(shop: Shop):
    card = number(CLUB)
    hold = shop.request("authorize", card, 2000)
    assert [row.points for row in shop.send(hold).earned] == [3]
    assert shop.balance(card, "BONUS", "points") == 0
    assert shop.balance(card, "DISC", "turnover") == 0
    answer = shop.do("confirm", original=hold)
    assert [row.points for row in answer.earned] == [3]
    assert shop.balance(card, "BONUS", "points") == 3
    assert shop.balance(card, "DISC", "turnover") == 1900
    assert shop.broken() == []


@pytest.mark.parametrize(("amount", "left"), [(None, 500), (1500, 500), (1200, 800)])
def test_a_confirmation_captures_at_most_what_is_held(
    shop: Shop, amount: int | None, left: int
):
    card = shop.gift(2000)
    hold = shop.request("authorize", card, 1500)
    shop.send(hold)
    assert shop.do("confirm", amount=amount, original=hold).rc == "00"
    assert shop.balance(card, "GIFT") == left
    assert shop.available(card, "GIFT") == left
    assert shop.broken() == []


def test_a_confirmation_above_the_authorization_is_refused(shop: Shop):
    card = shop.gift(2000)
    hold = shop.request("authorize", card, 1500)
    shop.send(hold)
    assert shop.do("confirm", amount=1501, original=hold).rc == "13"
    assert shop.available(card, "GIFT") == 500
    assert shop.do("confirm", amount=1500, original=hold).rc == "00"


def test_a_confirmation_of_nothing_releases_everything(shop: Shop):
    """The pump delivered nothing."""
    card = shop.gift(2000)
    hold = shop.request("authorize", card, 1500)
    shop.send(hold)
    assert shop.do("confirm", amount=0, original=hold).rc == "00"
    assert shop.available(card, "GIFT") == 2000
    assert shop.broken() == []


def test_a_hold_is_captured_once(shop: Shop):
    card = shop.gift(2000)
    hold = shop.request("authorize", card, 500)
    shop.send(hold)
    assert shop.do("confirm", original=hold).rc == "00"
    assert shop.do("confirm", original=hold).rc == "77"
    assert shop.balance(card, "GIFT") == 1500


def test_a_sale_is_not_confirmed(shop: Shop):
    sale = shop.request("sale", shop.gift(2000), 500)
    shop.send(sale)
    assert shop.do("confirm", original=sale).rc == "77"


def test_a_declined_authorization_is_not_confirmed(shop: Shop):
    hold = shop.request("authorize", shop.gift(2000), 5000)
    assert shop.send(hold).rc == "51"
    assert shop.do("confirm", original=hold).rc == "25"


def test_an_unknown_authorization_is_not_confirmed(shop: Shop):
    never = shop.request("authorize", shop.gift(2000), 500)
    assert shop.do("confirm", original=never).rc == "25"


def test_a_confirmation_gives_the_rate_that_was_shown(shop: Shop):
    card = number(CLUB)
    hold = shop.request("authorize", card, 1000)
    assert shop.send(hold).discount == 50
    shop.do("sale", card, 10000)
    shop.publish(changed("DISC", base_rate=0))
    assert shop.do("confirm", original=hold).discount == 50


def test_a_confirmation_by_lines_gets_the_rates_that_were_shown(shop: Shop):
    at_fuel = {"terminal": "00000031"}
    card = shop.club()
    shop.do("sale", card, lines=[("fuel", 10000)], **at_fuel)
    hold = shop.request(
        "authorize", card, lines=[("fuel", 5000), ("food", 500)], **at_fuel
    )
    assert shop.send(hold).discount == 100
    pumped = shop.request(
        "confirm", lines=[("fuel", 3000), ("food", 500)], original=hold, **at_fuel
    )
    answer = shop.send(pumped)
    assert (answer.discount, answer.amount_due) == (60, 3440)


def test_a_card_blocked_after_the_authorization_can_still_be_confirmed(shop: Shop):
    """The goods are in the bag: what was promised is kept."""
    card = shop.gift(2000)
    hold = shop.request("authorize", card, 1500)
    shop.send(hold)
    shop.do("block", card)
    assert shop.do("confirm", original=hold).rc == "00"


def test_a_partly_approved_hold_is_confirmed(shop: Shop):
    card = shop.gift(2000)
    hold = shop.request("authorize", card, 3000, partial=True)
    assert shop.send(hold).rc == "10"
    answer = shop.do("confirm", original=hold)
    assert (answer.rc, answer.tendered, answer.amount_due) == (
        "00",
        {"gift": 2000},
        1000,
    )
    assert shop.broken() == []


def test_a_hold_ends_at_its_second_by_the_clock(shop: Shop):
    card = shop.gift(2000)
    hold = shop.request("authorize", card, 1500)
    shop.send(hold)
    shop.later(seconds=300)
    assert shop.do("confirm", original=hold).rc == "25"


def test_a_hold_lives_until_its_last_moment(shop: Shop):
    card = shop.gift(2000)
    hold = shop.request("authorize", card, 1500)
    shop.send(hold)
    shop.later(seconds=299, milliseconds=999)
    assert shop.expire() == 0
    assert shop.do("confirm", original=hold).rc == "00"


def test_a_pump_holds_as_long_as_its_terminal_says(shop: Shop):
    card = shop.gift(2000)
    hold = shop.request("authorize", card, 1500, terminal="00000031")
    shop.send(hold)
    shop.later(seconds=3599)
    assert shop.do("confirm", original=hold, terminal="00000031").rc == "00"


def test_expired_holds_give_the_money_free(shop: Shop):
    card = shop.gift(2000)
    shop.do("authorize", card, 1500)
    shop.do("authorize", card, 300, terminal="00000031")
    shop.later(seconds=300)
    assert shop.expire() == 1
    assert shop.available(card, "GIFT") == 1700
    assert shop.expire() == 0
    shop.later(hours=1)
    assert shop.expire() == 1
    assert shop.available(card, "GIFT") == 2000
    assert shop.broken() == []


def test_an_expired_hold_is_not_confirmed(shop: Shop):
    card = shop.gift(2000)
    hold = shop.request("authorize", card, 1500)
    shop.send(hold)
    shop.later(seconds=300)
    shop.expire()
    assert shop.do("confirm", original=hold).rc == "25"
    assert shop.balance(card, "GIFT") == 2000


def test_confirmed_and_reversed_holds_do_not_expire(shop: Shop):
    card = shop.gift(2000)
    one, two = (
        shop.request("authorize", card, 100),
        shop.request("authorize", card, 100),
    )
    shop.run(one, two)
    shop.do("confirm", original=one)
    shop.do("reverse", original=two)
    shop.later(hours=1)
    assert shop.expire() == 0


def test_expiry_works_in_portions(shop: Shop):
    card = shop.gift(2000)
    for _ in range(5):
        shop.do("authorize", card, 100)
    shop.later(hours=1)
    counts = [shop.ledger.expire_holds(shop.network, shop.now, 2) for _ in range(4)]
    assert counts == [2, 2, 1, 0]
    assert shop.available(card, "GIFT") == 2000


def test_a_hold_of_a_terminal_that_is_gone_expires_too(shop: Shop):
    card = shop.gift(2000)
    shop.do("authorize", card, 1500, terminal="00000031")
    document = network_document()
    document["terminals"] = [t for t in document["terminals"] if t["branch"] != "F1"]
    shop.publish(document)
    shop.later(hours=2)
    assert shop.expire() == 1
    assert shop.available(card, "GIFT") == 2000
    assert shop.broken() == []


def test_a_discount_only_hold_expires_without_moving_anything(shop: Shop):
    shop.do("authorize", number(BOOK), 1000, terminal="00000041")
    shop.later(hours=1)
    assert shop.expire() == 1
    assert shop.broken() == []


def test_money_that_has_expired_is_not_spent(shop: Shop):
    shop.publish(changed("GIFT", valid_months=6))
    card = shop.gift(2000)
    shop.later(days=181, hours=11)  # midnight after 21 May 2027 in Riga
    assert shop.do("sale", card, 100).rc == "54"
    assert shop.do("authorize", card, 100).rc == "54"


def test_money_that_has_not_expired_is_spent(shop: Shop):
    shop.publish(changed("GIFT", valid_months=6))
    card = shop.gift(2000)
    shop.later(days=181, hours=10, minutes=59, seconds=59)
    assert shop.do("sale", card, 100).rc == "00"


def test_a_program_runs_from_its_first_to_its_last_moment(shop: Shop):
    document = network_document()
    for program in document["programs"]:
        if program["code"] == "DISC":
            program["valid_from"] = (shop.now + timedelta(hours=1)).isoformat()
            program["valid_to"] = (shop.now + timedelta(hours=2)).isoformat()
    shop.publish(document)
    card = number(CLUB)
    rates = []
    for _ in range(4):
        rates.append(shop.do("inquire", card).discount_rate if rates else None)
        shop.do("sale", card, 100)
        shop.later(minutes=59, seconds=59.5)
        shop.later(seconds=0.5)
    assert rates == [None, 500, 0, 0]


def test_a_purchase_of_nothing_is_refused(shop: Shop):
    card = shop.gift(2000)
    assert shop.do("sale", card, 0).rc == "13"
    assert shop.do("sale", card).rc == "13"
    assert shop.do("sale", card, lines=[("food", 0)]).rc == "13"


def test_lines_must_sum_to_the_amount(shop: Shop):
    card = shop.gift(2000)
    lines = [("food", 600), ("books", 400)]
    assert shop.do("sale", card, 1001, lines=lines).rc == "13"
    assert shop.do("sale", card, 1000, lines=lines).rc == "00"


def test_another_currency_is_refused(shop: Shop):
    card = shop.gift(2000)
    answer = shop.do("sale", card, 100, currency="USD")
    assert (answer.rc, answer.field) == ("30", "currency")
    assert shop.do("sale", card, 100, currency="EUR").rc == "00"


@pytest.mark.parametrize("command", ["echo", "close"])
def test_commands_without_money_need_no_currency(shop: Shop, command: str):
    document = network_document()
    document["currency"] = "SEK"
    shop.publish(document)
    assert shop.do(command).rc == "00"


def test_a_purchase_needs_a_card(shop: Shop):
    answer = shop.do("sale", None, 100)
    assert (answer.rc, answer.field) == ("30", "card")


def test_a_purchase_needs_a_number(shop: Shop):
    answer = shop.do("sale", shop.gift(2000), 100, operation=0)
    assert (answer.rc, answer.field) == ("30", "operation")


def test_a_slip_to_sign_when_no_code_was_given(shop: Shop):
    card = number(GIFT)
    shop.do("activate", card, 2000)
    answer = shop.do("sale", card, 100)
    assert answer.copies == 2
    assert [line.text for line in answer.slip if line.style == "signature"]


def test_no_signature_when_a_code_was_given(shop: Shop):
    card = number(GIFT)
    shop.do("activate", card, 2000, access_code="4711")
    answer = shop.do("sale", card, 100, access_code="4711")
    assert answer.copies == 1
    assert not [line for line in answer.slip if line.style == "signature"]
