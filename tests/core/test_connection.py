"""The gateway's connection: it comes back, retries, doubts, and never guesses."""

from datetime import timedelta

import psycopg2
import psycopg2.errors
import pytest
from psycopg2.extensions import make_dsn

from ekarte_core import CommitInDoubt, LedgerConnection, decode_answer
from tests.core.shop import CLUB, Shop, number


def test_no_requests_have_no_answers(shop: Shop):
    assert shop.ledger.run([], shop.network, shop.now) == []


def test_a_nonce_is_new_once(shop: Shop):
    assert shop.ledger.remember_nonce("00000011", "a", shop.now)
    assert not shop.ledger.remember_nonce("00000011", "a", shop.now)


def test_each_terminal_has_its_own_nonces(shop: Shop):
    assert shop.ledger.remember_nonce("00000011", "a", shop.now)
    assert shop.ledger.remember_nonce("00000012", "a", shop.now)


def test_of_a_nonce_twice_in_a_list_the_first_is_new(shop: Shop):
    pairs = [("00000011", "a"), ("00000011", "b"), ("00000011", "a"), ("00000012", "a")]
    assert shop.ledger.remember_nonces(pairs, shop.now) == [True, True, False, True]
    assert shop.ledger.remember_nonces(pairs[:2], shop.now) == [False, False]
    assert shop.ledger.remember_nonces([], shop.now) == []


def test_a_nonce_is_remembered_across_gateways_and_restarts(shop: Shop):
    assert shop.ledger.remember_nonce("00000011", "a", shop.now)
    other = LedgerConnection(shop.dsn, shop.keyring)
    assert not other.remember_nonce("00000011", "a", shop.now)
    other.close()


def test_nonces_are_forgotten_when_they_are_too_old_to_be_accepted(shop: Shop):
    shop.ledger.remember_nonce("00000011", "old", shop.now)
    shop.later(minutes=9)
    shop.ledger.remember_nonce("00000011", "young", shop.now)
    assert shop.ledger.sweep(shop.now) == 0
    shop.later(minutes=1, seconds=1)
    assert shop.ledger.sweep(shop.now) == 1
    assert not shop.ledger.remember_nonce("00000011", "young", shop.now)


def test_a_connection_that_was_cut_fails_once_and_comes_back(shop: Shop):
    card = shop.gift(2000)
    sale = shop.request("sale", card, 700)
    shop.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with pytest.raises(psycopg2.OperationalError):
        shop.send(sale)
    assert shop.send(sale).rc == "00"
    assert shop.balance(card, "GIFT") == 1300


def test_a_ledger_that_is_away_answers_nothing(keyring, shop: Shop):
    away = LedgerConnection("host=127.0.0.1 port=1", keyring)
    with pytest.raises(psycopg2.OperationalError):
        away.run([shop.request("echo")], shop.network, shop.now)
    away.close()
    away.close()


def test_a_server_that_only_reads_is_away_and_one_that_writes_answers(shop: Shop):
    """A standby without `target_session_attrs`: to be asked again, not a fault."""
    sale = shop.request("sale", shop.gift(2000), 700)
    only_reads = make_dsn(shop.dsn, options="-c default_transaction_read_only=on")
    standby = LedgerConnection(only_reads, shop.keyring)
    for _ in range(2):
        with pytest.raises(psycopg2.OperationalError, match="read-only"):
            standby.run([sale], shop.network, shop.now)
    standby.close()
    assert shop.send(sale).rc == "00"


def test_a_closed_connection_opens_again(shop: Shop):
    shop.ledger.close()
    assert shop.do("echo").rc == "00"


def test_a_group_that_loses_a_race_is_tried_again(own_shop: Shop):
    """A trigger fails the first two attempts as a rival's commit would."""
    shop = own_shop
    card = shop.gift(2000)
    shop.sql("CREATE SEQUENCE public.attempts")
    _fail_while(shop, "nextval('public.attempts') <= 2", "serialization_failure")
    assert shop.do("sale", card, 700).rc == "00"
    assert shop.sql("SELECT last_value FROM public.attempts") == [(3,)]
    assert shop.balance(card, "GIFT") == 1300
    shop.sql("DROP SEQUENCE public.attempts CASCADE")


