"""Statements on their way: columns of values as text, prepared or plain."""

from datetime import date, datetime, timedelta, timezone
from typing import Any

import psycopg2
import psycopg2.errors
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg2.extensions import TRANSACTION_STATUS_IDLE

from ekarte_core import LedgerConnection, execute
from ekarte_core.ledger import arrays
from ekarte_core.ledger.queries import SQL
from ekarte_core.ledger.session import LedgerSession
from ekarte_core.ledger.statements import forget_plans, run, send
from tests.core.shop import CLUB, Shop, number

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
NASTY = [
    '"',
    "\\",
    ",",
    "{}",
    "NULL",
    "null",
    "",
    " ",
    "'",
    "%s",
    "%",
    '\\"',
    "ā\n\t",
    None,
]


@pytest.fixture(scope="module")
def looking(common_dsn: str) -> Any:
    connection = psycopg2.connect(common_dsn)
    connection.autocommit = True
    yield connection.cursor()
    connection.close()


def back(cr: Any, kind: str, text: str) -> list[Any]:
    cr.execute("SELECT v FROM unnest(%(text)s::" + kind + "[]) AS v", {"text": text})
    return [bytes(v) if kind == "bytea" and v else v for (v,) in cr.fetchall()]


def test_texts_with_every_kind_of_sign_come_back_as_they_were(looking: Any) -> None:
    assert back(looking, "text", arrays.words(NASTY)) == NASTY
    for value in NASTY:
        assert back(looking, "text", arrays.words([value])) == [value]
    assert back(looking, "text", arrays.words([])) == []


@given(values=st.lists(st.none() | TEXT, max_size=8))
def test_any_texts_come_back_as_they_were(
    looking: Any, values: list[str | None]
) -> None:
    assert back(looking, "text", arrays.words(values)) == values


@given(values=st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), max_size=8))
def test_any_integers_come_back_as_they_were(
    looking: Any, values: list[int | None]
) -> None:
    assert back(looking, "bigint", arrays.integers(values)) == values


@given(values=st.lists(st.none() | st.binary(min_size=1), max_size=8))
def test_any_digests_come_back_as_they_were(
    looking: Any, values: list[bytes | None]
) -> None:
    assert back(looking, "bytea", arrays.digests(values)) == values


def test_moments_and_days_come_back_as_they_were(looking: Any) -> None:
    east = timezone(timedelta(hours=5, minutes=30))
    moments = [
        datetime(2026, 11, 21, 10, 0, 0, 123456, tzinfo=timezone.utc),
        datetime(2026, 3, 29, 3, 0, tzinfo=east),
        None,
    ]
    assert back(looking, "timestamptz", arrays.moments(moments)) == moments
    days = [date(2026, 2, 28), None, date(9999, 12, 31)]
    assert back(looking, "date", arrays.moments(days)) == days


def test_documents_come_back_as_they_were(looking: Any) -> None:
    documents = ['{"a":"\\"\\u001f\\\\"}', "[]", '{"ā":", \'"}']
    looking.execute(
        "SELECT string_to_array(%(text)s::text, chr(31))",
        {"text": arrays.documents(documents)},
    )
    assert looking.fetchone()[0] == documents


@pytest.mark.parametrize("values", [["a\x1fb"], [""], ["a", ""], []])
def test_what_could_not_be_taken_apart_is_not_put_together(values: list[str]) -> None:
    with pytest.raises(AssertionError):
        arrays.documents(values)


def test_own_and_lent_cursors_decide_the_same(shop: Shop) -> None:
    """The first is prepared, the second plain: answers are the same but for ids."""
    first = shop.do("sale", number(CLUB, 1), 1234)
    with psycopg2.connect(shop.dsn) as lent, lent.cursor() as cr:
        request = shop.request("sale", number(CLUB, 2), 1234)
        (outcome,) = execute(cr, [request], shop.network, shop.keyring, shop.now)
        assert outcome.rc == "00"
    second = shop.send(request)
    assert shop.last is not None
    assert shop.last.status == "repeat"
    assert (first.discount, first.balances) == (second.discount, second.balances)


