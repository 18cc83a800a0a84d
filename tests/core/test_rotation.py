"""Keys change; cards, access codes, repeats and draws stay what they were."""

import hmac
import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import psycopg2
import psycopg2.errors
import pytest
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ

from ekarte_core import (
    CardRef,
    DrawTerms,
    Keyring,
    KeyringInvalid,
    KeyUse,
    LedgerConnection,
    Prize,
    draw_pseudonym,
    draw_winners,
    execute,
    find_card,
    freeze_draw,
    key_use,
    load_keyring,
    note_card,
    open_draw,
    read_draw,
)
from ekarte_core.__main__ import main
from ekarte_core.service import rotating
from tests.core.conftest import NOON
from tests.core.shop import CLUB, GIFT, Shop, number
from tests.core.test_draws import ticket_network

CODE = "4711"


def key(purpose: str, number_: int) -> bytes:
    return sha256(f"{purpose} {number_}".encode()).digest()


def ring(
    *tokens: int,
    codes: tuple[int, ...] = (1,),
    spare: tuple[int, ...] = (),
    spare_codes: tuple[int, ...] = (),
) -> Keyring:
    """A keyring with these keys; the spare ones of them make nothing new."""
    names = [("terminal", 1)]
    names += [("card_token", one) for one in tokens]
    names += [("access_code", one) for one in codes]
    return Keyring(
        {name: key(*name) for name in names},
        frozenset(("card_token", one) for one in spare)
        | frozenset(("access_code", one) for one in spare_codes),
    )


@pytest.fixture
def old(dsn: str) -> Iterator[Shop]:
    """A shop that has one key of each purpose, and the ledger still small."""
    shop = Shop(dsn, ring(1), LedgerConnection(dsn, ring(1)), NOON)
    yield shop
    shop.close()


def turn(shop: Shop, keyring: Keyring) -> None:
    """Start the gateway anew with another keyring."""
    shop.ledger.close()
    shop.keyring, shop.ledger = keyring, LedgerConnection(shop.dsn, keyring)


def tokens(shop: Shop) -> list[tuple[int, bytes]]:
    return [
        (key_id, bytes(token))
        for key_id, token in shop.sql(
            "SELECT token_key, token FROM ekarte.card ORDER BY id"
        )
    ]


def use(shop: Shop, card: str) -> None:
    """Send something for the card that may change it."""
    assert shop.do("unblock", card).rc == "00"


def history(shop: Shop) -> list[tuple]:
    return shop.sql("SELECT o::text FROM ekarte.operation AS o ORDER BY id")


# --- the keyring


def test_the_highest_key_that_is_not_spare_makes_new_tokens():
    assert ring(1).token_key == 1
    assert ring(1, 2).token_key == 2
    assert ring(9, 10).token_key == 10
    assert ring(1, 2, spare=(2,)).token_key == 1
    assert ring(1, 2, 3, spare=(3,)).token_key == 2
    assert ring(1, codes=(1, 4, 2)).code_key == 4


def test_tokens_come_under_every_key_the_current_first():
    found = ring(1, 2, 3, spare=(3,)).card_tokens("number", "12345678")
    assert list(found) == [2, 3, 1]
    for number_, token in found.items():
        assert token == ring(number_).card_token("number", "12345678")
    assert len(set(found.values())) == 3


def test_spare_keys_alone_are_none():
    with pytest.raises(KeyringInvalid, match="no key for: card_token"):
        ring(1, 2, spare=(1, 2))


def write(folder: Path, extra: str) -> Path:
    file = folder / "keyring"
    lines = [
        f"{purpose} 1 {key(purpose, 1).hex()}\n"
        for purpose in ("card_token", "access_code", "terminal")
    ]
    file.write_text("".join(lines) + extra)
    file.chmod(0o600)
    return file


@pytest.mark.parametrize("purpose", ["card_token", "access_code"])
def test_a_second_key_is_read_and_used(tmp_path: Path, purpose: str):
    keyring = load_keyring(write(tmp_path, f"{purpose} 2 {'dd' * 32}\n"))
    assert keyring.ids(purpose) == (2, 1)


@pytest.mark.parametrize("purpose", ["card_token", "access_code", "terminal"])
def test_a_spare_key_is_read_and_not_used(tmp_path: Path, purpose: str):
    keyring = load_keyring(write(tmp_path, f"{purpose} 2 {'dd' * 32} spare\n"))
    assert keyring.ids(purpose) == (1, 2)
    one = load_keyring(write(tmp_path, ""))
    assert keyring.terminal_key("T", 1) == one.terminal_key("T", 1)


