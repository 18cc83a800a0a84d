"""The key of an operation: a repeat gets the same bytes, other content is refused."""

import msgspec
import psycopg2
import pytest

from ekarte_core import (
    LedgerConnection,
    Original,
    Request,
    Tender,
    decode_answer,
    execute,
)
from tests.core.shop import CLUB, Shop, changed, number


def test_a_repeat_gets_the_same_bytes_and_moves_nothing(shop: Shop):
    card = shop.gift(2000)
    sale = shop.request("sale", card, 700)
    shop.send(sale)
    first = shop.last
    shop.later(hours=3)
    shop.send(sale)
    assert (shop.last.status, shop.last.answer) == ("repeat", first.answer)
    assert shop.balance(card, "GIFT") == 1300


def test_the_next_number_is_not_a_repeat(shop: Shop):
    card = shop.gift(2000)
    assert shop.do("sale", card, 700).rc == "00"
    assert shop.do("sale", card, 700).rc == "00"
    assert shop.balance(card, "GIFT") == 600


def test_a_repeat_gets_the_same_bytes_under_a_new_network(shop: Shop):
    card = shop.club()
    sale = shop.request("sale", card, 1000)
    shop.send(sale)
    first = shop.last.answer
    shop.publish(changed("DISC", base_rate=1000))
    assert shop.network.version == 2
    shop.send(sale)
    assert shop.last.answer == first


def test_a_repeat_gets_the_same_bytes_after_a_restart(shop: Shop):
    card = shop.gift(2000)
    sale = shop.request("sale", card, 700)
    shop.send(sale)
    first = shop.last.answer
    shop.ledger.close()
    shop.ledger = LedgerConnection(shop.dsn, shop.keyring)
    shop.network = shop.ledger.network(None)
    shop.send(sale)
    assert (shop.last.status, shop.last.answer) == ("repeat", first)


@pytest.mark.parametrize("field", ["slip", "language", "local_time"])
def test_how_the_answer_is_rendered_makes_no_other_content(shop: Shop, field: str):
    card = shop.gift(2000)
    sale = shop.request("sale", card, 700)
    shop.send(sale)
    first = shop.last.answer
    value = {"slip": "none", "language": "lv", "local_time": shop.now}[field]
    shop.send(msgspec.structs.replace(sale, **{field: value}))
    assert (shop.last.status, shop.last.answer) == ("repeat", first)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", 701),
        ("command", "authorize"),
        ("tender", Tender(gift=1)),
        ("partial", True),
        ("reference", "8/2"),
        ("access_code", "1234"),
        ("original", Original(batch=1, operation=1)),
    ],
)
def test_the_same_key_with_other_content_is_refused(
    shop: Shop, field: str, value: object
):
    card = shop.gift(2000)
    sale = shop.request("sale", card, 700)
    shop.send(sale)
    answer = shop.send(msgspec.structs.replace(sale, **{field: value}))
    assert (answer.rc, answer.field) == ("94", "operation")
    assert shop.last.status == "conflict"
    assert shop.balance(card, "GIFT") == 1300


def test_the_same_key_with_another_card_is_refused(shop: Shop):
    one, other = shop.gift(2000), shop.gift(2000, serial=2)
    sale = shop.request("sale", one, 700)
    shop.send(sale)
    again = shop.request("sale", other, 700, operation=sale.operation)
    assert shop.send(again).rc == "94"
    assert shop.balance(other, "GIFT") == 2000


def test_a_conflict_leaves_the_first_answer(shop: Shop):
    card = shop.gift(2000)
    sale = shop.request("sale", card, 700)
    shop.send(sale)
    first = shop.last.answer
    shop.send(msgspec.structs.replace(sale, amount=1))
    shop.send(sale)
    assert shop.last.answer == first


def test_a_declined_key_stays_declined_though_money_arrives(shop: Shop):
    card = shop.gift(2000)
    sale = shop.request("sale", card, 3000)
    assert shop.send(sale).rc == "51"
    shop.do("top_up", card, 5000)
    assert shop.send(sale).rc == "51"
    assert shop.last.status == "repeat"
    assert shop.balance(card, "GIFT") == 7000


def test_a_new_key_succeeds_when_money_has_arrived(shop: Shop):
    card = shop.gift(2000)
    assert shop.do("sale", card, 3000).rc == "51"
    shop.do("top_up", card, 5000)
    assert shop.do("sale", card, 3000).rc == "00"


def test_what_was_not_stored_may_be_sent_again(shop: Shop):
    """A refusal of the terminal speaks of the moment, not of the operation."""
    card = shop.gift(2000)
    sale = shop.request("sale", card, 700, terminal="00000099")
    assert shop.send(sale).rc == "58"
    assert shop.last.status == "transient"
    document = changed("GIFT")
    document["terminals"][-1]["state"] = "active"
    shop.publish(document)
    assert shop.send(sale).rc == "00"


