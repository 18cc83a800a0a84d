"""Each invariant is shown a planted fault: it alone turns red, and names the row."""

from collections.abc import Iterator

import psycopg2
import pytest

from ekarte_core import verify
from ekarte_core.service.verifying import sentences
from tests.core.shop import CLUB, Shop, number

CODES = [
    "I0",
    "I1",
    "I2",
    "I3",
    "I4",
    "I5",
    "I6",
    "I7",
    "I8",
    "I9",
    "I10",
    "I11",
    "I12",
    "I13",
]


@pytest.fixture
def traded(shop: Shop) -> Iterator[Shop]:
    """A small day: every kind of operation, half of it settled, nothing sealed."""
    yield from _traded(shop)


@pytest.fixture
def own_traded(own_shop: Shop) -> Iterator[Shop]:
    """The same in a database whose schema may be changed."""
    yield from _traded(own_shop)


def _traded(shop: Shop) -> Iterator[Shop]:
    card = shop.gift(2000)  # operation 1
    hold = shop.request("authorize", card, 500)
    shop.send(hold)  # 2
    shop.do("confirm", original=hold)  # 3
    sale = shop.request("sale", card, 400)
    shop.send(sale)  # 4
    shop.do("refund", amount=100, original=sale)  # 5
    undone = shop.request("sale", card, 50)
    shop.send(undone)  # 6
    shop.do("reverse", original=undone)  # 7
    assert shop.do("sale", card, 9999).rc == "51"  # 8
    shop.later(hours=1)
    shop.ledger.build_settlement(shop.network, shop.now, shop.now)
    shop.do("authorize", card, 300)  # 9, stays open
    shop.do("sale", number(CLUB), 1000)  # 10, of another card
    assert shop.broken() == []
    yield shop


def plant(shop: Shop, fault: str, **values: object) -> None:
    """Change what must not be changed, as only a superuser may."""
    connection = psycopg2.connect(shop.dsn)
    with connection, connection.cursor() as cr:
        cr.execute("SET session_replication_role = replica")
        cr.execute(fault, values)
        assert cr.rowcount != 0, "the fault was not planted"
    connection.close()


def red(shop: Shop) -> dict[str, str]:
    """Invariants that do not hold, with the rows that they name."""
    connection = psycopg2.connect(shop.dsn)
    with connection, connection.cursor() as cr:
        found = {row.code: row.sample for row in verify(cr) if not row.holds}
    connection.close()
    return found


ENTRY = "UPDATE ekarte.entry SET"
TURNOVER = "(SELECT id FROM ekarte.purse WHERE unit = 'turnover')"
BANK = (
    "INSERT INTO ekarte.bank_operation VALUES (1, '00000011', 9, 9, 'sale', 'A', 'T',"
    " 'M', 'EUR', '1234', 'en', now(), 'x', '')"
)
STEP = "INSERT INTO ekarte.bank_step VALUES"

