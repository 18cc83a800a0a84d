"""A public validator reads our OpenAPI document, and our answers by its schemas."""

import json

from ekarte_auth_gateway.testing import body_of
from ekarte_core import Line, Tender
from tests.gateway import town
from tests.gateway.shop import ask, gift_card, order


def test_the_document_is_valid_and_real_messages_fit_its_schemas(gateway, peer):
    http = gateway.http()
    document = json.loads(http.get("/openapi.json"))
    value = gift_card(http, 5000)
    requests = [
        order("sale", http, card=value, amount=100, tender=Tender(gift=100)),
        order("sale", http, card=town.club_number(), lines=(Line(amount=5, sku="x"),)),
        order("echo", http),
    ]
    samples = [
        {"schema": "Request", "value": json.loads(body_of(request))}
        for request in requests
    ]
    wrong = [
        {"terminal": town.HTTP_1, "amuont": 5},
        {"terminal": town.HTTP_1, "amount": "5"},
        {"terminal": town.HTTP_1, "command": "sale"},
        {"amount": 5},
    ]
    samples += [{"schema": "Request", "value": value} for value in wrong]
    for request in requests:
        http.send(request)
        samples.append({"schema": "Answer", "value": json.loads(http.last_raw)})
    ask(http, "status", original=requests[0].operation)
    samples.append({"schema": "Answer", "value": json.loads(http.last_raw)})
    http.post("sale", b"{")
    samples.append({"schema": "Answer", "value": json.loads(http.last_raw)})
    told = peer("openapi_peer.mjs", {"document": document, "samples": samples})
    assert told["faults"] == []
    assert told["version"] == "3.1"
    verdicts = [verdict["valid"] for verdict in told["verdicts"]]
    assert verdicts == [True] * 3 + [False] * 4 + [True] * 5, told["verdicts"]


def test_the_validator_would_find_a_fault(gateway, peer):
    document = json.loads(gateway.http().get("/openapi.json"))
    del document["paths"]["/v1/sale"]["post"]["responses"]["200"]["description"]
    document["paths"]["/v1/sale"]["post"]["parameters"][0]["in"] = "pocket"
    told = peer("openapi_peer.mjs", {"document": document, "samples": []})
    assert told["faults"]
