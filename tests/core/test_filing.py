"""Identifiers on file: Odoo notes a number once, and speaks of it by its id then."""

import logging
from contextlib import contextmanager

import msgspec
import psycopg2
import pytest

from ekarte_core import CardRef, card_of, note_card, note_cards
from ekarte_core.service.rotating import known
from tests.core.rivals import lend, odoo, together, until_answered
from tests.core.shop import (
    BOOK,
    CLUB,
    FUEL,
    GIFT,
    PLAY,
    Shop,
    network_document,
    network_with,
    number,
    program,
)

TILL = {"terminal": "PO000001"}
PUMP = {"terminal": "PO000003"}


@pytest.fixture
def shop(shop: Shop) -> Shop:
    publish(shop, network_document())
    return shop


def publish(shop: Shop, document: dict) -> None:
    for till, branch in (("PO000001", "G1"), ("PO000003", "F1")):
        document["terminals"].append({"id": till, "branch": branch, "protocol": "odoo"})
    shop.publish(document)


def note(shop: Shop, value: str, kind: str = "keyed"):
    with odoo(shop) as cr:
        card = CardRef(kind=kind, value=value)
        return note_card(cr, shop.network, shop.keyring, card, shop.now)


def by_id(shop: Shop, command: str, card: int, amount: int | None = None, **more):
    request = shop.request(command, None, amount, **{**TILL, **more})
    return shop.send(
        msgspec.structs.replace(request, card=CardRef(kind="ledger", value=str(card)))
    )


def by_number(shop: Shop, command: str, card: str, amount: int | None = None, **more):
    return shop.do(command, card, amount, **{**TILL, **more})


def test_a_number_is_noted_once_and_masked(shop: Shop):
    first = note(shop, number(CLUB))
    assert (first.masked, first.state, first.kind) == (
        f"999000******{number(CLUB)[-4:]}",
        "new",
        "number",
    )
    assert note(shop, number(CLUB), "barcode") == first
    assert note(shop, number(CLUB, 2)).id != first.id
    assert shop.sql("SELECT count(*) FROM ekarte.card") == [(2,)]
    assert shop.broken() == []


@pytest.mark.parametrize(
    "value", ["9990009000000000", "999000100000000", "-", "", "%B9;"]
)
def test_what_no_card_type_admits_is_not_noted(shop: Shop, value: str):
    assert note(shop, value or " ") is None
    assert shop.sql("SELECT count(*) FROM ekarte.card") == [(0,)]


def test_a_card_is_told_by_its_id(shop: Shop):
    noted = note(shop, number(CLUB))
    with odoo(shop) as cr:
        assert card_of(cr, noted.id) == noted
        assert card_of(cr, noted.id + 1) is None


def test_a_known_card_is_returned_as_it_is(shop: Shop):
    card = shop.club(1000)
    assert note(shop, card).state == "active"
    shop.do("block", card)
    assert note(shop, card).state == "blocked"


def test_many_are_noted_as_each_would_be(shop: Shop):
    known = shop.club(1000)
    values = [number(GIFT), known, "9990009000000000", number(CLUB, 5), number(GIFT)]
    cards = [CardRef(kind="keyed", value=value) for value in values]
    with odoo(shop) as cr:
        many = note_cards(cr, shop.network, shop.keyring, cards, shop.now)
    plain = [one and msgspec.structs.replace(one, types=()) for one in many]
    assert plain == [note(shop, value) for value in values]
    assert [one and one.state for one in many] == ["new", "active", None, "new", "new"]
    admitted = ("BOOK-CLUB", "FUEL-CLUB", "GRO-CLUB")  # each collects with that range
    assert [one and one.types for one in many][:2] == [("GRO-GIFT",), admitted]
    assert shop.broken() == []


def test_noting_books_nothing_and_makes_no_member(shop: Shop):
    note(shop, number(CLUB))
    for table in ("operation", "membership", "purse"):
        assert shop.sql(f"SELECT count(*) FROM ekarte.{table}") == [(0,)]


@pytest.mark.parametrize("card", [number(CLUB), number(GIFT), number(FUEL)])
@pytest.mark.parametrize("amount", [None, 2000])
def test_by_its_id_it_is_answered_as_by_its_number(
    shop: Shop, card: str, amount: int | None
):
    """Offered for registration, or 78: to be sold, or given out by another issuer."""
    unknown = by_number(shop, "inquire", card, amount)
    noted = note(shop, card)
    # What is on file has a state, if only `new`.
    filed = msgspec.structs.replace(unknown, card_state="new")
    assert by_number(shop, "inquire", card, amount) == filed
    assert by_id(shop, "inquire", noted.id, amount) == filed
    # Only terminals of Odoo's own are told apart what comes next.
    plain = msgspec.structs.replace(filed, next=())
    assert shop.do("inquire", card, amount) == plain


