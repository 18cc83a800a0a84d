"""Bytes to messages and back, without input or output: pure tables.

`unpack` / `pack` are the layer of fields and MACs, `request_from_fields` /
`request_to_fields` / `answer_from_fields` / `answer_to_fields` the layer of meaning.
A `Profile` says how fields lie on the wire. `frames` is the same two layers for the
serial frame.
"""

from ekarte_auth_gateway.codec import frames, keychange, tlv
from ekarte_auth_gateway.codec.answers import read as answer_from_fields
from ekarte_auth_gateway.codec.answers import write as answer_to_fields
from ekarte_auth_gateway.codec.commands import command_of
from ekarte_auth_gateway.codec.currencies import NUMBER_OF
from ekarte_auth_gateway.codec.errors import CodecError
from ekarte_auth_gateway.codec.fields import MAC_HIGH, MAC_LOW
from ekarte_auth_gateway.codec.framing import (
    BINARY_2,
    Length,
    answer_tpdu,
    split_tpdu,
    tpdu,
)
from ekarte_auth_gateway.codec.macs import MAC_KINDS, Mac, MacKind, mac_of, mac_with
from ekarte_auth_gateway.codec.message import (
    Fields,
    answer_type,
    echo,
    mac_is_right,
    pack,
    unpack,
)
from ekarte_auth_gateway.codec.pinblock import RANDOM_BYTES, CodeKeys, code_keys
from ekarte_auth_gateway.codec.places import place_of
from ekarte_auth_gateway.codec.profiles import (
    PROFILE_A,
    PROFILE_B,
    PROFILES,
    Profile,
    variant,
)
from ekarte_auth_gateway.codec.redaction import redact
from ekarte_auth_gateway.codec.requests import Context
from ekarte_auth_gateway.codec.requests import read as request_from_fields
from ekarte_auth_gateway.codec.requests import write as request_to_fields

__all__ = [
    "BINARY_2",
    "MAC_HIGH",
    "MAC_KINDS",
    "MAC_LOW",
    "NUMBER_OF",
    "PROFILES",
    "PROFILE_A",
    "PROFILE_B",
    "RANDOM_BYTES",
    "CodeKeys",
    "CodecError",
    "Context",
    "Fields",
    "Length",
    "Mac",
    "MacKind",
    "Profile",
    "answer_from_fields",
    "answer_to_fields",
    "answer_tpdu",
    "answer_type",
    "code_keys",
    "command_of",
    "echo",
    "frames",
    "keychange",
    "mac_is_right",
    "mac_of",
    "mac_with",
    "pack",
    "place_of",
    "redact",
    "request_from_fields",
    "request_to_fields",
    "split_tpdu",
    "tlv",
    "tpdu",
    "unpack",
    "variant",
]