def test_a_second_terminal_key_is_refused(tmp_path: Path):
    """With it every terminal would have to be handed its key anew (ADR 0010)."""
    with pytest.raises(KeyringInvalid, match="terminal"):
        load_keyring(write(tmp_path, f"terminal 2 {'dd' * 32}\n"))


def test_another_fourth_word_is_refused_without_the_key(tmp_path: Path):
    with pytest.raises(KeyringInvalid, match="line 4: want") as fault:
        load_keyring(write(tmp_path, f"card_token 2 {'dd' * 32} spear\n"))
    assert "dddd" not in str(fault.value)


def test_a_keyring_with_many_keys_prints_their_numbers_only():
    text = repr(ring(1, 2, codes=(1, 3)))
    assert text == (
        "Keyring(access_code/1, access_code/3, card_token/1, card_token/2, terminal/1)"
    )


# --- cards


def test_a_card_is_found_by_its_old_token_and_gets_the_new_one(old: Shop):
    card = old.gift(2000)
    before = history(old)
    turn(old, ring(1, 2))
    # Who only looks finds it, and changes nothing.
    assert old.balance(card, "GIFT") == 2000
    assert tokens(old) == [(1, ring(1).card_token("number", card))]
    assert old.do("sale", card, 500).rc == "00"
    assert tokens(old) == [(2, ring(2).card_token("number", card))]
    assert old.balance(card, "GIFT") == 1500
    assert history(old)[: len(before)] == before
    assert old.sql("SELECT count(*) FROM ekarte.card") == [(1,)]
    assert old.broken() == []


def test_a_refused_operation_renews_the_token_too(old: Shop):
    card = old.gift(2000)
    turn(old, ring(1, 2))
    assert old.do("sale", card, 9999).rc == "51"
    assert tokens(old)[0][0] == 2


def test_what_is_not_shown_keeps_its_token(old: Shop):
    old.gift(2000, 1)
    old.gift(2000, 2)
    turn(old, ring(1, 2))
    old.do("sale", number(GIFT, 2), 100)
    assert [key_id for key_id, _ in tokens(old)] == [1, 2]


def test_a_new_card_gets_the_current_key(old: Shop):
    turn(old, ring(1, 2))
    old.gift(2000)
    turn(old, ring(1, 2, 3, spare=(3,)))
    old.gift(2000, 2)
    assert [key_id for key_id, _ in tokens(old)] == [2, 2]


def test_many_cards_of_one_group_are_renewed_together(old: Shop):
    cards = [old.gift(2000, serial) for serial in range(1, 9)]
    turn(old, ring(1, 2))
    old.ledger.network(None)
    answers = old.run(
        *(old.request("sale", card, 100) for card in cards * 2),
        *(old.request("sale", number(CLUB, serial), 100) for serial in (1, 2, 1)),
    )
    assert {answer.rc for answer in answers} == {"00"}
    assert [key_id for key_id, _ in tokens(old)] == [2] * 10
    assert old.broken() == []


def test_without_the_old_key_the_gateway_does_not_start(old: Shop):
    old.gift(2000, 1)
    old.gift(2000, 2)
    turn(old, ring(1, 2))
    old.do("sale", number(GIFT, 2), 100)
    turn(old, ring(2))
    with pytest.raises(KeyringInvalid, match=r"card_token 1 \(1 cards\)"):
        old.ledger.network(None)


def test_without_the_old_key_a_card_is_as_if_it_had_never_been_sold(old: Shop):
    """A lent cursor is not asked for its keys at the start."""
    card = old.gift(2000)
    with psycopg2.connect(old.dsn) as connection, connection.cursor() as cr:
        (outcome,) = execute(
            cr, [old.request("sale", card, 100)], old.network, ring(2), old.now
        )
    assert outcome.rc == "78"


def test_when_every_card_has_a_new_token_the_old_key_may_go(old: Shop):
    card = old.gift(2000)
    turn(old, ring(1, 2))
    use(old, card)
    turn(old, ring(2))
    assert old.do("sale", card, 500).rc == "00"
    assert old.broken() == []


