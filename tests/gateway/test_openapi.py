"""The OpenAPI document: complete, and made from the core's own types."""

import json
import re

from ekarte_auth_gateway.http import openapi
from ekarte_core import COMMANDS, Request


def test_every_command_and_page_is_described(gateway):
    document = json.loads(gateway.http().get("/openapi.json"))
    paths = set(document["paths"])
    assert {f"/v1/{command}" for command in COMMANDS} <= paths
    assert paths - {f"/v1/{command}" for command in COMMANDS} == {
        "/openapi.json",
        "/healthz",
        "/readyz",
        "/metrics",
        "/v1/key",
    }


def test_every_reference_leads_somewhere():
    document = openapi()
    names = re.findall(r"#/components/schemas/(\w+)", json.dumps(document))
    assert set(names) == set(document["components"]["schemas"])


def test_the_request_has_the_fields_of_the_core_without_the_command():
    schema = openapi()["components"]["schemas"]["Request"]
    assert set(schema["properties"]) == set(Request.__struct_fields__) - {"command"}
    assert schema["required"] == ["terminal"]
    assert schema["additionalProperties"] is False


def test_every_status_that_the_gateway_uses_is_described():
    responses = openapi()["paths"]["/v1/sale"]["post"]["responses"]
    assert set(responses) == {
        "200", "400", "401", "403", "408", "409", "413", "415", "429", "500", "503",
    }  # fmt: skip
    assert "Retry-After" in responses["503"]["headers"]
