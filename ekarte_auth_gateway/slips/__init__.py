"""From the stored slip to paper: forms that are asked for, bytes, printers."""

from ekarte_auth_gateway.slips.devices import (
    Patience,
    PrinterAway,
    SlipInDoubt,
    print_slip,
)
from ekarte_auth_gateway.slips.paper import knows, slip_bytes
from ekarte_auth_gateway.slips.printers import PrinterLimits, Printers
from ekarte_auth_gateway.slips.render import copies_of, plain, rendered, wish_of
from ekarte_auth_gateway.slips.service import Slips

__all__ = [
    "Patience",
    "PrinterAway",
    "PrinterLimits",
    "Printers",
    "SlipInDoubt",
    "Slips",
    "copies_of",
    "knows",
    "plain",
    "print_slip",
    "rendered",
    "slip_bytes",
    "wish_of",
]