def test_what_was_sold_at_the_full_price_earns_on_the_full_price(shop: Shop):
    card = number(CLUB)
    given = by_number(shop, "sale", card, 10000)
    full = by_number(shop, "sale", card, 10000, no_discount=True)
    assert (given.discount > 0, full.discount, full.amount_due) == (True, 0, 10000)
    assert full.earned[0].points > given.earned[0].points
    assert shop.do("inquire", card, 10000, no_discount=True, **TILL).discount == 0
    assert shop.broken() == []
    assert shop.replayed().same


def test_other_terminals_do_not_say_what_was_sold_at_the_full_price(shop: Shop):
    answer = shop.do("sale", number(CLUB), 10000, no_discount=True)
    assert (answer.rc, answer.field) == ("30", "no_discount")


def test_an_id_that_is_not_there_is_unknown(shop: Shop):
    assert by_id(shop, "inquire", 4711).rc == "14"


def test_where_the_purchase_must_be_larger_both_say_so(shop: Shop):
    publish(
        shop,
        network_with(program("D", "fixed_discount", rate=500), qualify_amount=2000),
    )
    noted = note(shop, number(PLAY))
    quote = by_id(shop, "inquire", noted.id, 1500)
    assert quote == by_number(shop, "inquire", number(PLAY), 1500)
    assert (quote.rc, len(quote.explain)) == ("78", 1)
    assert by_id(shop, "authorize", noted.id, 1500).explain == quote.explain
    assert by_id(shop, "sale", noted.id, 2000).card_state == "active"


# The first use, by id


def test_a_first_purchase_registers_it(shop: Shop):
    noted = note(shop, number(CLUB))
    sold = by_id(shop, "sale", noted.id, 5000)
    assert (sold.rc, sold.card_state, sold.discount) == ("00", "active", 250)
    assert shop.sql("SELECT card_type FROM ekarte.membership") == [("GRO-CLUB",)]
    again = shop.do("sale", number(CLUB), 1000)
    assert again.rc == "00"
    assert shop.sql("SELECT count(*) FROM ekarte.card") == [(1,)]
    assert shop.broken() == []
    assert shop.replayed().same


def test_a_first_authorization_registers_it(shop: Shop):
    noted = note(shop, number(CLUB))
    assert by_id(shop, "authorize", noted.id, 5000).card_state == "active"


def test_a_member_of_one_issuer_is_registered_at_another_by_its_id(shop: Shop):
    """GRO-CLUB and FUEL-CLUB admit one number; only the note knows that."""
    card = shop.club(1000)
    noted = note(shop, card)
    assert by_id(shop, "sale", noted.id, 1000, **PUMP).rc == "00"
    members = "SELECT card_type FROM ekarte.membership ORDER BY 1"
    assert shop.sql(members) == [("FUEL-CLUB",), ("GRO-CLUB",)]


def test_a_gift_card_is_sold_by_its_id(shop: Shop):
    noted = note(shop, number(GIFT))
    assert by_id(shop, "sale", noted.id, 500).rc == "78"
    sold = by_id(shop, "activate", noted.id, 2000)
    assert (sold.rc, sold.card_state) == ("00", "active")
    assert by_id(shop, "top_up", noted.id, 500).rc == "00"
    assert shop.balance(number(GIFT), "GIFT") == 2500
    assert shop.broken() == []


def test_a_visit_and_a_questionnaire_register_it(shop: Shop):
    visits = program("V", "attendance")
    points = program(
        "P", "bonus_amount", step=100, questionnaire_points=10, convert_at=0
    )
    publish(shop, network_with(visits, points))
    one, two = note(shop, number(PLAY)), note(shop, number(PLAY, 2))
    assert by_id(shop, "check_in", one.id).card_state == "active"
    filled = by_id(shop, "enroll", two.id, consents={"mail": True})
    assert (filled.rc, filled.card_state) == ("00", "active")
    assert shop.broken() == []
    assert shop.replayed().same


def test_a_noted_card_takes_the_place_of_a_lost_one(shop: Shop):
    card = shop.club(5000)
    before = shop.do("inquire", card).balances
    new = note(shop, number(CLUB, 2))
    request = shop.request("replace", card, **TILL)
    other = CardRef(kind="ledger", value=str(new.id))
    done = shop.send(msgspec.structs.replace(request, other=other))
    assert done.rc == "00"
    assert shop.do("inquire", number(CLUB, 2)).balances == before


