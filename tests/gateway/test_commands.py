"""Every command, over each transport, with the same figures."""

import pytest

from tests.gateway import town
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.shop import ask, balance, card, gift_card, order


@pytest.fixture(params=["http", "iso", "frame"])
def terminal(request, gateway: GatewayProcess):
    made = getattr(gateway, request.param)()
    yield made
    made.close()


def test_a_gift_card_is_activated_spent_and_refused_when_it_runs_short(terminal):
    value = gift_card(terminal, 2000)
    answer = ask(terminal, "sale", card=value, amount=1500)
    assert (answer.rc, answer.tendered, answer.amount_due) == ("00", {"gift": 1500}, 0)
    assert len(answer.auth_code) == 6
    assert ask(terminal, "sale", card=value, amount=501).rc == "51"
    assert balance(terminal, value) == 500


def test_a_sale_on_a_club_card_gets_its_discount_and_points(terminal):
    answer = ask(terminal, "sale", card=town.club_number(), amount=2000)
    assert answer.rc == "00"
    assert (answer.discount, answer.amount_due) == (100, 1900)
    assert [(part.program, part.points) for part in answer.earned] == [("GRO-BONUS", 3)]
    assert answer.explain
    assert any("Спасибо" in line.text for line in answer.slip)


def test_a_hold_is_captured_in_part_and_the_rest_is_free_again(terminal):
    value = gift_card(terminal, 5000)
    held = order("authorize", terminal, card=value, amount=3000)
    answer = terminal.send(held)
    assert answer.rc == "00"
    assert answer.hold_until is not None
    assert balance(terminal, value) == 2000
    done = ask(terminal, "confirm", original=held.operation, amount=2500)
    assert (done.rc, done.tendered) == ("00", {"gift": 2500})
    assert balance(terminal, value) == 2500


def test_a_hold_is_reversed(terminal):
    value = gift_card(terminal, 5000)
    held = order("authorize", terminal, card=value, amount=3000)
    assert terminal.send(held).rc == "00"
    assert ask(terminal, "reverse", original=held.operation).rc == "00"
    assert balance(terminal, value) == 5000
    assert ask(terminal, "confirm", original=held.operation).rc != "00"


def test_a_reversal_before_its_original_is_remembered(terminal):
    value = gift_card(terminal, 5000)
    late = order("sale", terminal, card=value, amount=700)
    assert ask(terminal, "reverse", original=late.operation).rc == "00"
    assert terminal.send(late).rc == "05"
    assert balance(terminal, value) == 5000


def test_goods_come_back_in_parts_up_to_the_original(terminal):
    value = gift_card(terminal, 5000)
    sale = order("sale", terminal, card=value, amount=3000)
    assert terminal.send(sale).rc == "00"
    assert ask(terminal, "refund", original=sale.operation, amount=1000).rc == "00"
    assert ask(terminal, "refund", original=sale.operation, amount=2000).rc == "00"
    over = ask(terminal, "refund", original=sale.operation, amount=1)
    assert over.rc not in ("00", "10")
    assert balance(terminal, value) == 5000


def test_a_card_is_topped_up_blocked_and_unblocked(terminal):
    value = gift_card(terminal, 500)
    assert ask(terminal, "top_up", card=value, amount=1000).rc == "00"
    assert balance(terminal, value) == 1500
    assert ask(terminal, "block", card=value).rc == "00"
    assert ask(terminal, "sale", card=value, amount=100).rc == "62"
    assert ask(terminal, "unblock", card=value).rc == "00"
    assert ask(terminal, "sale", card=value, amount=100).rc == "00"


def test_a_wrong_access_code_is_refused_and_the_right_one_allowed(terminal):
    value = gift_card(terminal, 1000, code="271828")
    wrong = ask(terminal, "sale", card=value, amount=100, access_code="314159")
    assert wrong.rc == "55"
    right = ask(terminal, "sale", card=value, amount=100, access_code="271828")
    assert right.rc == "00"


def test_status_returns_the_stored_answer(terminal):
    value = gift_card(terminal, 1000)
    sale = order("sale", terminal, card=value, amount=250)
    said = terminal.send(sale)
    told = ask(terminal, "status", original=sale.operation)
    assert told.rc == "00"
    assert told.original == said
    assert ask(terminal, "status", original=town.operation()).rc == "25"


def test_echo_tells_time_and_parameter_version(terminal):
    answer = ask(terminal, "echo")
    assert answer.rc == "00"
    assert answer.server_time is not None
    assert answer.params_version == 1


def test_other_kinds_of_identifier_reach_the_same_card(terminal):
    value = gift_card(terminal, 1000)
    for kind, text in (
        ("track2", f"{value}=29121010000000000"),
        ("track2", f";{value}=29121010000000000?"),
        ("barcode", value),
        ("keyed", value),
    ):
        answer = ask(terminal, "sale", card=card(text, kind), amount=100)
        assert answer.rc == "00", (kind, answer)
    assert balance(terminal, value) == 600


def test_a_batch_is_closed_when_totals_agree_and_else_shown(gateway):
    http = gateway.http(town.HTTP_2)
    iso = gateway.iso(town.ISO_2)
    for terminal, batch in ((http, 501), (iso, 502)):
        value = town.club_number()
        sale = ask(terminal, "sale", card=value, amount=1000, batch=batch)
        assert sale.rc == "00"
        wrong = ask(terminal, "close", batch=batch, totals=())
        assert wrong.rc == "95"
        assert [(t.command, t.count, t.amount) for t in wrong.totals] == [
            ("sale", 1, 1000)
        ]
        assert ask(terminal, "close", batch=batch, totals=wrong.totals).rc == "00"
        late = ask(terminal, "sale", card=value, amount=1000, batch=batch)
        assert late.rc == "95"
