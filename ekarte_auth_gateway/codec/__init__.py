"""Bytes to messages and back, without input or output: pure tables.

`unpack` / `pack` are the layer of fields and MACs, `request_from_fields` /
`request_to_fields` / `answer_from_fields` / `answer_to_fields` the layer of meaning.
"""

from ekarte_auth_gateway.codec.answers import read as answer_from_fields
from ekarte_auth_gateway.codec.answers import write as answer_to_fields
from ekarte_auth_gateway.codec.commands import command_of
from ekarte_auth_gateway.codec.errors import CodecError
from ekarte_auth_gateway.codec.fields import MAC_HIGH, MAC_LOW
from ekarte_auth_gateway.codec.message import (
    Fields,
    answer_type,
    echo,
    mac_is_right,
    pack,
    unpack,
)
from ekarte_auth_gateway.codec.pinblock import RANDOM_BYTES, block_key
from ekarte_auth_gateway.codec.places import place_of
from ekarte_auth_gateway.codec.redaction import redact
from ekarte_auth_gateway.codec.requests import Context
from ekarte_auth_gateway.codec.requests import read as request_from_fields
from ekarte_auth_gateway.codec.requests import write as request_to_fields

__all__ = [
    "MAC_HIGH",
    "MAC_LOW",
    "RANDOM_BYTES",
    "CodecError",
    "Context",
    "Fields",
    "answer_from_fields",
    "answer_to_fields",
    "answer_type",
    "block_key",
    "command_of",
    "echo",
    "mac_is_right",
    "pack",
    "place_of",
    "redact",
    "request_from_fields",
    "request_to_fields",
    "unpack",
]
