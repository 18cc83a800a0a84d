"""The life of a card: registered, activated, loaded, blocked, its access code."""

import msgspec
import psycopg2
import pytest

from ekarte_core import CardRef, find_card
from tests.core.shop import (
    BOOK,
    BOOK_GIFT,
    CLUB,
    FUEL,
    GIFT,
    Shop,
    changed,
    network_document,
    number,
)


def test_the_first_purchase_registers_a_club_card(shop: Shop):
    answer = shop.do("sale", number(CLUB), 1000)
    assert (answer.rc, answer.card_state) == ("00", "active")
    assert shop.do("inquire", number(CLUB)).card_state == "active"


def test_a_gift_card_is_not_registered_by_a_purchase(shop: Shop):
    assert shop.do("sale", number(GIFT), 1000).rc == "78"
    assert shop.sql("SELECT count(*) FROM ekarte.card") == [(0,)]


@pytest.mark.parametrize("command", ["top_up", "block", "unblock", "set_code"])
def test_a_refused_first_purchase_leaves_a_card_as_unknown_as_before(
    shop: Shop, command: str
):
    more = {"new_access_code": "4711"} if command == "set_code" else {}
    amount = 1000 if command == "top_up" else None
    never_seen = shop.do(command, number(CLUB), amount, **more)
    assert shop.do("sale", number(CLUB), 100, bonus=5000).rc == "13"
    refused = shop.do(command, number(CLUB), amount, **more)
    assert (never_seen.rc, refused.rc) == ("78", "78")
    assert shop.do("sale", number(CLUB), 100).card_state == "active"


def test_a_number_that_no_range_admits_is_unknown(shop: Shop):
    for stranger in ("4000000000000002", "9990001000000018", "12345"):
        assert shop.do("sale", stranger, 1000).rc == "14"
    assert shop.do("sale", "9990001000000019", 1000).rc == "00"


def test_an_inquiry_of_a_club_card_not_seen_yet_shows_its_discount(shop: Shop):
    """Whoever asks first is told what the purchase would give, whatever is beside."""
    alone = shop.do("inquire", number(CLUB))
    assert (alone.rc, alone.discount_rate) == ("00", 500)
    sale = shop.request("sale", number(CLUB, 2), 100, terminal="00000021")
    beside, _ = shop.run(shop.request("inquire", number(CLUB, 2)), sale)
    assert (beside.rc, beside.discount_rate) == ("00", 500)


def test_an_inquiry_registers_nobody(shop: Shop):
    shop.do("inquire", number(CLUB))
    assert shop.sql("SELECT count(*) FROM ekarte.card") == [(0,)]


def test_a_card_of_one_network_collects_in_another(shop: Shop):
    card = shop.club(1000)
    at_books = shop.do("sale", card, 1000, terminal="00000041")
    assert (at_books.rc, at_books.discount) == ("00", 50)
    at_fuel = shop.do("sale", card, lines=[("fuel", 1000)], terminal="00000031")
    assert at_fuel.rc == "00"
    types = shop.sql("SELECT card_type FROM ekarte.membership ORDER BY 1")
    assert types == [("BOOK-CLUB",), ("FUEL-CLUB",), ("GRO-CLUB",)]
    assert shop.sql("SELECT count(*) FROM ekarte.card") == [(1,)]


def test_a_card_collects_only_where_a_range_admits_it(shop: Shop):
    card = number(FUEL)
    assert shop.do("sale", card, 1000, terminal="00000031").rc == "00"
    assert shop.do("sale", card, 1000).rc == "57"


def test_a_branch_sees_its_issuers_purses_and_money_that_it_accepts(shop: Shop):
    card = shop.club(6000)
    shop.do("sale", card, lines=[("fuel", 1000)], terminal="00000031")
    seen = shop.do("inquire", card, terminal="00000031").balances
    assert {(row.program, row.unit) for row in seen} == {
        ("FUEL-DISC", "turnover"),
        ("BONUS", "EUR"),
    }
    seen = shop.do("inquire", card).balances
    assert {row.program for row in seen} == {"BONUS", "DISC"}


