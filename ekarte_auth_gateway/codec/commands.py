"""Which message type and processing code mean which command (docs/TERMINALS.md)."""

from collections.abc import Mapping

from ekarte_auth_gateway.codec.errors import CodecError
from ekarte_core import Command

# command: (MTI, DE3, DE70) as we write it; other spellings that we read are below.
WRITTEN: dict[Command, tuple[str, str, str]] = {
    "inquire": ("0100", "310000", ""),
    "authorize": ("0100", "000060", ""),
    "status": ("0100", "380000", ""),
    "sale": ("0200", "000060", ""),
    "refund": ("0200", "200060", ""),
    "top_up": ("0200", "210060", ""),
    "activate": ("0200", "720000", ""),
    "block": ("0200", "730000", ""),
    "unblock": ("0200", "740000", ""),
    "confirm": ("0220", "000060", ""),
    "reverse": ("0400", "000060", ""),
    "close": ("0500", "920000", ""),
    "echo": ("0800", "", "301"),
}

# Networks of the 1987 kind ask for a balance with 31, others with 30.
_BY_PROCESSING: dict[tuple[str, str], Command] = {
    ("0100", "300000"): "inquire",
    **{(mti, code): command for command, (mti, code, _) in WRITTEN.items() if code},
}
_REVERSALS = ("0400", "0420")
_NETWORK = "0800"
_NETWORK_CODES = ("301", "001")
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
        return "echo" if fields["70"] in _NETWORK_CODES else None
    if not any(message_type == mti for mti, _ in _BY_PROCESSING):
        return None
    if "3" not in fields:
        raise CodecError("DE3", "processing code is missing", fields)
    return _BY_PROCESSING.get((message_type, fields["3"]))
