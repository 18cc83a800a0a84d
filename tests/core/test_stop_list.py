"""The stop list: it follows the cards, and says nothing that is not said on purpose."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha256
from typing import Any

import psycopg2
import pytest

from ekarte_core import (
    CardRef,
    Keyring,
    KeyringInvalid,
    LedgerConnection,
    Loaded,
    ParametersBook,
    ParametersVersion,
    Request,
    Stopped,
    note_card,
    parameters_loaded,
    stop_mark,
    stop_token,
)
from tests.core.conftest import NOON
from tests.core.shop import CLUB, GIFT, Shop, number

CARD = number(GIFT, 1)


def ring(*tokens: int, terminals: tuple[int, ...] = (1,), spare: Any = ()) -> Keyring:
    names = [("access_code", 1), *(("card_token", n) for n in tokens)]
    names += [("terminal", n) for n in terminals]
    keys = {name: sha256(str(name).encode()).digest() for name in names}
    return Keyring(keys, frozenset(("terminal", n) for n in spare))


@pytest.fixture
def own(dsn: str) -> Iterator[Shop]:
    """A shop whose keyring a test may change."""
    shop = Shop(dsn, ring(1), LedgerConnection(dsn, ring(1)), NOON)
    yield shop
    shop.close()


def turn(shop: Shop, keyring: Keyring) -> None:
    """Start the gateway anew with another keyring."""
    shop.ledger.close()
    shop.keyring, shop.ledger = keyring, LedgerConnection(shop.dsn, keyring)


def book(shop: Shop, work: Callable[[ParametersBook], Any]) -> Any:
    return shop.ledger.parameters(work)


def follow(shop: Shop) -> int:
    def work(one: ParametersBook) -> int:
        assert one.claim()
        return one.follow_cards(shop.network, shop.now)

    return book(shop, work)


def listed(shop: Shop, upto: int | None = None) -> list[Stopped]:
    def work(one: ParametersBook) -> list[Stopped]:
        return one.stop_list(one.stop_number() if upto is None else upto)

    return book(shop, work)


def mark(shop: Shop, card: str, kind: str = "number", key: int = 1) -> bytes:
    return stop_mark(stop_token(shop.keyring.stop_key(key), kind, card))


def answers(shop: Shop) -> dict[bytes, str]:
    return {one.mark: one.rc for one in listed(shop)}


# --- on the list and off it


def test_a_blocked_card_is_listed_until_it_is_unblocked(shop: Shop):
    card = shop.gift(1000)
    assert follow(shop) == 0
    assert shop.do("block", card).rc == "00"
    assert follow(shop) == 1
    assert answers(shop) == {mark(shop, card): "62"}
    assert follow(shop) == 0, "once"
    assert shop.do("unblock", card).rc == "00"
    assert follow(shop) == 1
    assert listed(shop) == []


@pytest.mark.parametrize(
    ("reason", "rc"), [("lost", "41"), ("stolen", "43"), ("closed", "54")]
)
def test_the_list_has_the_answer_of_the_host(shop: Shop, reason: str, rc: str):
    card = shop.gift(1000)
    shop.do("block", card)
    follow(shop)
    assert shop.do("block", card, reason=reason).rc == "00"
    assert follow(shop) == 1
    assert answers(shop) == {mark(shop, card): rc}
    assert shop.do("sale", card, 100).rc == rc


def test_a_replaced_card_is_listed_and_its_successor_is_not(shop: Shop):
    card = shop.gift(1000)
    assert shop.do("replace", card, other=number(GIFT, 2)).rc == "00"
    follow(shop)
    assert answers(shop) == {mark(shop, card): "54"}


def test_the_list_of_any_number_can_be_told_again(shop: Shop):
    first, second = shop.gift(1000, serial=1), shop.gift(1000, serial=2)
    shop.do("block", first)
    follow(shop)
    shop.do("block", second, reason="lost")
    follow(shop)
    shop.do("unblock", first)
    follow(shop)
    found = [{one.mark for one in listed(shop, upto)} for upto in range(4)]
    one, two = mark(shop, first), mark(shop, second)
    assert found == [set(), {one}, {one, two}, {two}]


def test_a_card_is_told_where_it_takes_part(shop: Shop):
    shop.do("sale", number(CLUB), 1000)
    shop.do("sale", number(CLUB), 1000, terminal="00000031")
    shop.do("block", number(CLUB))
    follow(shop)
    (one,) = listed(shop)
    assert {"GROCER", "FUEL"} <= one.issuers


def test_many_cards_come_some_at_a_time(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("ekarte_core.service.parameters.STOPPED_AT_ONCE", 2)
    for serial in range(1, 6):
        shop.do("block", shop.gift(1000, serial=serial))
    assert [follow(shop) for _round in range(4)] == [2, 2, 1, 0]
    assert len(listed(shop)) == 5


def test_cards_named_by_a_phone_or_a_document_are_not_listed(shop: Shop):
    """The pair of the first: their numbers are too few to be hidden."""
    shop.sql(
        "INSERT INTO ekarte.card (id, token, token_key, kind, first6, last4, state,"
        " state_at, registered_at, account_id)"
        " VALUES (999, 'x', 1, 'phone', '', '', 'lost', now(), now(), 999)"
    )
    assert follow(shop) == 0
    assert book(shop, ParametersBook.without_token) == 0


# --- what the ledger keeps of a number


def kept(shop: Shop) -> list[tuple[bytes | None, int]]:
    rows = shop.sql("SELECT stop_token, stop_key FROM ekarte.card ORDER BY id")
    return [(None if token is None else bytes(token), key) for token, key in rows]


def test_the_database_and_the_key_of_terminals_together_tell_nothing(own: Shop):
    card = own.gift(1000)
    ((sealed, key),) = kept(own)
    token = stop_token(own.keyring.stop_key(key), "number", card)
    assert sealed is not None
    assert sealed != token
    ((card_token,),) = own.sql("SELECT token FROM ekarte.card")
    opened = own.keyring.opened_stop_token(bytes(card_token), sealed, key)
    assert opened == token
    other = ring(1, terminals=(2,))
    assert other.opened_stop_token(bytes(card_token), sealed, 2) != token


def test_a_card_of_before_is_listed_once_somebody_shows_it(own: Shop):
    card = own.gift(1000)
    own.sql("UPDATE ekarte.card SET stop_token = NULL, stop_key = 0, state = 'lost'")
    assert follow(own) == 0
    assert book(own, ParametersBook.without_token) == 1
    assert own.do("sale", card, 100).rc == "41"
    assert follow(own) == 1
    assert answers(own) == {mark(own, card): "41"}
    assert book(own, ParametersBook.without_token) == 0


def test_a_new_key_of_tokens_does_not_lose_what_the_list_needs(own: Shop):
    card = own.gift(1000)
    turn(own, ring(1, 2))
    assert own.do("unblock", card).rc == "00"
    assert own.sql("SELECT token_key, stop_key FROM ekarte.card") == [(2, 1)]
    own.do("block", card)
    follow(own)
    assert answers(own) == {mark(own, card): "62"}


def test_a_card_that_was_only_noted_keeps_it_too(own: Shop):
    own.gift(1000)
    turn(own, ring(1, 2))
    with psycopg2.connect(own.dsn) as connection, connection.cursor() as cr:
        note_card(cr, own.network, own.keyring, CardRef(value=CARD), own.now)
    connection.close()
    own.sql("UPDATE ekarte.card SET state = 'stolen'")
    follow(own)
    assert answers(own) == {mark(own, CARD): "43"}


def test_marks_of_an_earlier_key_stay_until_the_card_is_seen(own: Shop):
    first, second = own.gift(1000, serial=1), own.gift(1000, serial=2)
    for card in (first, second):
        own.do("block", card)
    follow(own)
    turn(own, ring(1, terminals=(1, 2), spare=(1,)))
    own.do("unblock", first)
    follow(own)
    own.do("block", first)
    follow(own)
    found = {(one.mark, one.key) for one in listed(own)}
    assert found == {(mark(own, first, key=2), 2), (mark(own, second, key=1), 1)}


def test_a_keyring_without_the_key_of_a_mark_says_so(own: Shop):
    own.do("block", own.gift(1000))
    follow(own)
    turn(own, ring(1, terminals=(2,)))
    with pytest.raises(KeyringInvalid, match="terminal 1"):
        book(own, lambda one: one.stop_keys({s.key for s in one.stop_list(1)}))


# --- one at a time


def test_two_processes_do_not_go_on_at_once(shop: Shop):
    other = LedgerConnection(shop.dsn, shop.keyring)

    def work(one: ParametersBook) -> tuple[bool, bool]:
        return one.claim(), other.parameters(ParametersBook.claim)

    assert book(shop, work) == (True, False)
    assert book(shop, ParametersBook.claim), "free again with the end of the work"
    other.close()


# --- versions, and who has which


def version(number_: int, network: int = 1) -> ParametersVersion:
    return ParametersVersion(number_, network, 0, 1, bytes([number_]) * 32, NOON)


def add(shop: Shop, branch: str, number_: int) -> None:
    book(shop, lambda one: one.add(branch, version(number_)))


def echoed(shop: Shop, terminal: str) -> int:
    shop.network = shop.ledger.network(shop.network)
    return shop.send(Request(command="echo", terminal=terminal)).params_version


def test_answers_tell_the_version_of_the_branch(shop: Shop):
    assert echoed(shop, "00000011") == 1, "without any: the network's"
    add(shop, "G1", 4)
    add(shop, "G1", 5)
    add(shop, "F1", 9)
    assert echoed(shop, "00000011") == 5
    assert echoed(shop, "00000031") == 9
    assert shop.do("sale", number(CLUB), 1000).params_version == 5
    assert shop.do("sale", number(CLUB), 1).params_version == 5
    assert shop.do("sale", "123", 1).params_version == 5, "refusals too"


def test_nothing_new_is_the_same_network(shop: Shop):
    add(shop, "G1", 4)
    known = shop.ledger.network(shop.network)
    assert shop.ledger.network(known) is known
    add(shop, "G1", 5)
    newer = shop.ledger.network(known)
    assert newer is not known
    assert newer.document is known.document


def test_what_a_terminal_has_is_noted_when_it_is_new_and_was_ever_made(shop: Shop):
    add(shop, "G1", 1)
    add(shop, "G1", 2)

    def note(terminal: str, number_: int) -> bool:
        return book(
            shop, lambda one: one.note_loaded(terminal, "G1", number_, shop.now)
        )

    assert note("00000011", 1)
    assert not note("00000011", 1)
    assert not note("00000011", 3)
    shop.later(hours=1)
    assert note("00000011", 2)
    assert note("00000012", 1)
    with psycopg2.connect(shop.dsn) as connection, connection.cursor() as cr:
        places = dict.fromkeys(["00000011", "00000012", "00000013"], "G1")
        found = parameters_loaded(cr, {**places, "00000031": "F1"})
    connection.close()
    at = NOON + timedelta(hours=1)
    assert found == {
        "00000011": Loaded(2, at, 2),
        "00000012": Loaded(1, at, 2),
        "00000013": Loaded(None, None, 2),
    }


def test_terminals_trust_the_last_two_keys(shop: Shop):
    def work(one: ParametersBook) -> list[str]:
        assert one.claim()
        one.add_keys([("a", b"A"), ("b", b"B")], shop.now)
        one.add_keys([("a", b"A"), ("c", b"C")], shop.now)
        return [key.key_id for key in one.keys(9)]

    assert book(shop, work) == ["b", "c"]
    assert book(shop, lambda one: [k.key_id for k in one.keys(2)]) == ["a", "b"]
