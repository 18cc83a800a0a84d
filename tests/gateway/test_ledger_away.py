"""The database goes away and comes back; terminals hear 91 meanwhile."""

import psycopg2
import pytest
from psycopg2.extensions import make_dsn

from ekarte_auth_gateway.__main__ import main
from ekarte_core import ParametersWish
from tests.gateway import town
from tests.gateway.shop import ask, balance, gift_card, order


@pytest.fixture
def switch(server_dsn):
    """Switch a database off and on, as a server that stops and starts."""

    def turn(dsn: str, on: bool) -> None:
        name = psycopg2.extensions.parse_dsn(dsn)["dbname"]
        connection = psycopg2.connect(make_dsn(server_dsn))
        connection.autocommit = True
        with connection.cursor() as cr:
            cr.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {str(on).lower()}")
            if not on:
                cr.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = %s",
                    (name,),
                )
        connection.close()

    return turn


def test_91_while_it_is_away_and_business_when_it_is_back(make_gateway, switch):
    gateway = make_gateway(EKARTE_WAIT_S="1").start_ready()
    http, iso = gateway.http(), gateway.iso()
    value = gift_card(http, 1000)
    switch(gateway.dsn, on=False)
    lost = order("sale", http, card=value, amount=100)
    assert http.send(lost).rc == "91"
    assert (http.last_status, http.last_headers["Retry-After"]) == (503, "1")
    assert ask(iso, "sale", card=value, amount=100).rc == "91"
    assert ask(iso, "echo").rc == "91"
    assert gateway.ready() == {
        "ready": False,
        "faults": ["the ledger is away"],
        "network_version": 1,
    }
    assert http.get("/healthz") == b'{"alive":true}'
    switch(gateway.dsn, on=True)
    gateway.wait_until(lambda: gateway.ready()["ready"], "back", 10)
    assert http.send(lost).rc == "00"
    assert balance(http, value) == 900
    gateway.wait_for_event("ledger back")


def test_a_broken_connection_alone_is_not_noticed(make_gateway, switch, server_dsn):
    """Killed backends: the group is tried again on a new connection, in time."""
    gateway = make_gateway().start_ready()
    terminal = gateway.http()
    value = gift_card(terminal, 1000)
    for _ in range(3):
        switch(gateway.dsn, on=False)
        switch(gateway.dsn, on=True)
        assert ask(terminal, "sale", card=value, amount=100).rc == "00"
    assert balance(terminal, value) == 700
    assert gateway.broken_invariants() == []


def test_the_gateway_may_start_before_the_ledger(make_gateway, switch):
    gateway = make_gateway()
    switch(gateway.dsn, on=False)
    gateway.start()
    assert "the ledger is away" in gateway.ready()["faults"]
    assert ask(gateway.iso(town.ISO_PLAIN, mac="none"), "echo").rc == "91"
    http = gateway.http()
    assert ask(http, "echo").rc == "91"
    assert http.last_status == 503
    switch(gateway.dsn, on=True)
    gateway.wait_until(lambda: gateway.ready()["ready"], "there", 10)
    assert ask(gateway.http(), "echo").rc == "00"


def test_parameters_that_were_made_once_are_there_meanwhile(
    make_gateway, switch, tmp_path
):
    key_file = tmp_path / "parameters.pem"
    assert main(["parameters-key", str(key_file)]) == 0
    gateway = make_gateway(EKARTE_PARAMETERS_KEY_FILE=str(key_file)).start_ready()
    http = gateway.http()
    gateway.wait_until(
        lambda: gateway.sql("SELECT count(*) FROM ekarte.parameters") == [(2,)], "made"
    )
    wish = ParametersWish(version=1)
    there = ask(http, "parameters", parameters=wish)
    assert there.rc == "00"
    switch(gateway.dsn, on=False)
    assert ask(http, "sale", card=town.club_number(), amount=100).rc == "91"
    assert ask(http, "parameters", parameters=wish).parameters == there.parameters
    # What nobody has asked for yet has to be made.
    other = ask(gateway.iso(town.ISO_2), "parameters", parameters=ParametersWish())
    assert other.rc == "91"
    switch(gateway.dsn, on=True)
