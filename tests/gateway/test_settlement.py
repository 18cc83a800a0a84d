"""Settlement documents reach Odoo once each, whatever happens on the way."""

import itertools
import time

import pytest

from tests.gateway import town
from tests.gateway.office import KEY, FakeOdoo
from tests.gateway.shop import ask


@pytest.fixture
def odoo():
    server = FakeOdoo().start()
    yield server
    server.stop()


@pytest.fixture
def settling(make_gateway, odoo, tmp_path):
    """A gateway that settles into the fake, with its own pace."""
    key_file = tmp_path / "odoo.key"
    key_file.write_text(KEY + "\n")
    key_file.chmod(0o600)

    def make(**env):
        gateway = make_gateway(
            EKARTE_ODOO_URL=odoo.url,
            EKARTE_ODOO_DB="shop",
            EKARTE_ODOO_KEY_FILE=str(key_file),
            EKARTE_RETRY_FIRST_S="0.2",
            EKARTE_RETRY_MAX_S="0.5",
            **env,
        )
        gateway.key_file = key_file
        return gateway.start_ready()

    return make


def sell_and_close(gateway, batch: int) -> None:
    terminal = gateway.http()
    card = town.club_number()
    assert ask(terminal, "sale", card=card, amount=1000, batch=batch).rc == "00"
    totals = ask(terminal, "close", batch=batch).totals
    assert ask(terminal, "close", batch=batch, totals=totals).rc == "00"


def accepted(gateway) -> int:
    return gateway.sql("SELECT count(*) FROM ekarte.settlement_accepted")[0][0]


def documents(gateway) -> int:
    return gateway.sql("SELECT count(*) FROM ekarte.settlement")[0][0]


def unsettled_sales(gateway) -> int:
    """Sales of closed batches that no document covers."""
    query = """
        SELECT count(*) FROM ekarte.operation AS o
        JOIN ekarte.batch_close AS b USING (terminal, batch)
        WHERE o.command = 'sale' AND NOT EXISTS (
            SELECT FROM ekarte.settlement_operation AS s WHERE s.operation_id = o.id)
    """
    return gateway.sql(query)[0][0]


def attempts(gateway) -> list[str]:
    query = "SELECT reason FROM ekarte.settlement_attempt ORDER BY at"
    return [row[0] for row in gateway.sql(query)]


def test_a_batch_close_settles_and_odoo_gets_what_the_contract_says(settling, odoo):
    gateway = settling()
    sell_and_close(gateway, 1)
    gateway.wait_until(lambda: accepted(gateway) == 1, "accepted")
    (document,) = odoo.received.values()
    sale = next(line for line in document.lines if line.event == "sale")
    assert (sale.branch, sale.seller, sale.operations) == ("G1", "GROCER", 1)
    assert odoo.headers[0]["X-Odoo-Database"] == "shop"
    assert odoo.headers[0]["Content-Type"] == "application/json"
    gateway.wait_until(
        lambda: gateway.metric("ekarte_settlements_accepted_total") == 1, "counted"
    )
    assert gateway.metric("ekarte_settlements_pending") == 0
    assert (
        '"created"' in gateway.sql("SELECT reply FROM ekarte.settlement_accepted")[0][0]
    )


def test_without_a_close_the_schedule_settles(settling, odoo):
    gateway = settling(EKARTE_SETTLE_EVERY_S="0.5")
    assert ask(gateway.iso(), "sale", card=town.club_number(), amount=500).rc == "00"
    gateway.wait_until(lambda: accepted(gateway) == 1, "accepted")
    time.sleep(1.2)
    assert len(odoo.received) == 1  # nothing new, no empty document


def test_without_odoo_nothing_is_settled_and_everything_else_works(make_gateway):
    gateway = make_gateway(EKARTE_SETTLE_EVERY_S="0.2").start_ready()
    sell_and_close(gateway, 1)
    time.sleep(1.5)
    assert gateway.sql("SELECT count(*) FROM ekarte.settlement")[0][0] == 0