@pytest.mark.parametrize(
    "card",
    [
        CardRef(kind="pan", value="9990001000000019"),
        CardRef(kind="barcode", value="9990001000000019"),
        CardRef(kind="keyed", value=" 9990 0010 0000 0019 "),
        CardRef(kind="track2", value=";9990001000000019=49121010000000000000?"),
        CardRef(kind="track2", value="9990001000000019D4912101"),
    ],
    ids=lambda card: card.kind,
)
def test_however_it_is_read_it_is_the_same_card(shop: Shop, card: CardRef):
    shop.club(6000)
    request = shop.request("sale", number(CLUB), 1000)
    answer = shop.send(msgspec.structs.replace(request, card=card))
    assert (answer.rc, answer.discount_rate) == ("00", 600)
    assert shop.sql("SELECT count(*) FROM ekarte.card") == [(1,)]


def test_a_document_is_another_card_than_the_same_digits(shop: Shop):
    document = network_document()
    document["card_types"][0]["ranges"].append({"kind": "document"})
    shop.publish(document)
    shop.club(6000)
    licence = CardRef(kind="document", value="9990001000000019")
    request = shop.request("sale", number(CLUB), 1000)
    answer = shop.send(msgspec.structs.replace(request, card=licence))
    assert (answer.rc, answer.discount_rate) == ("00", 500)
    assert shop.sql("SELECT count(*) FROM ekarte.card") == [(2,)]


def test_find_card_finds_what_is_known(shop: Shop):
    shop.club(1000)
    connection = psycopg2.connect(shop.dsn)
    with connection, connection.cursor() as cr:
        known = find_card(cr, shop.keyring, CardRef(value=number(CLUB)))
        unknown = find_card(cr, shop.keyring, CardRef(value=number(CLUB, 2)))
        none = find_card(cr, shop.keyring, CardRef(kind="track2", value="?"))
    connection.close()
    assert (known, unknown, none) == (1, None, None)


def test_a_card_is_activated_once(shop: Shop):
    card = shop.gift(2000)
    assert shop.do("activate", card, 2000).rc == "05"
    assert shop.balance(card, "GIFT") == 2000


def test_an_activation_without_a_load_waits_for_a_top_up(shop: Shop):
    card = number(GIFT)
    assert shop.do("activate", card).rc == "00"
    assert shop.do("sale", card, 100).rc == "51"
    assert shop.do("top_up", card, 500).rc == "00"
    assert shop.do("sale", card, 100).rc == "00"


def test_a_refused_activation_leaves_the_card_new(shop: Shop):
    card = number(GIFT)
    assert shop.do("activate", card, 499).rc == "13"
    assert shop.do("top_up", card, 500).rc == "78"
    assert shop.do("activate", card, 500).rc == "00"


def test_a_gift_card_of_another_issuer_is_not_activated_here(shop: Shop):
    """The bookshop's card is of no use at the grocer's, with money or without."""
    assert shop.do("activate", number(BOOK_GIFT), 1000).rc == "57"
    assert shop.do("activate", number(BOOK_GIFT)).rc == "57"
    assert shop.do("activate", number(BOOK_GIFT), terminal="00000041").rc == "00"


def test_a_gift_card_of_an_ally_is_sold_here(shop: Shop):
    card = number(GIFT)
    assert shop.do("activate", card, 2000, terminal="00000031").rc == "00"
    assert shop.balance(card, "GIFT") == 2000


@pytest.mark.parametrize(
    ("amount", "rc"), [(499, "13"), (500, "00"), (48000, "00"), (48001, "61")]
)
def test_a_load_keeps_the_limits_of_the_program(shop: Shop, amount: int, rc: str):
    card = shop.gift(2000)
    assert shop.do("top_up", card, amount).rc == rc


def test_held_money_counts_towards_the_highest_balance(shop: Shop):
    card = shop.gift(2000)
    shop.do("authorize", card, 2000)
    assert shop.do("top_up", card, 48001).rc == "61"


def test_a_card_for_one_load_is_not_loaded_again(shop: Shop):
    shop.publish(changed("GIFT", reloadable=False))
    card = shop.gift(2000)
    shop.do("sale", card, 2000)
    assert shop.do("top_up", card, 1000).rc == "57"


