"""What the rooms of the gateway say to each other."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from ekarte_core import Answer, Rc, Request, encode_answer

Transport = Literal["http", "iso8583", "serial", "frame", "bank"]

Status = Literal[
    "new",  # executed now
    "repeat",  # the stored answer of the same operation
    "conflict",  # the same key with other content
    "transient",  # refused, and not remembered
    "busy",  # somebody else holds the card; inside the flow only
    "nonce",  # the signature's nonce was seen before; nothing executed
    "unavailable",  # queue full, ledger away, or too late; nothing promised
]


class Verdict(NamedTuple):
    """What became of one task. `answer` is JSON, to be sent byte for byte."""

    status: Status
    rc: str
    answer: bytes


def refusal(rc: Rc, message: str, status: Status, field_name: str = "") -> Verdict:
    """Make the verdict of a refusal that the ledger has not seen."""
    answer = Answer(rc=rc.value, message=message, field=field_name)
    return Verdict(status, rc.value, encode_answer(answer))


OVERLOADED = refusal(Rc.SILENT, "too much to do at the moment: repeat", "unavailable")
AWAY = refusal(Rc.SILENT, "the ledger is away: ask again", "unavailable")
LATE = refusal(Rc.SILENT, "no answer in time: ask for the status", "unavailable")
STOPPING = refusal(Rc.SILENT, "the gateway is stopping: repeat", "unavailable")
FAULT = refusal(Rc.FAULT, "the gateway failed: ask for the status", "unavailable")
NO_ACQUIRER = refusal(Rc.NO_ROUTE, "this terminal has no acquirer", "new", "bank")
NONCE_SEEN = refusal(Rc.MAC, "nonce was used before", "nonce", "nonce")


@dataclass(eq=False)
class Task:
    """A request on its way through the flow.

    Attributes:
        request: from a checked and authenticated message.
        transport: where it came from, for the figures.
        done: called once, on the event loop, with what became of it.
        born_s: monotonic time at which it came in.
        nonce: of its signature; None where the transport has none.
        nonce_tried: the nonce has been offered to the ledger, so that finding it
            there again after a broken connection proves nothing.
    """

    request: Request
    transport: Transport
    done: Callable[[Verdict], None] = field(repr=False)
    born_s: float
    nonce: str | None = field(default=None, repr=False)
    nonce_tried: bool = False
