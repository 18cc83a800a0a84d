"""Several gateways on one ledger are one: to terminals, to cards, and to Odoo."""

import threading
from collections import Counter

import pytest

from ekarte_auth_gateway.testing import HttpTerminal, TerminalError
from tests.gateway import town
from tests.gateway.conftest import publish
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.office import KEY, FakeOdoo
from tests.gateway.shop import ask, balance, gift_card, order


@pytest.fixture
def pair(make_gateway, tmp_path):
    """Make two gateways on one ledger, with the same settings."""
    made = []

    def make(**env):
        one = make_gateway(**env).start_ready()
        folder = tmp_path / "beside"
        folder.mkdir()
        other = GatewayProcess(
            one.dsn,
            one.keyring,
            one.keyring_file,
            folder,
            **(env | same_ports(one, env)),
        )
        made.append(other)
        return one, other.start_ready()

    yield make
    for process in made:
        process.kill()


def same_ports(one, env):
    if env.get("EKARTE_REUSE_PORT") != "on":
        return {}
    return {
        "EKARTE_HTTP": f"127.0.0.1:{one.http_port}",
        "EKARTE_ISO": f"127.0.0.1:{one.iso_port}",
    }


def both(*jobs):
    """Run jobs at the same moment; return what each returned."""
    start, told = threading.Barrier(len(jobs)), {}

    def run(place):
        start.wait()
        told[place] = jobs[place]()

    threads = [
        threading.Thread(target=run, args=(n,), daemon=True) for n in range(len(jobs))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [told[place] for place in range(len(jobs))]


@pytest.mark.parametrize("transport", ["http", "iso"])
def test_the_same_operation_sent_to_both_is_booked_once(pair, transport):
    one, other = pair()
    here, there = getattr(one, transport)(), getattr(other, transport)()
    value = gift_card(one.http(), 50_000)
    before = one.operations()
    for _ in range(20):
        request = order("sale", here, card=value, amount=100)
        both(lambda r=request: here.send(r), lambda r=request: there.send(r))
        assert here.last_raw == there.last_raw
    assert one.operations() == before + 20
    assert balance(one.http(), value) == 48_000
    assert one.broken_invariants() == []


def test_two_gateways_spend_what_is_on_a_card_and_not_a_cent_more(pair):
    one, other = pair()
    value = gift_card(one.http(), 2_000)

    def spend(gateway):
        terminal = HttpTerminal(gateway.url, town.HTTP_1, gateway.key(town.HTTP_1))
        return [ask(terminal, "sale", card=value, amount=100).rc for _ in range(16)]

    codes = Counter(
        rc for told in both(lambda: spend(one), lambda: spend(other)) for rc in told
    )
    assert codes == {"00": 20, "51": 12}
    assert balance(other.http(), value) == 0
    assert one.broken_invariants() == []


def test_a_hold_of_one_is_confirmed_reversed_and_expired_by_the_other(pair):
    one, other = pair()
    here, there = one.http(), other.http()
    value = gift_card(here, 5_000)
    held = order("authorize", here, card=value, amount=3_000)
    assert here.send(held).rc == "00"
    assert balance(there, value) == 2_000
    assert ask(there, "confirm", original=held.operation, amount=2_500).rc == "00"
    assert balance(here, value) == 2_500
    brief = one.http(town.HTTP_BRIEF)
    assert ask(brief, "authorize", card=value, amount=1_000).rc == "00"
    one.kill()  # who took the hold is gone: the other ends it
    other.wait_until(lambda: balance(there, value) == 2_500, "the hold has expired")
    assert other.broken_invariants() == []


def test_a_nonce_that_one_has_seen_is_none_for_the_other(pair):
    one, other = pair()
    here, there = one.http(), other.http()
    body = b'{"terminal":"%s","batch":1,"operation":%d}'
    first = here.post(
        "echo", body % (town.HTTP_1.encode(), town.operation()), nonce="only-once"
    )
    again = there.post(
        "echo", body % (town.HTTP_1.encode(), town.operation()), nonce="only-once"
    )
    assert (first.rc, again.rc, again.field) == ("00", "63", "nonce")
    fresh = there.post(
        "echo", body % (town.HTTP_1.encode(), town.operation()), nonce="another"
    )
    assert fresh.rc == "00"


def test_holds_are_released_once_though_both_look_for_them(pair):
    one, other = pair()
    brief = one.http(town.HTTP_BRIEF)
    cards = [gift_card(one.http(), 1_000) for _ in range(8)]
    for value in cards:
        assert ask(brief, "authorize", card=value, amount=400).rc == "00"
    reader = one.http()
    one.wait_until(
        lambda: all(balance(reader, value) == 1_000 for value in cards), "all released"
    )
    name = "ekarte_holds_expired_total"
    one.wait_until(
        lambda: one.metric(name) + other.metric(name) == len(cards), "each counted once"
    )
    assert one.broken_invariants() == []


def test_a_settlement_of_two_gateways_reaches_odoo_once(pair, tmp_path):
    odoo = FakeOdoo().start()
    key_file = tmp_path / "odoo.key"
    key_file.write_text(KEY + "\n")
    key_file.chmod(0o600)
    one, other = pair(
        EKARTE_ODOO_URL=odoo.url,
        EKARTE_ODOO_DB="shop",
        EKARTE_ODOO_KEY_FILE=str(key_file),
        EKARTE_SETTLE_EVERY_S="0.5",
        EKARTE_RETRY_FIRST_S="0.2",
    )
    sales = 0
    for batch in (11, 12, 13):
        for gateway, number in ((one, town.HTTP_1), (other, town.HTTP_2)):
            terminal = gateway.http(number)
            ask(terminal, "sale", card=town.club_number(), amount=1_000, batch=batch)
            totals = ask(terminal, "close", batch=batch).totals
            assert ask(terminal, "close", batch=batch, totals=totals).rc == "00"
            sales += 1
    query = """SELECT count(*) FROM ekarte.settlement
               WHERE id NOT IN (SELECT settlement_id FROM ekarte.settlement_accepted)"""
    settled = """SELECT count(DISTINCT operation_id), count(*)
                 FROM ekarte.settlement_operation JOIN ekarte.operation AS o
                 ON o.id = operation_id WHERE o.command = 'sale'"""
    one.wait_until(
        lambda: one.sql(settled) == [(sales, sales)] and one.sql(query) == [(0,)],
        "all is settled and accepted",
    )
    told = sum(
        line.operations
        for document in odoo.received.values()
        for line in document.lines
        if line.event == "sale"
    )
    assert told == sales
    odoo.stop()
    assert one.broken_invariants() == []


def test_gateways_share_their_ports_and_one_may_be_restarted(pair):
    one, other = pair(EKARTE_REUSE_PORT="on", EKARTE_METRICS="127.0.0.1:0")
    assert (other.http_port, other.iso_port) == (one.http_port, one.iso_port)
    doors = [
        gateway.wait_for_event("listening")["metrics_port"] for gateway in (one, other)
    ]
    assert doors[0] != doors[1]
    for _ in range(60):
        terminal = one.http()
        assert ask(terminal, "echo").rc == "00"
        terminal.close()
    assert all(served(port) > 0 for port in doors)
    assert other.stop() == 0
    for _ in range(20):
        assert ask(one.http(), "echo").rc == "00"
    assert ask(one.iso(), "echo").rc == "00"


def served(port: int) -> float:
    """Requests that one process has answered, read at its own door."""
    page = HttpTerminal(f"http://127.0.0.1:{port}", "00000000", None)
    rows = page.get("/metrics").decode().splitlines()
    page.close()
    return sum(
        float(row.rsplit(" ", 1)[1])
        for row in rows
        if row.startswith("ekarte_requests_total{")
    )


def test_the_door_for_figures_takes_no_commands(make_gateway):
    gateway = make_gateway(EKARTE_METRICS="127.0.0.1:0").start_ready()
    port = gateway.wait_for_event("listening")["metrics_port"]
    door = HttpTerminal(
        f"http://127.0.0.1:{port}", town.HTTP_1, gateway.key(town.HTTP_1)
    )
    assert ask(door, "echo").rc == "12"
    assert door.last_status == 404
    for page in ("/metrics", "/healthz", "/readyz"):
        assert door.get(page)
        assert door.last_status == 200
    door.close()
    assert ask(gateway.http(), "echo").rc == "00"


def test_a_port_that_is_not_shared_is_refused_to_a_second_gateway(make_gateway):
    gateway = make_gateway().start_ready()
    second = make_gateway(EKARTE_HTTP=f"127.0.0.1:{gateway.http_port}")
    with pytest.raises(AssertionError, match="cannot listen"):
        second.start()


def test_both_take_a_new_network_into_use(pair, tmp_path):
    one, other = pair()
    publish(one.dsn, tmp_path, name="Renamed")
    for gateway in (one, other):
        gateway.wait_until(
            lambda g=gateway: g.ready()["network_version"] == 2, "version 2 in use"
        )
        assert ask(gateway.iso(), "echo").params_version == 2


def test_a_terminal_goes_on_at_the_other_when_one_is_gone(pair):
    one, other = pair()
    value = gift_card(one.iso(), 5_000)
    request = order("sale", one.iso(), card=value, amount=700)
    before = one.iso()
    assert before.send(request).rc == "00"
    raw = before.last_raw
    one.kill()
    with pytest.raises(TerminalError):
        ask(before, "echo")
    after = other.iso()
    assert after.send(request).rc == "00"
    assert after.last_raw == raw
    assert balance(after, value) == 4_300
