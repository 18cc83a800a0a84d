"""npm's http-message-signatures with node's fetch as a terminal (RFC 9421)."""

import json

import pytest

from tests.gateway import town
from tests.gateway.shop import balance, gift_card


@pytest.fixture
def play(gateway, peer):
    def run(*steps, terminal=town.HTTP_1):
        answers = peer(
            "http_peer.mjs",
            {
                "url": gateway.url,
                "terminal": terminal,
                "key": gateway.key(terminal).hex(),
                "steps": list(steps),
            },
        )
        return [(answer["status"], json.loads(answer["body"])) for answer in answers]

    return run


def sale(value: str, amount: int, **more) -> dict:
    body = {
        "batch": 1,
        "operation": town.operation(),
        "card": {"kind": "pan", "value": value},
        "amount": amount,
    }
    return {"command": "sale", "body": {**body, **more}}


def test_a_foreign_signer_is_understood(gateway, play):
    value = gift_card(gateway.http(), 5000)
    hold = {**sale(value, 3000), "command": "authorize"}
    capture = {
        "command": "confirm",
        "body": {
            "batch": 1,
            "operation": town.operation(),
            "original": {"batch": 1, "operation": hold["body"]["operation"]},
            "amount": 2500,
        },
    }
    spend = sale(value, 1000)
    answers = play({"command": "echo", "body": {}}, hold, capture, spend, spend)
    assert [status for status, _ in answers] == [200] * 5
    assert [body["rc"] for _, body in answers] == ["00"] * 5
    assert answers[3] == answers[4]
    assert balance(gateway.http(), value) == 1500


def test_its_mistakes_are_refused_each_by_name(gateway, play):
    value = town.club_number()
    before = gateway.operations()
    answers = play(
        {**sale(value, 100), "sign": {"key": "ab" * 32}},
        {**sale(value, 100), "sign": {"shift_s": -200}},
        {**sale(value, 100), "sign": {"fields": ["@method", "@path"]}},
        {**sale(value, 100), "digestOf": "something else"},
        {**sale(value, 100), "sign": {"body": "{}"}},
    )
    assert [status for status, _ in answers] == [401] * 5
    assert [body["rc"] for _, body in answers] == ["63"] * 5
    assert [body["field"] for _, body in answers] == [
        "signature",
        "created",
        "signature",
        "content-digest",
        "content-digest",
    ]
    assert gateway.operations() == before


def test_its_nonce_is_taken_once(gateway, play):
    value = town.club_number()
    answers = play(
        {**sale(value, 100), "sign": {"nonce": "from-afar"}},
        {**sale(value, 100), "sign": {"nonce": "from-afar"}},
    )
    assert [(status, body["rc"]) for status, body in answers] == [
        (200, "00"),
        (401, "63"),
    ]