def test_a_card_that_is_noted_gets_the_new_token(old: Shop):
    """Afterwards its number is gone: Odoo speaks of it by its ledger id."""
    card = old.gift(2000)
    keyring = ring(1, 2)
    for _ in range(2):
        with psycopg2.connect(old.dsn) as connection, connection.cursor() as cr:
            noted = note_card(cr, old.network, keyring, CardRef(value=card), old.now)
        assert noted is not None
        assert tokens(old) == [(2, ring(2).card_token("number", card))]
    turn(old, ring(2))
    assert old.balance(card, "GIFT") == 2000


def test_a_number_that_a_gateway_with_other_keys_registers_is_one_card(old: Shop):
    card = number(GIFT)
    with psycopg2.connect(old.dsn) as connection, connection.cursor() as cr:
        ahead = note_card(cr, old.network, ring(1, 2), CardRef(value=card), old.now)
    with psycopg2.connect(old.dsn) as connection, connection.cursor() as cr:
        behind = ring(1, 2, spare=(2,))
        assert note_card(cr, old.network, behind, CardRef(value=card), old.now) == ahead
    assert tokens(old) == [(2, ring(2).card_token("number", card))]


def test_a_card_is_found_for_the_office_by_any_key(old: Shop):
    card = old.gift(2000)
    with psycopg2.connect(old.dsn) as connection, connection.cursor() as cr:
        for keyring in (ring(1), ring(1, 2), ring(1, 2, spare=(2,))):
            assert find_card(cr, keyring, CardRef(value=card)) == 1
        assert find_card(cr, ring(2), CardRef(value=card)) is None


def test_holds_refunds_and_reversals_outlive_a_change_of_keys(old: Shop):
    card = old.gift(2000)
    sale, hold = old.request("sale", card, 400), old.request("authorize", card, 300)
    old.run(sale, hold)
    undone = old.request("sale", card, 50)
    old.send(undone)
    turn(old, ring(1, 2))
    assert old.do("confirm", card, original=hold).rc == "00"
    assert old.do("refund", card, amount=400, original=sale).rc == "00"
    assert old.do("reverse", card, original=undone).rc == "00"
    assert old.balance(card, "GIFT") == 1700
    assert old.broken() == []


# --- two gateways, one further on than the other


def both(shop: Shop, *keyrings: Keyring) -> list[LedgerConnection]:
    return [LedgerConnection(shop.dsn, keyring) for keyring in keyrings]


AHEAD, BEHIND = ring(1, 2), ring(1, 2, spare=(2,))


def test_gateways_that_know_both_keys_find_each_others_cards(old: Shop):
    for makes, finds in ((AHEAD, BEHIND), (BEHIND, AHEAD)):
        turn(old, makes)
        card = old.gift(2000, len(history(old)) + 1)
        turn(old, finds)
        assert old.do("sale", card, 500).rc == "00"
    assert old.sql("SELECT count(*) FROM ekarte.card") == [(2,)]


def test_a_gateway_that_is_behind_takes_no_new_token_away(old: Shop):
    turn(old, AHEAD)
    card = old.gift(2000)
    turn(old, BEHIND)
    assert old.do("sale", card, 500).rc == "00"
    assert tokens(old)[0][0] == 2