def test_a_card_for_one_load_whose_load_was_undone_is_loaded_again(shop: Shop):
    """The clerk typed the wrong sum, took it back, and types the right one."""
    shop.publish(changed("GIFT", reloadable=False))
    card = number(GIFT)
    wrong = shop.request("activate", card, 9000)
    shop.send(wrong)
    shop.do("reverse", original=wrong)
    assert shop.do("activate", card, 900).rc == "00"


def test_a_club_card_takes_no_money(shop: Shop):
    assert shop.do("top_up", shop.club(1000), 1000).rc == "57"


def test_a_blocked_card_pays_nothing_until_it_is_unblocked(shop: Shop):
    card = shop.gift(2000)
    assert shop.do("block", card).card_state == "blocked"
    for command in ("sale", "authorize", "top_up"):
        assert shop.do(command, card, 500).rc == "62"
    assert shop.do("inquire", card).rc == "62"
    assert shop.do("unblock", card).card_state == "active"
    assert shop.do("sale", card, 500).rc == "00"


def test_blocking_and_unblocking_twice_is_harmless(shop: Shop):
    card = shop.gift(2000)
    rcs = [shop.do(c, card).rc for c in ("block", "block", "unblock", "unblock")]
    assert rcs == ["00", "00", "00", "00"]


@pytest.mark.parametrize("state", ["lost", "stolen", "replaced", "expired", "closed"])
def test_a_final_state_is_final(shop: Shop, state: str):
    card = shop.gift(2000)
    shop.sql("UPDATE ekarte.card SET state = %s", state)
    rcs = {shop.do(c, card).rc for c in ("block", "unblock", "activate", "sale")}
    assert "00" not in rcs
    assert shop.sql("SELECT state FROM ekarte.card") == [(state,)]


def test_unblocking_does_not_activate_a_card_that_was_never_sold(shop: Shop):
    card = number(GIFT)
    shop.do("activate", card, 1)  # refused: known from now on, and new
    shop.do("block", card)
    shop.do("unblock", card)
    assert shop.do("top_up", card, 1000).rc == "78"
    assert shop.do("activate", card, 1000).rc == "00"


def test_a_card_is_blocked_where_it_is_used(shop: Shop):
    card = number(BOOK_GIFT)
    shop.do("activate", card, 1000, terminal="00000041")
    assert shop.do("block", card, terminal="00000041").rc == "00"


def test_a_card_is_not_blocked_by_a_stranger(shop: Shop):
    card = number(BOOK_GIFT)
    shop.do("activate", card, 1000, terminal="00000041")
    assert shop.do("block", card).rc == "57"
    shop.do("block", card, terminal="00000041")
    assert shop.do("unblock", card).rc == "57"


def test_the_right_code_opens_and_a_wrong_one_does_not(shop: Shop):
    card = number(GIFT)
    shop.do("activate", card, 2000, access_code="4711")
    assert shop.do("sale", card, 100).rc == "55"
    assert shop.do("sale", card, 100, access_code="4712").rc == "55"
    assert shop.do("sale", card, 100, access_code="4711").rc == "00"
    assert shop.do("authorize", card, 100, access_code="4711").rc == "00"


def test_three_wrong_codes_lock_until_an_operator_unblocks(shop: Shop):
    card = number(GIFT)
    shop.do("activate", card, 2000, access_code="4711")
    wrong = [shop.do("sale", card, 100, access_code="1111").rc for _ in range(4)]
    assert wrong == ["55", "55", "55", "75"]
    assert shop.do("sale", card, 100, access_code="4711").rc == "75"
    assert shop.do("unblock", card).rc == "00"
    assert shop.do("sale", card, 100, access_code="4711").rc == "00"


def test_a_right_code_after_two_wrong_ones_starts_anew(shop: Shop):
    card = number(GIFT)
    shop.do("activate", card, 2000, access_code="4711")
    for _ in range(2):
        tries = [
            shop.do("sale", card, 100, access_code=code).rc
            for code in ("1111", "2222", "4711")
        ]
        assert tries == ["55", "55", "00"]