FAULTS = [
    (
        "I0",
        "an operation is gone",
        "DELETE FROM ekarte.operation WHERE id = 10",
        "entry 10/1",
    ),
    (
        "I0",
        "a card is not there",
        "UPDATE ekarte.operation SET card_id = 999 WHERE id = 10",
        "operation 10",
    ),
    (
        "I0",
        "a network version is not there",
        "UPDATE ekarte.operation SET network_version = 99 WHERE id = 10",
        "operation 10",
    ),
    (
        "I0",
        "a purse without a card",
        f"UPDATE ekarte.purse SET card_id = 999 WHERE id = {TURNOVER}",
        "purse {turnover}",
    ),
    (
        "I0",
        "a lot without a purse",
        "INSERT INTO ekarte.lot VALUES (999, 999, NULL, 0, 0, 0, 0)",
        "lot 999",
    ),
    (
        "I0",
        "a membership without a card",
        "UPDATE ekarte.membership SET card_id = 999 WHERE card_type = 'GRO-GIFT'",
        "membership 999 GRO-GIFT",
    ),
    (
        "I0",
        "a hold without a card",
        "UPDATE ekarte.hold SET card_id = 999 WHERE operation_id = 9",
        "hold 9",
    ),
    (
        "I0",
        "the end of no hold",
        "INSERT INTO ekarte.hold_end VALUES (1, 1, 'released')",
        "hold_end 1",
    ),
    (
        "I3",
        "more billed than owed",
        "INSERT INTO ekarte.purse (id, card_id, program, issuer, unit, posted, version)"
        " VALUES (999, 1, 'TAB', 'GROCER', 'billed', 1, 1);"
        "INSERT INTO ekarte.entry VALUES"
        " (10, 90, 999, NULL, NULL, 'credit_bill', 'TAB', 'billed', 1, 0, 0, 1, 1, 0),"
        " (10, 91, NULL, NULL, 'billed', 'credit_bill', 'TAB', 'billed', -1, 0, 0,"
        " NULL, NULL, NULL)",
        "purse 999",
    ),
    (
        "I1",
        "money from nowhere",
        f"{ENTRY} posted = posted + 1 WHERE operation_id = 1 AND line = 2",
        "operation 1 EUR",
    ),
    (
        "I1",
        "a hold from nowhere",
        f"{ENTRY} held = held + 1 WHERE operation_id = 9 AND line = 2",
        "operation 9 EUR",
    ),
    (
        "I1",
        "carry from nowhere",
        f"{ENTRY} carry = carry + 1 WHERE operation_id = 1 AND line = 2",
        "operation 1 carry",
    ),
    (
        "I2",
        "a balance of its own",
        f"UPDATE ekarte.purse SET posted = posted + 1 WHERE id = {TURNOVER}",
        "purse {turnover}",
    ),
    (
        "I4",
        "a wrong balance after",
        f"{ENTRY} posted_after = posted_after + 1 WHERE purse_id = {TURNOVER}",
        "purse {turnover} version 1",
    ),
    (
        "I4",
        "a gap in the versions",
        f"UPDATE ekarte.purse SET version = version + 1 WHERE id = {TURNOVER}",
        "purse {turnover}",
    ),
    ("I5", "a hold that never ended", "DELETE FROM ekarte.hold_end", "purse 1"),
    (
        "I5",
        "a hold ended by a stranger",
        "INSERT INTO ekarte.hold_end VALUES (9, 10, 'released')",
        "hold 9",
    ),
    (
        "I6",
        "more refunded than bought",
        "UPDATE ekarte.operation SET amount = 401 WHERE id = 5",
        "operation 4",
    ),
    (
        "I8",
        "a lot of its own",
        "UPDATE ekarte.lot SET posted = posted + 1 WHERE id = 1",
        "lot 1",
    ),
    (
        "I8",
        "a use after the end",
        "UPDATE ekarte.lot SET valid_until = '2026-01-01' WHERE id = 1",
        "entry 3/3",
    ),
    (
        "I9",
        "a settled operation is not there",
        "INSERT INTO ekarte.settlement_operation VALUES (999, 1)",
        "operation 999",
    ),
    (
        "I9",
        "a refused operation is settled",
        "INSERT INTO ekarte.settlement_operation VALUES (8, 1)",
        "operation 8",
    ),
    (
        "I10",
        "a trigger sleeps",
        "ALTER TABLE ekarte.entry DISABLE TRIGGER append_only_row",
        "entry has no trigger",
    ),
    (
        "I11",
        "a refusal that moved money",
        "UPDATE ekarte.operation SET rc = '51', answer = '{\"rc\":\"51\"}' "
        "WHERE id = 10",
        "operation 10",
    ),
    (
        "I11",
        "another answer is stored",
        'UPDATE ekarte.operation SET answer = \'{"rc":"05"}\' WHERE id = 10',
        "operation 10",
    ),
    (
        "I12",
        "a debt to others that no entry knows",
        "INSERT INTO ekarte.exposure_use VALUES ('GROCER', 1)",
        "issuer GROCER",
    ),
    (
        "I13",
        "nobody is at it",
        BANK,
        "bank operation 1 is left half done",
    ),
    (
        "I13",
        "the bank alone has booked",
        f"{BANK};{STEP} (1, 1, now(), 'booked', '', NULL, 1, '00', '', '', '')",
        "bank operation 1 stands at the bank alone",
    ),
    (
        "I13",
        "the ledger alone has booked",
        f"{BANK};UPDATE ekarte.bank_operation SET batch = o.batch, number = o.number"
        " FROM ekarte.operation AS o WHERE o.id = 3;"
        f"{STEP} (1, 1, now(), 'released', '', NULL, 0, '', '', '', '')",
        "bank operation 1 stands in the ledger alone",
    ),
    (
        "I13",
        "a charge without a reversal",
        f"{BANK};{STEP} (1, 1, now(), 'sent', '0200', 1, 1, '', '', '', ''),"
        " (1, 2, now(), 'released', '', NULL, 0, '', '', '', '')",
        "bank operation 1 is charged for nothing",
    ),
    (
        "I13",
        "a refund that the bank was not told of",  # operation 5, of operation 4
        f"{BANK};UPDATE ekarte.bank_operation SET command = 'authorize',"
        " batch = o.batch, number = o.number FROM ekarte.operation AS o WHERE o.id = 2;"
        "UPDATE ekarte.operation SET amount_due = 1 WHERE id = 5;"
        f"{STEP} (1, 1, now(), 'booked', '', NULL, 1, '00', '', '', '', 4);"
        "INSERT INTO ekarte.bank_step SELECT 1, n, now(),"
        " CASE n WHEN 2 THEN 'refunding' ELSE 'kept' END, '', NULL, 0, '', '', '',"
        " CASE n WHEN 2 THEN concat_ws('/', o.terminal, o.batch, o.number) ELSE '' END"
        " FROM ekarte.operation AS o, generate_series(2, 3) AS n WHERE o.id = 5",
        "bank operation 1: the bank was not told of 00000011/1/5",
    ),
    (
        "I13",
        "a reversal that nobody carries",
        f"{BANK};{STEP} (1, 1, now(), 'sent', '0200', 1, 1, '', '', '', ''),"
        " (1, 2, now(), 'cancelled', '0400', 2, 1, '', '', '', ''),"
        " (1, 3, now(), 'released', '', NULL, 0, '', '', '', '')",
        "bank message 1/2 is left",
    ),
]


