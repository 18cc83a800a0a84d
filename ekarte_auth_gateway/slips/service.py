"""Slips at the window: rendered as the terminal wants them, printed where it cannot.

Both happen after the ledger, on the way out. An answer without a wish and without a
printer passes through untouched, and a slip that cannot be made never keeps its answer
back: the operation is booked.
"""

import logging
import time
from collections import OrderedDict

from ekarte_auth_gateway.flow import Board, Device
from ekarte_auth_gateway.messages import Task, Verdict, refusal
from ekarte_auth_gateway.slips.paper import knows, slip_bytes
from ekarte_auth_gateway.slips.printers import Fate, Job, Printers
from ekarte_auth_gateway.slips.render import Wish, copies_of, rendered, wish_of
from ekarte_core import Answer, Rc, Request, decode_answer, encode_answer

log = logging.getLogger(__name__)

REMEMBERED = 10_000
USUAL = "default"
_DRAFTS = frozenset({"authorize", "inquire"})  # shown, not printed by the gateway
NO_PROFILE = refusal(
    Rc.FORMAT, "slip names a printer profile that is not known", "transient", "slip"
)


class Slips:
    """Renders and prints; one for all transports. Lives on the event loop."""

    def __init__(self, board: Board, printers: Printers) -> None:
        """Take the board for terminals and what it is printed with."""
        self._board = board
        self._printers = printers
        self._fates: OrderedDict[str, Fate] = OrderedDict()

    def refusal(self, request: Request) -> Verdict | None:
        """Refuse a wish that nobody could fulfil, before anything is booked."""
        wish = wish_of(request.slip)
        return NO_PROFILE if wish.profile and not knows(wish.profile) else None

    def finish(self, task: Task, verdict: Verdict) -> Verdict:
        """Return the verdict as it is to be sent; print where the gateway prints."""
        request = task.request
        if request.slip == "none" or task.transport == "bank":
            return verdict  # a bank's step is on the way: the answer comes later
        device = self._board.device(request.terminal)
        if device is None:
            return verdict
        wish = wish_of(request.slip)
        if not (device.terminal.printer or wish.any):
            return verdict
        try:
            return self._made(task, verdict, wish, device)
        except Exception:
            # It is booked: the answer goes out with its lines as they are stored.
            log.exception("slip cannot be rendered", extra={"slip": request.slip})
            return verdict

    def _made(
        self, task: Task, verdict: Verdict, wish: Wish, device: Device
    ) -> Verdict:
        answer = decode_answer(verdict.answer)
        if device.terminal.printer:
            self._print(task, verdict, answer, device)
        if not wish.any:
            return verdict
        columns = device.terminal.columns
        made = rendered(answer, wish, columns, self._languages(task.request, device))
        if made is answer:
            return verdict
        return verdict._replace(answer=encode_answer(made))

    def _languages(self, request: Request, device: Device) -> tuple[str, str]:
        network = self._board.network
        assert network is not None, "a device comes from a network"
        return request.language, network.issuers[device.branch.issuer].language

    def _print(
        self, task: Task, verdict: Verdict, answer: Answer, device: Device
    ) -> None:
        """Queue a slip: a new one once, an old one when its status is asked."""
        request, terminal = task.request, device.terminal
        again = request.command == "status"
        shown = answer.original if again else answer
        if shown is None or not (shown.slip and shown.txn):
            return
        fate = self._fates.get(shown.txn)
        if again:
            if fate == "waiting":
                return
        elif fate is not None or verdict.status != "new" or request.command in _DRAFTS:
            return
        languages = self._languages(request, device)
        reprint = again and fate != "given up"
        txn = shown.txn

        def make() -> bytes:
            copies = copies_of(shown, languages, reprint=reprint)
            profile = _known(terminal.printer_profile)
            return slip_bytes(copies, profile, terminal.columns)

        def ended(how: Fate) -> None:
            self._note(txn, how)

        self._note(txn, "waiting")
        name = "/".join(str(part) for part in request.key)
        self._printers.put(terminal.printer, Job(name, make, ended, time.monotonic()))

    def _note(self, txn: str, fate: Fate) -> None:
        self._fates[txn] = fate
        self._fates.move_to_end(txn)
        while len(self._fates) > REMEMBERED:
            self._fates.popitem(last=False)

    async def stop(self) -> None:
        """Print what waits, as far as it can be printed soon."""
        await self._printers.stop()


def _known(profile: str) -> str:
    """Return a kind of printer that there is: some paper is better than none."""
    if knows(profile):
        return profile
    log.warning("no such kind of printer", extra={"profile": profile})
    return USUAL