def test_a_group_that_always_loses_is_not_tried_for_ever(own_shop: Shop):
    shop = own_shop
    card = shop.gift(2000)
    shop.sql("CREATE SEQUENCE public.attempts")
    _fail_while(shop, "nextval('public.attempts') > 0", "deadlock_detected")
    with pytest.raises(psycopg2.errors.DeadlockDetected):
        shop.do("sale", card, 700)
    assert shop.sql("SELECT last_value FROM public.attempts")[0][0] <= 10
    shop.sql("DROP SEQUENCE public.attempts CASCADE")


@pytest.mark.parametrize(
    "said", ["canceling wait for synchronous replication", "ожидание отменено"]
)
def test_a_commit_that_no_standby_confirmed_is_in_doubt(own_shop: Shop, said):
    """psycopg2 reports success; the only sign is a warning, in any language."""
    shop = own_shop
    card = shop.gift(2000)
    shop.sql(
        f"""
        CREATE FUNCTION public.doubt() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE NOTICE 'by the way';
            RAISE WARNING '{said}';
            RETURN NULL;
        END $$;
        CREATE CONSTRAINT TRIGGER doubt AFTER INSERT ON ekarte.operation
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.doubt()
        """
    )
    sale = shop.request("sale", card, 700)
    with pytest.raises(CommitInDoubt):
        shop.send(sale)
    shop.sql("DROP FUNCTION public.doubt CASCADE")
    # Whoever asks again by its key is told what became of it.
    assert shop.send(sale).rc == "00"
    assert shop.last.status == "repeat"
    assert shop.balance(card, "GIFT") == 1300


def test_an_earlier_notice_raises_no_doubt(own_shop: Shop):
    shop = own_shop
    shop.ledger.run([shop.request("echo")], shop.network, shop.now)
    shop.ledger._connection.notices.append(
        "WARNING:  canceling wait for synchronous replication due to user request\n"
    )
    assert shop.do("sale", number(CLUB), 700).rc == "00"


def test_a_moment_without_a_time_zone_is_our_own_bug(shop: Shop):
    naive = shop.now.replace(tzinfo=None)
    answer = shop.ledger.run([shop.request("echo")], shop.network, naive)[0]
    assert decode_answer(answer.answer).rc == "96"


def test_a_hundred_and_twenty_eight_requests_are_one_group(shop: Shop):
    cards = [number(CLUB, serial) for serial in range(40)]
    requests = [
        shop.request("sale", cards[n % 40], 500 + n, terminal=terminal)
        for n, terminal in enumerate(["00000011", "00000021", "00000031"] * 43)
    ][:128]
    outcomes = shop.ledger.run(requests, shop.network, shop.now)
    assert [row.request for row in outcomes] == requests
    assert {row.rc for row in outcomes} == {"00"}
    moments = shop.sql("SELECT count(DISTINCT xmin::text) FROM ekarte.operation")
    assert moments == [(1,)]
    assert shop.broken() == []


def test_the_clock_is_the_callers(shop: Shop):
    shop.later(days=-400)
    shop.do("sale", number(CLUB), 1000)
    ((at,),) = shop.sql("SELECT at FROM ekarte.operation")
    assert abs(at - shop.now) < timedelta(seconds=1)


def _fail_while(shop: Shop, condition: str, error: str) -> None:
    shop.sql(
        f"""
        CREATE OR REPLACE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF {condition} THEN
                RAISE EXCEPTION 'planted' USING ERRCODE = '{error}';
            END IF;
            RETURN NEW;
        END $$;
        DROP TRIGGER IF EXISTS fail ON ekarte.operation;
        CREATE TRIGGER fail BEFORE INSERT ON ekarte.operation
        FOR EACH ROW EXECUTE FUNCTION public.fail()
        """
    )
