"""ISO 8583 over TCP."""

from ekarte_auth_gateway.channel.server import ChannelLimits, IsoServer
from ekarte_auth_gateway.channel.service import IsoService

__all__ = ["ChannelLimits", "IsoServer", "IsoService"]
