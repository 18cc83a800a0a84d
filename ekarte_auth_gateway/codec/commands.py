"""Which message type and processing code mean which command (docs/TERMINALS.md)."""

from collections.abc import Mapping
from typing import NamedTuple

from ekarte_auth_gateway.codec.errors import CodecError
from ekarte_core import Command, Request


class Spelling(NamedTuple):
    """How a command is written: message type, DE3, DE70."""

    message_type: str
    processing: str = ""
    network: str = ""


# As we write them; other spellings that we read are below.
WRITTEN: dict[Command, Spelling] = {
    "inquire": Spelling("0100", "310000"),
    "authorize": Spelling("0100", "000060"),
    "status": Spelling("0100", "380000"),
    "sale": Spelling("0200", "000060"),
    "refund": Spelling("0200", "200060"),
    "top_up": Spelling("0200", "210060"),
    "redeem": Spelling("0200", "180065"),
    "voucher": Spelling("0200", "190000"),
    "set_code": Spelling("0200", "700000"),
    "activate": Spelling("0200", "720000"),
    "block": Spelling("0200", "730000"),
    "unblock": Spelling("0200", "740000"),
    "replace": Spelling("0200", "750000"),
    "enroll": Spelling("0200", "760000"),
    "check_in": Spelling("0200", "900000"),
    "confirm": Spelling("0220", "000060"),
    "accrue": Spelling("0220", "290065"),
    "reverse": Spelling("0400", "000060"),
    "close": Spelling("0500", "920000"),
    "echo": Spelling("0800", network="301"),
    "parameters": Spelling("0800", network="901"),
}

# An advice has the processing code of what was done offline, and this in DE25.
OFFLINE = "06"
ADVICE = "0220"
OFFLINE_CODES: dict[str, str] = {
    command: WRITTEN[command].processing
    for command in ("sale", "accrue", "check_in", "refund", "top_up", "voucher")
}
_OFFLINE_COMMANDS = {code: command for command, code in OFFLINE_CODES.items()}

COMMANDS: tuple[Command, ...] = (*WRITTEN, "advice")
"""All that a terminal can say here; the rest is for the back office."""

# Networks of the 1987 kind ask for a balance with 31, others with 30.
_BY_PROCESSING: dict[tuple[str, str], Command] = {
    ("0100", "300000"): "inquire",
    **{
        (row.message_type, row.processing): command
        for command, row in WRITTEN.items()
        if row.processing
    },
}
_TYPES = frozenset(message_type for message_type, _ in _BY_PROCESSING)
_REVERSALS = ("0400", "0420")
_NETWORK = "0800"
_BY_NETWORK: dict[str, Command] = {
    "001": "echo",  # sign-on
    "002": "echo",  # sign-off
    **{row.network: command for command, row in WRITTEN.items() if row.network},
}
REPEATABLE = ("0100", "0200", "0220", "0400", "0420", "0500", "0800")


def command_of(fields: Mapping[str, str]) -> Command | None:
    """Return the command of a message, or None when this gateway has none such.

    Raises:
        CodecError: the field that tells the command is missing.
    """
    message_type = fields["t"]
    if message_type[3:] == "1" and message_type[:3] + "0" in REPEATABLE:
        message_type = message_type[:3] + "0"
    if message_type in _REVERSALS:
        return "reverse"  # DE3 is the original's, whatever that was
    if message_type == _NETWORK:
        if "70" not in fields:
            raise CodecError("DE70", "network management code is missing", fields)
        return _BY_NETWORK.get(fields["70"])
    if message_type not in _TYPES:
        return None
    if "3" not in fields:
        raise CodecError("DE3", "processing code is missing", fields)
    if message_type == ADVICE and fields.get("25") == OFFLINE:
        return "advice" if fields["3"] in _OFFLINE_COMMANDS else None
    return _BY_PROCESSING.get((message_type, fields["3"]))


def offline_command_of(fields: Mapping[str, str]) -> str:
    """Return what was done offline, of an advice."""
    return _OFFLINE_COMMANDS[fields["3"]]


def spelling_of(request: Request) -> dict[str, str]:
    """Return the fields that tell the command.

    Raises:
        CodecError: only the back office has this command.
    """
    if request.command == "advice":
        if request.offline is None:
            raise CodecError("DE25", "an advice tells of something offline")
        code = OFFLINE_CODES[request.offline.command]
        return {"t": ADVICE, "3": code, "25": OFFLINE}
    row = WRITTEN.get(request.command)
    if row is None:
        raise CodecError("DE3", "a command of the back office only")
    told = {"t": row.message_type, "3": row.processing, "70": row.network}
    return {name: value for name, value in told.items() if value}