def test_inquiries_are_answered_from_the_present(shop: Shop):
    card = shop.gift(2000)
    ask = shop.request("inquire", card)
    assert shop.send(ask).balances[0].value == 2000
    shop.do("sale", card, 700)
    assert shop.send(ask).balances[0].value == 1300


def test_duplicates_inside_one_group(shop: Shop):
    card = shop.gift(2000)
    sale = shop.request("sale", card, 700)
    outcomes = shop.ledger.run([sale] * 4, shop.network, shop.now)
    assert [row.status for row in outcomes] == ["new", "repeat", "repeat", "repeat"]
    assert len({row.answer for row in outcomes}) == 1
    assert shop.balance(card, "GIFT") == 1300


def test_a_conflict_inside_one_group(shop: Shop):
    card = shop.gift(2000)
    sale = shop.request("sale", card, 700)
    other = msgspec.structs.replace(sale, amount=800)
    assert [a.rc for a in shop.run(sale, other, sale)] == ["00", "94", "00"]
    assert shop.balance(card, "GIFT") == 1300


def test_an_authorization_and_its_confirmation_in_one_group(shop: Shop):
    card = shop.gift(2000)
    hold = shop.request("authorize", card, 700)
    confirm = shop.request("confirm", original=hold)
    refund = shop.request("refund", amount=200, original=confirm)
    assert [a.rc for a in shop.run(hold, confirm, refund)] == ["00", "00", "00"]
    assert shop.balance(card, "GIFT") == 1500
    assert shop.broken() == []


def test_a_purchase_and_its_reversal_in_one_group(shop: Shop):
    card = shop.gift(2000)
    sale = shop.request("sale", card, 700)
    reverse = shop.request("reverse", original=sale)
    assert [a.rc for a in shop.run(sale, reverse, reverse)] == ["00", "00", "00"]
    assert shop.balance(card, "GIFT") == 2000
    assert shop.broken() == []


def test_a_reversal_and_its_late_original_on_a_lent_cursor(shop: Shop):
    """Nobody retries for the caller here: the group must not trip over itself."""
    card = shop.gift(2000)
    late = shop.request("sale", card, 700)
    reverse = shop.request("reverse", original=late)
    rcs = [row.rc for row in _lent(shop, reverse, late)]
    assert rcs == ["00", "05"]
    assert shop.balance(card, "GIFT") == 2000


def test_two_reversals_of_one_unknown_operation_in_one_group(shop: Shop):
    late = shop.request("sale", number(CLUB), 700)
    one = shop.request("reverse", original=late)
    two = shop.request("reverse", original=late)
    assert [row.rc for row in _lent(shop, one, two)] == ["00", "00"]


def test_two_reversals_of_one_purchase_in_one_group(shop: Shop):
    card = shop.gift(2000)
    sale = shop.request("sale", card, 700)
    shop.send(sale)
    one = shop.request("reverse", original=sale)
    two = shop.request("reverse", original=sale)
    assert [row.rc for row in _lent(shop, one, two)] == ["00", "00"]
    assert shop.balance(card, "GIFT") == 2000
    assert shop.broken() == []


def test_two_confirmations_of_one_hold_in_one_group(shop: Shop):
    card = shop.gift(2000)
    hold = shop.request("authorize", card, 700)
    shop.send(hold)
    one = shop.request("confirm", original=hold)
    two = shop.request("confirm", original=hold)
    assert [row.rc for row in _lent(shop, one, two)] == ["00", "77"]
    assert shop.balance(card, "GIFT") == 1300
    assert shop.broken() == []


def test_two_refunds_of_one_purchase_in_one_group(shop: Shop):
    card = shop.gift(2000)
    sale = shop.request("sale", card, 700)
    shop.send(sale)
    one = shop.request("refund", amount=400, original=sale)
    two = shop.request("refund", amount=400, original=sale)
    assert [row.rc for row in _lent(shop, one, two)] == ["00", "13"]
    assert shop.balance(card, "GIFT") == 1700
    assert shop.broken() == []


def test_a_refund_and_a_reversal_of_one_purchase_in_one_group(shop: Shop):
    card = shop.gift(2000)
    sale = shop.request("sale", card, 700)
    shop.send(sale)
    one = shop.request("refund", amount=400, original=sale)
    two = shop.request("reverse", original=sale)
    assert [row.rc for row in _lent(shop, one, two)] == ["00", "77"]
    assert shop.broken() == []