def test_a_statement_is_prepared_once(dsn: str) -> None:
    session = psycopg2.connect(dsn, connection_factory=LedgerSession)
    with session, session.cursor() as cr:
        for _ in range(3):
            run(cr, "cards_by_id", {"ids": "{1,2}"})
        cr.execute(
            "SELECT name, generic_plans + custom_plans FROM pg_prepared_statements"
        )
        assert cr.fetchall() == [("cards_by_id", 3)]
        forget_plans(cr)
        run(cr, "cards_by_id", {"ids": "{}"})
        assert cr.fetchall() == []
    session.close()


def test_what_is_prepared_outlives_a_roll_back(dsn: str) -> None:
    session = psycopg2.connect(dsn, connection_factory=LedgerSession)
    with session.cursor() as cr:
        run(cr, "cards_by_id", {"ids": "{1}"})
        session.rollback()
        run(cr, "cards_by_id", {"ids": "{1}"})
        assert cr.fetchall() == []
    session.close()


def test_no_statement_stands_twice_in_one_trip(dsn: str) -> None:
    with psycopg2.connect(dsn) as connection, connection.cursor() as cr:
        calls = [("cards_by_id", {"ids": "{1}"})]
        with pytest.raises(AssertionError):
            send(cr, calls * 2)
        send(cr, calls)
        send(cr, [])


def test_a_new_session_prepares_anew(shop: Shop) -> None:
    """After a connection is lost nothing is left of what it had prepared."""
    shop.do("sale", number(CLUB), 500)
    shop.ledger.close()
    assert shop.do("sale", number(CLUB), 500).rc == "00"


def test_many_operations_outlast_the_plans(shop: Shop) -> None:
    """More operations than one block of ids: plans are forgotten on the way."""
    gateway = LedgerConnection(shop.dsn, shop.keyring)
    gateway._ids._block = 2
    for _ in range(5):
        request = shop.request("sale", number(CLUB), 500)
        (outcome,) = gateway.run([request], shop.network, shop.now)
        assert outcome.rc == "00"
    gateway.close()


def test_every_statement_of_the_hot_path_says_its_types() -> None:
    """Prepared statements have no values to guess a type from."""
    for name in ("add_operations", "add_entries", "update_purses", "known_keys"):
        text = SQL[name].replace("%%", "")
        assert text.count("%(") == text.count(")s::"), name


def test_what_waits_comes_with_the_next_statement_and_with_the_commit(dsn: str) -> None:
    session = psycopg2.connect(dsn, connection_factory=LedgerSession)
    batch = {"terminals": '{"00000011"}', "batches": "{7}"}
    with session.cursor() as cr:
        send(cr, [("share_batches", batch)])  # prepared in a trip of its own, once
        session.commit()
        send(cr, [("share_batches", batch)])
        assert session.get_transaction_status() == TRANSACTION_STATUS_IDLE
        run(cr, "cards_by_id", {"ids": "{1}"})
        cr.execute(
            "SELECT count(*) FROM pg_locks "
            "WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
        )
        assert cr.fetchone() == (1,)
        send(cr, [("cards_by_id", {"ids": "{1}"})])
        session.commit()
    assert session.get_transaction_status() == TRANSACTION_STATUS_IDLE
    session.close()


def test_a_fault_of_what_waits_comes_up_at_the_commit(dsn: str) -> None:
    session = psycopg2.connect(dsn, connection_factory=LedgerSession)
    with session.cursor() as cr:
        wrong = {"cards": "{77}", "types": '{"CLUB"}', "issuers": '{"G"}'}
        send(cr, [("add_memberships", wrong | {"now": None})])
        with pytest.raises(psycopg2.errors.NotNullViolation):
            session.commit()
        session.rollback()
        assert session.get_transaction_status() == TRANSACTION_STATUS_IDLE
        cr.execute("SELECT count(*) FROM ekarte.membership")
        assert cr.fetchone() == (0,)
    session.close()


def test_what_waits_is_forgotten_by_a_roll_back(dsn: str) -> None:
    session = psycopg2.connect(dsn, connection_factory=LedgerSession)
    with session.cursor() as cr:
        send(
            cr,
            [
                (
                    "add_memberships",
                    {"cards": "x", "types": "", "issuers": "", "now": ""},
                )
            ],
        )
        session.rollback()
        run(cr, "cards_by_id", {"ids": "{1}"})
        session.commit()
    session.close()
