"""Messages over TCP, and ISO 8583."""

from ekarte_auth_gateway.channel.keys import TerminalKeys, next_key_of
from ekarte_auth_gateway.channel.refusing import (
    FrameRefused,
    Refused,
    check_certificate,
    first_of,
)
from ekarte_auth_gateway.channel.server import ChannelLimits, FrameTaker, TcpServer
from ekarte_auth_gateway.channel.service import IsoService

__all__ = [
    "ChannelLimits",
    "FrameRefused",
    "FrameTaker",
    "IsoService",
    "Refused",
    "TcpServer",
    "TerminalKeys",
    "check_certificate",
    "first_of",
    "next_key_of",
]
