"""Golden bytes: what stands in the files is what is written and read, byte for byte."""

import json

import msgspec
import pytest

from ekarte_auth_gateway.codec import (
    answer_from_fields,
    answer_type,
    command_of,
    mac_is_right,
    request_from_fields,
    unpack,
)
from ekarte_auth_gateway.codec.commands import COMMANDS
from ekarte_core import Answer, Request, check_request
from tests.gateway import golden_messages as golden

NAMED = [
    (name, number, f"{name}-{entry['request']['command']}-{number}")
    for name in golden.WAYS
    for number, entry in enumerate(golden.read(name))
]
EVERY = pytest.mark.parametrize(
    ("name", "number"),
    [(name, number) for name, number, _ in NAMED],
    ids=[told for *_, told in NAMED],
)


@EVERY
def test_a_message_is_these_bytes(name, number):
    way, entry = golden.WAYS[name], golden.read(name)[number]
    asked, told = (bytes.fromhex(entry[part]["hex"]) for part in ("asked", "told"))
    request = msgspec.convert(entry["request"], Request)
    answer = msgspec.convert(entry["answer"], Answer)
    assert golden.request_bytes(request, way) == asked
    assert golden.answer_bytes(answer, asked, way) == told


@EVERY
def test_these_bytes_are_the_message(name, number):
    way, entry = golden.WAYS[name], golden.read(name)[number]
    for part in ("asked", "told"):
        raw = bytes.fromhex(entry[part]["hex"])
        fields = unpack(raw, way.profile)
        assert mac_is_right(raw, fields, way.mac)
        shown = {key: value.encode("latin-1").decode() for key, value in fields.items()}
        assert shown == entry[part]["fields"]
    asked = unpack(bytes.fromhex(entry["asked"]["hex"]), way.profile)
    request = request_from_fields(asked, command_of(asked), way.context)
    check_request(request)
    assert request == msgspec.convert(entry["request"], Request)
    told = unpack(bytes.fromhex(entry["told"]["hex"]), way.profile)
    assert told["t"] == answer_type(asked["t"])
    assert answer_from_fields(told) == msgspec.convert(entry["answer"], Answer)


@pytest.mark.parametrize("name", golden.WAYS)
def test_every_command_of_a_terminal_is_there(name):
    assert {entry["request"]["command"] for entry in golden.read(name)} == set(COMMANDS)


@pytest.mark.parametrize("name", golden.WAYS)
def test_the_file_is_what_the_table_makes(name):
    written = json.loads(json.dumps(golden.entries(golden.WAYS[name])))
    assert written == golden.read(name)


def test_both_profiles_say_the_same():
    for one, other in zip(golden.read("A"), golden.read("B"), strict=True):
        assert one["request"] == other["request"]
        assert one["asked"]["hex"] != other["asked"]["hex"]