def test_odoo_down_disturbs_no_authorization_and_gets_all_when_it_is_back(
    settling, odoo
):
    gateway = settling()
    odoo.stop()
    terminal = gateway.iso()
    times = []
    for batch in (1, 2, 3):
        sell_and_close(gateway, batch)
        started = time.monotonic()
        assert ask(terminal, "sale", card=town.club_number(), amount=100).rc == "00"
        times.append(time.monotonic() - started)
    assert max(times) < 2.0
    gateway.wait_until(lambda: len(attempts(gateway)) >= 3, "several attempts")
    assert all(
        reason.startswith("Odoo cannot be reached (Client")
        for reason in attempts(gateway)
    )
    assert gateway.metric("ekarte_settlements_pending") >= 1
    assert accepted(gateway) == 0
    odoo.start()
    gateway.wait_until(lambda: accepted(gateway) == documents(gateway), "all accepted")
    gateway.wait_until(lambda: unsettled_sales(gateway) == 0, "nothing is left")
    assert len(odoo.received) == documents(gateway)
    assert gateway.broken_invariants() == []


def test_a_reply_that_got_lost_leads_to_a_second_delivery_and_one_document(
    settling, odoo
):
    gateway = settling()
    odoo.hang_up_after_posting = 2
    sell_and_close(gateway, 1)
    gateway.wait_until(lambda: accepted(gateway) == 1, "accepted")
    assert len(odoo.received) == 1
    assert len(odoo.calls) == 3


def test_a_document_that_odoo_refuses_holds_no_other_back(settling, odoo):
    gateway = settling()
    odoo.status, odoo.message = 422, "The fiscal year is locked"
    sell_and_close(gateway, 1)
    gateway.wait_until(lambda: len(attempts(gateway)) >= 1, "refused")
    assert attempts(gateway)[0] == "HTTP 422: The fiscal year is locked"
    sell_and_close(gateway, 2)
    gateway.wait_until(
        lambda: gateway.metric("ekarte_settlements_pending") == 2, "two wait"
    )
    age_s = gateway.metric("ekarte_settlement_oldest_seconds")
    assert 0 < age_s < gateway.metric("ekarte_settlement_oldest_seconds") < 600
    seen = len(odoo.calls)
    gateway.wait_until(
        lambda: len({number for _, number in odoo.calls[seen:]}) == 2, "both are tried"
    )
    odoo.status = 200
    gateway.wait_until(lambda: accepted(gateway) == 2, "both accepted")
    gateway.wait_until(
        lambda: gateway.metric("ekarte_settlement_oldest_seconds") == 0, "none is old"
    )


@pytest.mark.parametrize("status", [401, 500, 503])
def test_any_failure_is_recorded_and_tried_again(settling, odoo, status):
    gateway = settling()
    odoo.status, odoo.message = status, "a sentence"
    sell_and_close(gateway, 1)
    gateway.wait_until(lambda: len(attempts(gateway)) >= 2, "two attempts")
    assert attempts(gateway)[0] == f"HTTP {status}: a sentence"
    odoo.status = 200
    gateway.wait_until(lambda: accepted(gateway) == 1, "accepted")


def test_the_pause_between_attempts_grows_to_its_limit(settling, odoo):
    gateway = settling()
    odoo.status = 503
    sell_and_close(gateway, 1)
    gateway.wait_until(lambda: len(odoo.calls) >= 5, "five attempts")
    moments = [moment for moment, _ in odoo.calls]
    pauses = [b - a for a, b in itertools.pairwise(moments)]
    assert pauses[0] >= 0.19
    assert all(pause >= 0.49 for pause in pauses[2:])


def test_a_renewed_api_key_needs_no_restart_and_never_shows(settling, odoo):
    gateway = settling()
    wrong = "wrong-key-of-somebody"
    gateway.key_file.write_text(wrong)
    sell_and_close(gateway, 1)
    gateway.wait_until(lambda: len(attempts(gateway)) >= 1, "refused")
    assert attempts(gateway)[0] == "HTTP 401: Invalid apikey"
    gateway.key_file.write_text(KEY)
    gateway.wait_until(lambda: accepted(gateway) == 1, "accepted")
    told = gateway.log_text() + " ".join(attempts(gateway))
    assert wrong not in told
    assert KEY not in told


def test_what_was_not_delivered_is_delivered_after_a_restart(settling, odoo):
    gateway = settling()
    odoo.stop()
    sell_and_close(gateway, 1)
    gateway.wait_until(lambda: len(attempts(gateway)) >= 1, "an attempt")
    gateway.kill()
    odoo.start()
    gateway.start_ready()
    gateway.wait_until(lambda: accepted(gateway) == 1, "accepted")
    assert len(odoo.received) == 1


def test_a_slow_odoo_is_waited_for(settling, odoo):
    gateway = settling()
    odoo.sleep_s = 2.5
    sell_and_close(gateway, 1)
    gateway.wait_until(lambda: accepted(gateway) == 1, "accepted")
    assert len(odoo.calls) == 1