def test_an_ordinary_terminal_cannot_name_ids(shop: Shop):
    noted = note(shop, number(CLUB))
    refused = by_id(shop, "inquire", noted.id, terminal="00000011")
    assert (refused.rc, refused.field) == ("30", "card.kind")


def test_its_age_begins_with_its_first_use_not_with_the_note(shop: Shop):
    young = program("D", "fixed_discount", rate=500) | {"min_age_of_card": 30}
    publish(shop, network_with(young))
    noted = note(shop, number(PLAY))
    shop.later(days=40)
    assert by_id(shop, "sale", noted.id, 1000).discount == 0
    shop.later(days=29)
    assert by_id(shop, "sale", noted.id, 1000).discount == 0
    shop.later(days=1)
    assert by_id(shop, "sale", noted.id, 1000).discount == 50
    assert shop.replayed().same


# Ranges change, the number is gone


def test_a_card_type_that_is_gone_admits_nothing_any_more(shop: Shop):
    noted = note(shop, number(CLUB))
    document = network_document()
    document["card_types"] = [
        one for one in document["card_types"] if one["code"] != "GRO-CLUB"
    ]
    publish(shop, document)
    assert by_id(shop, "inquire", noted.id).rc == "78"
    assert by_id(shop, "inquire", noted.id, **PUMP).rc == "00"


def test_ranges_that_moved_away_admit_it_no_more_and_noting_says_so(shop: Shop):
    noted = note(shop, number(CLUB))
    document = network_document()
    for card_type in document["card_types"]:
        for span in card_type["ranges"]:
            span["from"], span["to"] = ("8" + span[end][1:] for end in ("from", "to"))
    publish(shop, document)
    assert by_id(shop, "inquire", noted.id).rc == "78"
    assert by_id(shop, "sale", noted.id, 1000).rc == "78"
    assert note(shop, number(CLUB)) is None


def test_a_card_type_that_is_new_admits_it_when_it_is_noted_again(shop: Shop):
    """Between two notings the ledger cannot know: numbers are not kept."""
    noted = note(shop, number(FUEL))
    document = network_document()
    document["card_types"][0]["ranges"].append(
        {**document["card_types"][0]["ranges"][0]}
        | {"from": "9990003000000000", "to": "9990003999999999"}
    )
    publish(shop, document)
    assert by_id(shop, "inquire", noted.id).rc == "78"
    assert note(shop, number(FUEL)) == noted
    assert by_id(shop, "inquire", noted.id).rc == "00"
    assert by_id(shop, "sale", noted.id, 1000).rc == "00"


def test_short_and_other_identifiers_are_noted_too(shop: Shop):
    document = network_document()
    document["card_types"][0]["ranges"] += [
        {"kind": "phone"},
        {"kind": "number", "from": "100000", "to": "199999"},
    ]
    publish(shop, document)
    phone, short = note(shop, "+371 20000000", "phone"), note(shop, "123456")
    assert (phone.kind, phone.masked) == ("phone", "******0000")
    assert (short.kind, short.masked) == ("number", "******456")
    for noted in (phone, short):
        assert by_id(shop, "sale", noted.id, 1000).rc == "00"


# Rivals and secrets


def test_two_tills_note_one_number_at_once(shop: Shop):
    def noting() -> int:
        for _attempt in range(50):
            try:
                return note(shop, number(BOOK)).id
            except psycopg2.errors.SerializationFailure:
                continue
        raise AssertionError("fifty times too late")

    found = together([noting] * 4)
    assert len(set(found)) == 1
    assert shop.sql("SELECT count(*) FROM ekarte.card") == [(1,)]


def test_a_note_and_a_first_purchase_at_once_are_one_card(shop: Shop, gateways):
    card = number(CLUB)

    def noting() -> str:
        for _attempt in range(50):
            try:
                return note(shop, card).state
            except psycopg2.errors.SerializationFailure:
                continue
        raise AssertionError("fifty times too late")

    def buying() -> str:
        request = shop.request("sale", card, 1000)
        outcomes = gateways[0].run([request], shop.network, shop.now, wait=True)
        return outcomes[0].rc

    _state, rc = together([noting, buying])
    assert rc == "00"
    assert shop.sql("SELECT count(*), min(state) FROM ekarte.card") == [(1, "active")]
    assert shop.broken() == []


