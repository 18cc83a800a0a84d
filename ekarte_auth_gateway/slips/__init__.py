"""From the stored slip to paper: forms that are asked for, bytes, printers."""

from ekarte_auth_gateway.slips.devices import Patience
from ekarte_auth_gateway.slips.paper import knows, slip_bytes
from ekarte_auth_gateway.slips.printers import PrinterLimits, Printers
from ekarte_auth_gateway.slips.render import copies_of, plain, rendered, wish_of
from ekarte_auth_gateway.slips.service import Slips

__all__ = [
    "Patience",
    "PrinterLimits",
    "Printers",
    "Slips",
    "copies_of",
    "knows",
    "plain",
    "rendered",
    "slip_bytes",
    "wish_of",
]