def test_a_hold_and_its_confirmation_are_one_purchase_to_refunds(shop: Shop):
    card = shop.gift(2000)
    hold = shop.request("authorize", card, 700)
    confirm = shop.request("confirm", original=hold)
    shop.run(hold, confirm)
    one = shop.request("refund", amount=700, original=hold)
    two = shop.request("refund", amount=700, original=confirm)
    assert [row.rc for row in _lent(shop, one, two)] == ["00", "13"]
    assert shop.balance(card, "GIFT") == 2000
    assert shop.broken() == []


def test_a_refund_and_the_reversal_of_an_earlier_one_in_one_group(shop: Shop):
    card = shop.gift(2000)
    sale = shop.request("sale", card, 700)
    first = shop.request("refund", amount=700, original=sale)
    shop.run(sale, first)
    undone = shop.request("reverse", original=first)
    again = shop.request("refund", amount=700, original=sale)
    assert [row.rc for row in _lent(shop, undone, again)] == ["00", "00"]
    assert shop.balance(card, "GIFT") == 2000
    assert shop.broken() == []


def test_two_closes_of_one_batch_in_one_group(shop: Shop):
    one, two = shop.request("close"), shop.request("close")
    assert [row.rc for row in _lent(shop, one, two)] == ["00", "95"]


def test_two_terminals_with_one_card_in_one_group(shop: Shop):
    card = shop.gift(2000)
    here = shop.request("sale", card, 1500)
    there = shop.request("sale", card, 1500, terminal="00000021")
    assert [a.rc for a in shop.run(here, there)] == ["00", "51"]
    assert shop.balance(card, "GIFT") == 500
    assert shop.broken() == []


def test_two_terminals_register_one_card_in_one_group(shop: Shop):
    card = number(CLUB)
    here = shop.request("sale", card, 1000)
    there = shop.request("sale", card, 1000, terminal="00000021")
    assert [a.rc for a in shop.run(here, there)] == ["00", "00"]
    assert shop.balance(card, "BONUS", "points") == 2
    assert shop.sql("SELECT count(*) FROM ekarte.card") == [(1,)]
    assert shop.broken() == []


def test_requests_on_one_card_follow_each_other_in_a_group(shop: Shop):
    """Each decides from what the one before has left."""
    card = number(CLUB)
    requests = [shop.request("sale", card, 1000) for _ in range(12)]
    answers = shop.run(*requests)
    assert [a.converted for a in answers].count(100) == 1
    assert answers[-1].discount_rate == 700
    assert shop.broken() == []


def test_a_group_answers_in_the_order_of_arrival(shop: Shop):
    cards = [shop.gift(1000 + serial, serial) for serial in range(5)]
    requests = [shop.request("inquire", card) for card in cards]
    requests.insert(2, shop.request("echo"))
    answers = shop.run(*requests)
    values = [a.balances[0].value if a.balances else None for a in answers]
    assert values == [1000, 1001, None, 1002, 1003, 1004]


def test_what_a_refused_neighbour_did_does_not_matter(shop: Shop):
    card = shop.gift(2000)
    good = shop.request("sale", card, 700)
    bad = shop.request("sale", card, 9999)
    rcs = [a.rc for a in shop.run(bad, good, bad)]
    assert rcs == ["51", "00", "51"]


def test_status_tells_what_became_of_an_operation(shop: Shop):
    card = shop.gift(2000)
    sale = shop.request("sale", card, 700)
    shop.send(sale)
    stored = decode_answer(shop.last.answer)
    answer = shop.do("status", original=sale)
    assert (answer.rc, answer.original) == ("00", stored)


def test_status_of_an_unknown_operation_is_25(shop: Shop):
    never = shop.request("sale", shop.gift(2000), 700)
    assert shop.do("status", original=never).rc == "25"


def test_status_of_a_declined_operation_shows_the_refusal(shop: Shop):
    sale = shop.request("sale", shop.gift(2000), 7000)
    shop.send(sale)
    assert shop.do("status", original=sale).original.rc == "51"


def test_status_of_a_buried_operation_shows_that_it_is_refused(shop: Shop):
    late = shop.request("sale", shop.gift(2000), 700)
    shop.do("reverse", original=late)
    assert shop.do("status", original=late).original.rc == "05"


def test_echo_tells_the_time_and_the_version(shop: Shop):
    answer = shop.do("echo")
    assert (answer.rc, answer.server_time) == ("00", shop.now)
    assert answer.params_version == 1


def _lent(shop: Shop, *requests: Request):
    connection = psycopg2.connect(shop.dsn)
    with connection, connection.cursor() as cr:
        outcomes = execute(cr, requests, shop.network, shop.keyring, shop.now)
    connection.close()
    return outcomes