@pytest.mark.parametrize(
    ("wait", "answered"), [(True, ("new", "00")), (False, ("busy", "91"))]
)
def test_a_card_noted_between_two_looks_of_its_first_purchase_is_busy_for_the_hasty(
    shop: Shop, gateways, monkeypatch: pytest.MonkeyPatch, wait, answered
):
    """The purchase found no card to lock, and then finds one on file."""
    card = number(CLUB)

    def be_late(*args):
        note(shop, card)
        return known(*args)

    monkeypatch.setattr("ekarte_core.service.rotating.known", be_late)
    request = shop.request("sale", card, 1000)
    (found,) = gateways[0].run([request], shop.network, shop.now, wait=wait)
    assert (found.status, found.rc) == answered
    assert until_answered(shop, gateways[0], [request])[0].rc == "00"
    assert shop.sql("SELECT count(*), min(state) FROM ekarte.card") == [(1, "active")]


def test_a_known_card_is_noted_again_while_another_session_holds_it(shop: Shop):
    card = shop.club(1000)
    noted = note(shop, card)
    with holding(shop, noted.id):
        assert note(shop, card).id == noted.id


@contextmanager
def holding(shop: Shop, card: int):
    """Another session that holds a card locked and has changed nothing yet."""
    connection = psycopg2.connect(shop.dsn)
    with connection, connection.cursor() as cr:
        cr.execute(
            "SELECT FROM ekarte.card WHERE id = %s FOR NO KEY UPDATE NOWAIT", (card,)
        )
        yield
    connection.close()


def test_numbers_reach_no_log_and_no_error(
    shop: Shop, caplog: pytest.LogCaptureFixture
):
    card = number(CLUB)
    with caplog.at_level(logging.DEBUG):
        noted = note(shop, card)
        note(shop, f";{card}=99120000", "track2")
    assert card not in caplog.text
    assert card[6:12] not in repr(noted)
    rows = shop.sql("SELECT c::text FROM ekarte.card AS c")
    assert card not in str(rows)


# Who only looks takes no locks


def test_a_quote_of_a_card_that_another_session_holds_is_answered_at_once(shop: Shop):
    card = shop.gift(2000)
    noted = note(shop, card)
    quotes = [
        shop.request("inquire", card, 500, **TILL),
        shop.request("inquire", card, 500, terminal="00000011"),
    ]
    with holding(shop, noted.id), odoo(shop) as cr:
        cr.execute("SET lock_timeout = '2s'")
        outcomes = lend(shop, cr, *quotes)
        assert [(row.rc, row.status) for row in outcomes] == [("00", "new")] * 2
        cr.execute("SELECT count(*) FROM ekarte.operation")
        assert cr.fetchone() == (1,)
        assert shop.send(quotes[0]).tendered == {"gift": 500}


def test_two_quotes_on_older_snapshots_fail_nobody(shop: Shop):
    card = shop.gift(2000)
    with odoo(shop) as cr, odoo(shop) as other:
        for one in (cr, other):
            one.execute("SELECT count(*) FROM ekarte.card")
        assert lend(shop, cr, shop.request("inquire", card, 500))[0].rc == "00"
        assert shop.do("sale", card, 1800).rc == "00"
        # The snapshot is older: it sees what was there then, and does not fail.
        late = lend(shop, other, shop.request("inquire", card, 500))[0]
        assert (late.rc, late.status) == ("00", "new")


def test_of_a_wave_only_those_who_change_a_card_wait_for_it(shop: Shop):
    card = shop.gift(2000)
    noted = note(shop, card)
    group = [
        shop.request("sale", card, 500),
        shop.request("inquire", card, 500, terminal="00000021"),
    ]
    with holding(shop, noted.id):
        outcomes = shop.ledger.run(group, shop.network, shop.now)
        assert [row.status for row in outcomes] == ["busy", "new"]
    assert shop.send(group[0]).rc == "00"


def test_who_looks_beside_who_sells_sees_the_sale(shop: Shop):
    card = shop.gift(2000)
    sold, seen = shop.run(
        shop.request("sale", card, 500),
        shop.request("inquire", card, terminal="00000021"),
    )
    assert (sold.rc, seen.balances[0].value) == ("00", 1500)


def test_a_wrong_code_is_counted_even_by_who_only_looks(shop: Shop):
    card = shop.gift(2000)
    shop.do("set_code", card, new_access_code="1234")
    shop.do("inquire", card, access_code="9999")
    assert shop.sql("SELECT access_tries FROM ekarte.card") == [(1,)]
    shop.do("inquire", card)
    assert shop.sql("SELECT access_tries FROM ekarte.card") == [(1,)]


def test_a_status_is_told_while_its_card_is_locked(shop: Shop):
    card = shop.gift(2000)
    noted = note(shop, card)
    sale = shop.request("sale", card, 500)
    shop.send(sale)
    with holding(shop, noted.id):
        told = shop.do("status", original=sale)
    assert (told.rc, told.original.amount) == ("00", 500)
