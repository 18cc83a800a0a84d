"""The serial frame: lines of RS-232 or USB, and the same messages over TCP."""

from ekarte_auth_gateway.serial.lines import SPEED_DEFAULT, SerialLines, SerialPort
from ekarte_auth_gateway.serial.link import Event, Link, LinkLimits
from ekarte_auth_gateway.serial.service import FrameService

__all__ = [
    "SPEED_DEFAULT",
    "Event",
    "FrameService",
    "Link",
    "LinkLimits",
    "SerialLines",
    "SerialPort",
]