def _turnover(shop: Shop) -> int:
    return shop.sql(TURNOVER)[0][0]


def test_an_honest_ledger_breaks_nothing(traded: Shop):
    assert red(traded) == {}


def test_there_are_no_other_invariants_than_these():
    assert list(sentences()) == CODES
    assert {code for code, *_ in FAULTS} | {"I3", "I7"} == set(CODES)


@pytest.mark.parametrize(
    ("code", "fault", "row"),
    [(code, fault, row) for code, _, fault, row in FAULTS],
    ids=[f"{code} {what}" for code, what, _, _ in FAULTS],
)
def test_a_planted_fault_turns_its_invariant_red(
    traded: Shop, code: str, fault: str, row: str
):
    plant(traded, fault)
    try:
        found = red(traded)
    finally:
        plant(traded, "ALTER TABLE ekarte.entry ENABLE TRIGGER append_only_row")
    assert set(found) == {code}
    assert row.format(turnover=_turnover(traded)) in found[code].split(", ")


def test_i3_a_purse_below_zero(own_traded: Shop):
    shop = own_traded
    shop.sql("ALTER TABLE ekarte.purse DROP CONSTRAINT purse_never_below_zero")
    plant(
        shop,
        f"{ENTRY} posted = -5, posted_after = -5 WHERE purse_id = {TURNOVER}",
    )
    plant(
        shop,
        "UPDATE ekarte.entry SET posted = 5 "
        "WHERE operation_id = 10 AND unit = 'turnover' AND purse_id IS NULL",
    )
    plant(shop, f"UPDATE ekarte.purse SET posted = -5 WHERE id = {TURNOVER}")
    found = red(shop)
    assert set(found) == {"I3"}
    assert f"purse {_turnover(shop)}" in found["I3"]


def test_i7_one_key_booked_twice(own_traded: Shop):
    shop = own_traded
    shop.sql("ALTER TABLE ekarte.operation DROP CONSTRAINT operation_key")
    shop.sql(
        "CREATE TEMPORARY TABLE twin AS SELECT * FROM ekarte.operation WHERE id = 8;"
        "UPDATE twin SET id = 999; INSERT INTO ekarte.operation SELECT * FROM twin"
    )
    found = red(shop)
    assert found == {"I7": "key 00000011/1/8"}


def test_i6_one_purchase_reversed_twice(traded: Shop):
    """What two reversals in one group once did: each row is sound, the sum is not."""
    shop = traded
    plant(
        shop,
        """
        CREATE TEMPORARY TABLE twin AS
        SELECT * FROM ekarte.operation WHERE id = 7;
        UPDATE twin SET id = 999, number = 999;
        INSERT INTO ekarte.operation SELECT * FROM twin;
        CREATE TEMPORARY TABLE legs AS
        SELECT * FROM ekarte.entry WHERE operation_id = 7;
        UPDATE legs SET
            version = p.version + 1,
            posted_after = p.posted + legs.posted,
            held_after = p.held
        FROM ekarte.purse AS p WHERE p.id = legs.purse_id;
        UPDATE legs SET operation_id = 999;
        INSERT INTO ekarte.entry SELECT * FROM legs;
        UPDATE ekarte.purse SET posted = posted + 50, carry = carry + 50,
            version = version + 1 WHERE program = 'GIFT';
        UPDATE ekarte.lot SET posted = posted + 50, carry = carry + 50 WHERE id = 1
        """,
    )
    found = red(shop)
    assert set(found) == {"I6"}
    assert "operation 6" in found["I6"]


def test_every_invariant_has_a_sentence_for_people():
    for sentence in sentences().values():
        assert sentence[0].isupper()
        assert len(sentence.split()) > 5


def test_samples_are_few_and_the_count_is_whole(traded: Shop):
    plant(traded, "UPDATE ekarte.operation SET network_version = 99")
    connection = psycopg2.connect(traded.dsn)
    with connection, connection.cursor() as cr:
        (broken,) = [row for row in verify(cr) if not row.holds]
    connection.close()
    assert (broken.code, broken.broken, len(broken.sample.split(", "))) == ("I0", 10, 5)
