"""What the rooms of the gateway say to each other."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from ekarte_core import Answer, Rc, Request, encode_answer

Transport = Literal["http", "iso8583", "serial", "frame", "bank", "nexo"]

Status = Literal[
    "new",  # executed now
    "repeat",  # the stored answer of the same operation
    "conflict",  # the same key with other content
    "transient",  # refused, and not remembered
    "busy",  # somebody else holds the card; inside the flow only
    "slowed",  # this terminal has to wait; nothing executed
    "nonce",  # the signature's nonce was seen before; nothing executed
    "unavailable",  # queue full, ledger away, or too late; nothing promised
]


class Verdict(NamedTuple):
    """What became of one task. `answer` is JSON, to be sent byte for byte.

    `retry_s` is when to come again, where it was not executed.
    """

    status: Status
    rc: str
    answer: bytes
    retry_s: int = 1


def refusal(rc: Rc, message: str, status: Status, field_name: str = "") -> Verdict:
    """Make the verdict of a refusal that the ledger has not seen."""
    answer = Answer(rc=rc.value, message=message, field=field_name)
    return Verdict(status, rc.value, encode_answer(answer))


TOO_MUCH = "too much to do at the moment: repeat"
OVERLOADED = refusal(Rc.SILENT, TOO_MUCH, "unavailable")
AWAY = refusal(Rc.SILENT, "the ledger is away: ask again", "unavailable")
LATE = refusal(Rc.SILENT, "no answer in time: ask for the status", "unavailable")
STOPPING = refusal(Rc.SILENT, "the gateway is stopping: repeat", "unavailable")
FAULT = refusal(Rc.FAULT, "the gateway failed: ask for the status", "unavailable")
NO_ACQUIRER = refusal(Rc.NO_ROUTE, "this terminal has no acquirer", "new", "bank")
NONCE_SEEN = refusal(Rc.MAC, "nonce was used before", "nonce", "nonce")


def slowed(wait_s: int) -> Verdict:
    """Refuse a terminal that tries out cards."""
    told = f"too many unknown cards or wrong codes: again in {wait_s} s"
    return refusal(Rc.TOO_OFTEN, told, "slowed", "card")._replace(retry_s=wait_s)


def advised_too_often(wait_s: int) -> Verdict:
    """Have a terminal tell its advice later: what was done must be told once."""
    told = f"too many unknown cards: tell it again in {wait_s} s"
    return refusal(Rc.SILENT, told, "slowed", "card")._replace(retry_s=wait_s)


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
        answered: it has its answer; what comes later is for who asks again.
    """

    request: Request
    transport: Transport
    done: Callable[[Verdict], None] = field(repr=False)
    born_s: float
    nonce: str | None = field(default=None, repr=False)
    nonce_tried: bool = False
    answered: bool = False