def test_a_new_identifier_at_two_gateways_at_once_is_one_card(old: Shop):
    """Many times, with different keys for new tokens on either side."""
    gateways = both(old, AHEAD, BEHIND, AHEAD, BEHIND)
    rounds = 25
    gate = threading.Barrier(len(gateways))
    codes: list[str] = []

    def shop_at(place: int) -> None:
        terminal = ("00000011", "00000012", "00000021", "00000041")[place]
        for turn_ in range(1, rounds + 1):
            gate.wait(20)
            request = old.request(
                "sale", number(CLUB, turn_), 100, terminal=terminal, operation=turn_
            )
            # By the clock: a neighbour that got no processor for a moment is no fault.
            until_s = time.monotonic() + 20
            (outcome,) = gateways[place].run([request], old.network, old.now)
            while outcome.status == "busy" and time.monotonic() < until_s:
                (outcome,) = gateways[place].run([request], old.network, old.now)
            codes.append(outcome.rc)

    threads = [
        threading.Thread(target=shop_at, args=(n,), daemon=True) for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for gateway in gateways:
        gateway.close()
    assert codes == ["00"] * rounds * 4
    assert old.sql("SELECT count(*) FROM ekarte.card") == [(rounds,)]
    assert old.broken() == []


def registering(shop: Shop, cr, keyring: Keyring, **more) -> str:
    request = shop.request("sale", number(CLUB), 100, **more)
    (outcome,) = execute(cr, [request], shop.network, keyring, shop.now, wait=False)
    return outcome.status


def test_while_one_gateway_registers_a_card_the_other_comes_again(old: Shop):
    one, two = psycopg2.connect(old.dsn), psycopg2.connect(old.dsn)
    with one.cursor() as first, two.cursor() as second:
        assert registering(old, first, BEHIND) == "new"
        assert registering(old, second, AHEAD) == "busy"
        two.rollback()
        one.commit()
        assert registering(old, second, AHEAD) == "new"
        two.commit()
    one.close()
    two.close()
    assert old.sql("SELECT token_key FROM ekarte.card") == [(2,)]


def test_an_old_snapshot_does_not_register_a_card_again(old: Shop):
    """Odoo's cursor began before the gateway registered the card under another key."""
    odoo = psycopg2.connect(old.dsn)
    odoo.set_session(isolation_level=ISOLATION_LEVEL_REPEATABLE_READ)
    with odoo.cursor() as cr:
        cr.execute("SELECT count(*) FROM ekarte.card")
        turn(old, BEHIND)
        assert old.do("sale", number(CLUB), 100).rc == "00"
        with pytest.raises(psycopg2.errors.SerializationFailure):
            registering(old, cr, AHEAD)
        odoo.rollback()
        assert registering(old, cr, AHEAD) == "new"
        odoo.commit()
    odoo.close()
    assert old.sql("SELECT count(*) FROM ekarte.card") == [(1,)]


def test_one_key_alone_makes_no_claims(old: Shop):
    old.gift(2000)
    assert old.sql("SELECT count(*) FROM ekarte.card_claim") == [(0,)]


def test_one_identifier_with_two_cards_is_told_and_the_newer_key_wins(
    old: Shop, caplog
):
    """What a gateway makes that never learnt the other key: told, not hidden."""
    turn(old, ring(2))
    old.do("sale", number(CLUB), 100)
    turn(old, ring(2, 3))
    with psycopg2.connect(old.dsn) as connection, connection.cursor() as cr:
        request = old.request("sale", number(CLUB), 100)
        execute(cr, [request], old.network, ring(1), old.now)
    turn(old, ring(1, 2, 3))
    with caplog.at_level(logging.WARNING):
        assert old.do("sale", number(CLUB), 100).rc == "00"
    assert "one identifier has several cards: [1, 2]" in caplog.text
    assert number(CLUB) not in caplog.text
    assert [key_id for key_id, _ in tokens(old)] == [3, 1]


# --- access codes


def coded(shop: Shop) -> str:
    card = number(GIFT)
    assert shop.do("activate", card, 2000, access_code=CODE).rc == "00"
    return card


def of_old(shop: Shop) -> str:
    """A card whose code was stored before salts and key ids were."""
    card = coded(shop)
    token = ring(1).card_token("number", card)
    digest = hmac.digest(key("access_code", 1), token + CODE.encode(), "sha256")
    shop.sql("UPDATE ekarte.card SET access_code = %s", digest)
    return card


def codes(shop: Shop) -> list[KeyUse]:
    with psycopg2.connect(shop.dsn) as connection, connection.cursor() as cr:
        return [use for use in key_use(cr) if use.purpose == "access_code"]


def spends(shop: Shop, card: str, code: str = CODE) -> str:
    return shop.do("sale", card, 100, access_code=code).rc


@pytest.mark.parametrize("card_of", [coded, of_old])
@pytest.mark.parametrize(
    "keyring",
    [
        ring(1, 2),
        ring(1, codes=(1, 2)),
        ring(1, 2, codes=(1, 2)),
        ring(1, 2, 3, codes=(1, 2, 3)),
    ],
    ids=["token", "pepper", "both", "thrice"],
)
def test_a_code_outlives_a_change_of_keys(
    old: Shop, card_of: Callable[[Shop], str], keyring: Keyring
):
    card = card_of(old)
    turn(old, keyring)
    assert spends(old, card, "0000") == "55"
    assert spends(old, card) == "00"
    assert codes(old) == [KeyUse("access_code", keyring.code_key, "codes", 1)]
    assert spends(old, card, "0000") == "55"
    assert spends(old, card) == "00"


@pytest.mark.parametrize("card_of", [coded, of_old])
def test_a_code_outlives_a_new_token_that_a_note_gives(
    old: Shop, card_of: Callable[[Shop], str]
):
    card = card_of(old)
    with psycopg2.connect(old.dsn) as connection, connection.cursor() as cr:
        note_card(cr, old.network, ring(1, 2), CardRef(value=card), old.now)
    turn(old, ring(2))
    assert spends(old, card, "0000") == "55"
    assert spends(old, card) == "00"


@pytest.mark.parametrize("card_of", [coded, of_old])
def test_a_code_that_is_not_asked_for_outlives_it_too(
    old: Shop, card_of: Callable[[Shop], str]
):
    """The token was its salt, and is renewed without the code being shown."""
    card = card_of(old)
    turn(old, ring(1, 2))
    use(old, card)
    assert tokens(old)[0][0] == 2
    turn(old, ring(2))
    assert spends(old, card, "0000") == "55"
    assert spends(old, card) == "00"


def test_a_wrong_code_renews_nothing_and_is_counted(old: Shop):
    card = coded(old)
    turn(old, ring(1, codes=(1, 2)))
    for _ in range(3):
        assert spends(old, card, "0000") == "55"
    assert spends(old, card) == "75"
    turn(old, ring(1))
    assert old.sql("SELECT access_tries FROM ekarte.card") == [(3,)]


def test_a_gateway_that_is_behind_takes_no_new_pepper_away(old: Shop):
    turn(old, ring(1, codes=(1, 2)))
    card = coded(old)
    turn(old, ring(1, codes=(1, 2), spare_codes=(2,)))
    assert spends(old, card, "0000") == "55"
    assert spends(old, card) == "00"
    assert codes(old) == [KeyUse("access_code", 2, "codes", 1)]


def test_a_pepper_that_codes_still_need_may_not_go(old: Shop):
    card = coded(old)
    turn(old, ring(1, codes=(2,)))
    with pytest.raises(KeyringInvalid, match=r"access_code 1 \(1 cards\)"):
        old.ledger.network(None)
    turn(old, ring(1, codes=(1, 2)))
    assert spends(old, card) == "00"
    turn(old, ring(1, codes=(2,)))
    assert spends(old, card) == "00"


def test_a_code_set_anew_has_the_new_pepper(old: Shop):
    turn(old, ring(1, codes=(1, 2)))
    coded(old)
    assert codes(old) == [KeyUse("access_code", 2, "codes", 1)]


# --- repeats


def test_a_repeat_is_a_repeat_after_a_change_of_keys(old: Shop):
    card = old.gift(2000)
    sale = old.request("sale", card, 400)
    first = old.ledger.run([sale], old.network, old.now)[0]
    turn(old, ring(1, 2))
    again = old.ledger.run([sale], old.network, old.now)[0]
    assert (again.status, again.answer) == ("repeat", first.answer)
    assert old.balance(card, "GIFT") == 1600


def test_other_content_is_no_repeat_after_a_change_of_keys(old: Shop):
    card = old.gift(2000)
    old.do("sale", card, 400, operation=50)
    turn(old, ring(1, 2))
    assert old.do("sale", card, 401, operation=50).rc == "94"


def test_without_the_old_key_a_repeat_is_refused_and_never_booked_again(old: Shop):
    card = old.gift(2000)
    sale = old.request("sale", card, 400)
    old.send(sale)
    turn(old, ring(1, 2))
    use(old, card)
    turn(old, ring(2))
    assert old.send(sale).rc == "94"
    assert old.balance(card, "GIFT") == 1600


# --- draws


def test_a_draw_is_drawn_with_the_key_it_was_opened_with(old: Shop):
    terms = DrawTerms(
        issuer="GROCER",
        name="Feast",
        program="LUCK",
        first_day=NOON.date() - timedelta(days=9),
        last_day=NOON.date() - timedelta(days=2),
        prizes=(Prize("A bicycle"),),
    )
    card = CardRef(value=old.club(100))
    old.publish(ticket_network())
    with psycopg2.connect(old.dsn) as connection, connection.cursor() as cr:
        draw = open_draw(cr, ring(1), old.network, terms, old.now)
        name = draw_pseudonym(cr, ring(1), draw, card)
        assert KeyUse("card_token", 1, "draws to be drawn", 1) in key_use(cr)
        assert draw_pseudonym(cr, ring(1, 2), draw, card) == name
        freeze_draw(cr, ring(1, 2), old.network, draw, old.now)
        with pytest.raises(KeyringInvalid, match="no key card_token 1"):
            draw_winners(cr, ring(2), draw, old.now)
        assert draw_winners(cr, ring(1, 2), draw, old.now) == read_draw(cr, draw).result
        assert not any("draws" in use.what for use in key_use(cr))


# --- the command


def test_the_command_counts_what_each_key_is_for(old: Shop, capsys):
    of_old(old)
    old.gift(2000, 2)
    old.gift(2000, 3)
    turn(old, ring(1, 2, codes=(1, 2)))
    old.do("sale", number(GIFT, 2), 100)
    assert main(["keyring-use", "--dsn", old.dsn]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "card_token 1: 2 cards",
        "card_token 2: 1 cards",
        "access_code ?: 1 codes",
    ]
    spends(old, number(GIFT))
    main(["keyring-use", "--dsn", old.dsn])
    assert capsys.readouterr().out.splitlines() == [
        "card_token 1: 1 cards",
        "card_token 2: 2 cards",
        "access_code 2: 1 codes",
    ]


def test_an_empty_ledger_needs_no_key(old: Shop, capsys):
    assert main(["keyring-use", "--dsn", old.dsn]) == 0
    assert capsys.readouterr().out == ""


def test_claims_are_what_keeps_gateways_apart(old: Shop, monkeypatch):
    """The planted fault of the above: without them one identifier gets two cards."""
    monkeypatch.setattr(
        rotating,
        "claim",
        lambda _cr, identifiers, *, wait: {rotating.current(x) for x in identifiers},
    )
    one, two = psycopg2.connect(old.dsn), psycopg2.connect(old.dsn)
    with one.cursor() as first, two.cursor() as second:
        assert registering(old, first, BEHIND) == "new"
        assert registering(old, second, AHEAD, operation=77) == "new"
    one.commit()
    two.commit()
    one.close()
    two.close()
    assert old.sql("SELECT count(*) FROM ekarte.card") == [(2,)]


STAGES = [
    [ring(1)],
    [ring(1), ring(1, 2, spare=(2,))],
    [ring(1, 2, spare=(2,))],
    [ring(1, 2, spare=(2,)), ring(1, 2)],
    [ring(1, 2)],
    [ring(1, 2), ring(1, 2, codes=(1, 2), spare_codes=(2,))],
    [ring(1, 2, codes=(1, 2)), ring(1, 2, codes=(1, 2), spare_codes=(2,))],
    [ring(1, 2, codes=(1, 2)), ring(1, 2, 3, codes=(1, 2), spare=(3,))],
    [ring(1, 2, 3, codes=(1, 2)), ring(1, 2, 3, codes=(1, 2), spare=(3,))],
    [ring(1, 2, 3, codes=(1, 2))],
]
"""Keyrings of the gateways that serve side by side, through three changes of keys."""


def test_random_days_through_changes_of_keys_lose_nothing(old: Shop, dice):
    """Cards with codes, first seen anywhere, spend and repeat through every stage."""
    left: dict[str, int] = {}
    sent: list[tuple] = []
    for stage in STAGES:
        gateways = both(old, *stage)
        for _ in range(30):
            gateway = dice.choice(gateways)
            card = number(GIFT, dice.randrange(1, 15))
            if sent and dice.random() < 0.25:
                request, answer = dice.choice(sent)
                (again,) = gateway.run([request], old.network, old.now)
                assert (again.status, again.answer) == ("repeat", answer)
                continue
            if card not in left:
                request = old.request("activate", card, 5000, access_code=CODE)
            else:
                given = dice.choice([CODE, CODE, CODE, "0000"])
                request = old.request("sale", card, 7, access_code=given)
            (outcome,) = gateway.run([request], old.network, old.now)
            wrong = request.access_code != CODE
            assert outcome.rc in (("55", "75") if wrong else ("00", "75"))
            if outcome.rc == "00":
                left[card] = left.get(card, 5007) - 7
            elif outcome.rc == "75":
                (freed,) = gateway.run(
                    [old.request("unblock", card)], old.network, old.now
                )
                assert freed.rc == "00"
            sent.append((request, outcome.answer))
        for gateway in gateways:
            gateway.close()
    turn(old, STAGES[-1][0])
    assert {card: old.balance(card, "GIFT") for card in left} == left
    for card in left:
        use(old, card)
    assert {key_id for key_id, _ in tokens(old)} == {3}
    turn(old, ring(3, codes=(1, 2)))
    assert {card: old.balance(card, "GIFT") for card in left} == left
    assert old.broken() == []
