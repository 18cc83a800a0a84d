"""The OpenAPI document against a real gateway: what schemathesis makes of it, signed.

Whatever is asked, well or badly formed, the gateway answers as the document says, and
with no 5xx.
"""

import itertools
import random
from collections import Counter
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from requests.auth import AuthBase
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from ekarte_auth_gateway.http import openapi
from ekarte_auth_gateway.testing import HttpTerminal
from tests.gateway import town
from tests.gateway.gateway_process import GatewayProcess

SEED = random.randrange(2**32)
EXAMPLES = 8  # of each operation, well formed; as many badly formed
NUMBERS = itertools.count(1)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
SCHEMA = schemathesis.openapi.from_dict(openapi())
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]
CARDS = (town.CLUB + "0017", town.GIFT + "0017")


class Signed(AuthBase):
    """Signs what requests is about to send, to the byte."""

    def __init__(self, terminal: HttpTerminal) -> None:
        self._terminal = terminal

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        raw = body.encode() if isinstance(body, str) else body
        request.headers.update(self._terminal.signed(request.path_url, raw))
        return request


@pytest.fixture(scope="module")
def own(new_ledger, keyring, keyring_file, tmp_path_factory):
    """A gateway of its own: unknown cards by the hundred slow its terminals down."""
    folder = tmp_path_factory.mktemp("schemathesis")
    process = GatewayProcess(new_ledger(), keyring, keyring_file, folder)
    process.start_ready()
    yield process
    assert process.stop() == 0
    assert process.broken_invariants() == []


@pytest.fixture(scope="module")
def session(own):
    with requests.Session() as made:
        made.auth = Signed(own.http(town.HTTP_1))
        yield made


def likely(body: Any, data: st.DataObject) -> Any:
    """Mostly put one or two of the fields into a request that comes to a decision.

    The schema does not say all limits: a body of any fields ends as malformed.
    """
    if not isinstance(body, dict) or data.draw(st.integers(0, 5)) == 5:
        return body
    value = data.draw(st.sampled_from(CARDS))
    usual = {
        "terminal": town.HTTP_1,
        "batch": 1,
        "operation": next(NUMBERS),
        "card": {"kind": "pan", "value": value},
        "amount": 100,
    }
    others = sorted(body.keys() - usual.keys())
    chosen = data.draw(st.permutations(others))[: data.draw(st.integers(0, 2))]
    return usual | {name: body[name] for name in chosen}


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_every_answer_is_as_the_document_says(own, session, mode):
    print(f"seed {SEED}")
    told: Counter[int] = Counter()
    for operation in OPERATIONS:
        # A page takes nothing that could be wrong.
        if operation.method == "post" or mode is GenerationMode.POSITIVE:
            told += asked(operation, mode, own, session)
    print(dict(told))
    assert told[400]
    if mode is GenerationMode.POSITIVE:
        assert told[200], "nothing came to a decision"


def asked(operation: Any, mode: GenerationMode, own: Any, session: Any) -> Counter[int]:
    """Try one operation; return how often each status was told."""
    told: Counter[int] = Counter()

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
    def ask(case, data):
        if mode is GenerationMode.POSITIVE and operation.path != "/v1/key":
            case.body = likely(case.body, data)
        response = case.call(base_url=own.url, session=session)
        case.validate_response(response, checks=CHECKS)
        told[response.status_code] += 1

    ask()
    return told