def test_codes_guessed_in_one_group_are_counted(shop: Shop):
    card = number(GIFT)
    shop.do("activate", card, 2000, access_code="4711")
    guesses = [
        shop.request("sale", card, 1, access_code=code)
        for code in ("0000", "1111", "2222", "3333", "4711")
    ]
    assert [a.rc for a in shop.run(*guesses)] == ["55", "55", "55", "75", "75"]


def test_codes_guessed_by_inquiry_are_counted(shop: Shop):
    card = number(GIFT)
    shop.do("activate", card, 2000, access_code="4711")
    rcs = [shop.do("inquire", card, access_code="1111").rc for _ in range(4)]
    assert rcs == ["55", "55", "55", "75"]


def test_a_repeat_of_a_wrong_code_is_counted_once(shop: Shop):
    card = number(GIFT)
    shop.do("activate", card, 2000, access_code="4711")
    wrong = shop.request("sale", card, 100, access_code="1111")
    assert [shop.send(wrong).rc for _ in range(5)] == ["55"] * 5
    assert shop.do("sale", card, 100, access_code="4711").rc == "00"


def test_a_missing_code_is_not_counted_as_wrong(shop: Shop):
    card = number(GIFT)
    shop.do("activate", card, 2000, access_code="4711")
    assert [shop.do("sale", card, 100).rc for _ in range(4)] == ["55"] * 4
    assert shop.do("sale", card, 100, access_code="4711").rc == "00"


def test_no_code_is_needed_to_look_or_to_load(shop: Shop):
    card = number(GIFT)
    shop.do("activate", card, 2000, access_code="4711")
    assert shop.do("inquire", card).rc == "00"
    assert shop.do("top_up", card, 500).rc == "00"


def test_a_type_without_codes_takes_none(shop: Shop):
    at_books = {"terminal": "00000041"}
    card = number(BOOK_GIFT)
    assert shop.do("activate", card, 1000, access_code="4711", **at_books).rc == "57"
    assert shop.do("activate", card, 1000, **at_books).rc == "00"


def test_a_type_with_codes_demands_one(shop: Shop):
    document = network_document()
    document["card_types"][1]["access_code"] = "required"
    shop.publish(document)
    assert shop.do("activate", number(GIFT), 1000).rc == "55"
    assert shop.do("activate", number(GIFT), 1000, access_code="4711").rc == "00"


def test_an_unknown_ledger_id_is_an_unknown_card(shop: Shop):
    """The back office asks by id; one that is not there is no busy card."""
    shop.publish(_with_odoo_terminal())
    known = shop.club(1000)
    assert known
    answers = [_by_id(shop, "1"), _by_id(shop, "999999")]
    assert [answer.rc for answer in answers] == ["00", "14"]


def test_only_the_back_office_names_a_card_by_its_id(shop: Shop):
    shop.publish(_with_odoo_terminal())
    shop.club(1000)
    assert _by_id(shop, "1", terminal="00000011").rc == "30"


def test_a_name_that_is_no_ledger_id_is_refused(shop: Shop):
    shop.publish(_with_odoo_terminal())
    for value in ("x", "-1", "99999999999", "1.0"):
        assert _by_id(shop, value).rc == "30"


def _by_id(shop: Shop, value: str, terminal: str = "000000OD"):
    request = shop.request("inquire", number(BOOK), terminal=terminal)
    card = CardRef(kind="ledger", value=value)
    return shop.send(msgspec.structs.replace(request, card=card))


def _with_odoo_terminal() -> dict:
    document = network_document()
    document["terminals"].append({"id": "000000OD", "branch": "G1", "protocol": "odoo"})
    return document


def test_a_card_for_one_load_takes_another_once_its_load_was_reversed(shop: Shop):
    shop.publish(changed("GIFT", reloadable=False))
    card = number(GIFT)
    assert shop.do("activate", card).rc == "00"
    load = shop.request("top_up", card, 500)
    assert shop.send(load).rc == "00"
    assert shop.do("top_up", card, 500).rc == "57"
    assert shop.do("reverse", original=load).rc == "00"
    assert shop.do("top_up", card, 700).rc == "00"
    assert shop.broken() == []
