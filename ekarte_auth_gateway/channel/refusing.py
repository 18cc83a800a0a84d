"""How a message is refused before it comes to the ledger."""

from collections.abc import Iterable

from ekarte_auth_gateway.flow import Device
from ekarte_core import Answer, Rc


class FrameRefused(Exception):
    """Nothing in the frame tells where an answer should go: hang up."""


class Refused(Exception):
    """The message gets an answer at once, without the ledger."""

    def __init__(self, rc: Rc, message: str, place: str = "") -> None:
        """Say why, and where in the message the fault is."""
        self.rc = rc
        self.answer = Answer(rc=rc.value, message=message, field=place)
        super().__init__(message)


_PRECEDENCE = {rc: place for place, rc in enumerate(Rc)}


def first_of(faults: Iterable[Refused]) -> Refused:
    """If several refusals apply, the first in the order of the codes is the answer."""
    return min(faults, key=lambda refused: _PRECEDENCE[refused.rc])


def check_certificate(device: Device, certificate: str, place: str) -> None:
    """Refuse a terminal that has certificates and did not come with one of them.

    Raises:
        Refused: 63, in the place that names the terminal.
    """
    if not device.admits(certificate):
        told = f"{place}: this terminal comes with its client certificate only"
        raise Refused(Rc.MAC, told, place)
