"""The terminal without a line: its parameters, and what it may decide by them.

Parameters are downloaded while somebody answers and kept in the state folder; the
rules and the floor limits are the core's.
"""

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta

import msgspec

from ekarte_auth_gateway.parameters import Download, ParametersRefused, key_id_of
from ekarte_core import (
    ALONE,
    APPROVED,
    Answer,
    Network,
    Offline,
    Parameters,
    ParametersWish,
    Parser,
    Request,
    SoFar,
    decide_alone,
)
from ekarte_terminal.chip import CardGone, PinRefused
from ekarte_terminal.disk import write_whole
from ekarte_terminal.settings import Settings
from ekarte_terminal.slot import Slot
from ekarte_terminal.vault import Vault

_offline = Parser(Offline)
_SEEN_EVERY = timedelta(minutes=1)
_UNREADABLE = -1
FIGURES = "figures"  # exception of ours: the slip in the customer's hand differs


class Alone:
    """What this terminal may do by itself.

    Attributes:
        vault: what is to be told, and what cards have had.
    """

    def __init__(
        self,
        settings: Settings,
        key: bytes,
        now: Callable[[], datetime],
        slot: Slot | None = None,
    ) -> None:
        """Take the settings, the terminal's key and the clock; read what is there.

        `slot`: the reader of chip cards that keep their account; None: no such.
        """
        self._slot = slot
        self._folder = settings.state / "offline"
        self.vault = Vault(self._folder, settings.number, key)
        self._settings = settings
        self._now = now
        self._network: Network | None = None
        self._newest: int | None = None  # nobody has said yet
        self._refused: int | None = None
        self._seen = datetime.min.replace(tzinfo=now().tzinfo)
        trusted = {key_id_of(key): key for key in settings.parameters_keys}
        self._download = Download(settings.branch, trusted, self._read(trusted))
        self._put_in_force()

    # --- parameters

    @property
    def version(self) -> int:
        """The version in force, 0 none."""
        document = self._download.document
        return 0 if document is None else document.version

    def heard(self, answer: Answer) -> None:
        """Somebody answered: are our parameters still the newest?"""
        self._newest = answer.params_version or self._newest
        if answer.params_version and answer.params_version == self.version:
            self._see(self._now())

    @property
    def wish(self) -> ParametersWish | None:
        """What to ask for next; None: nothing is wanted."""
        wanted = self._newest is None or self._newest != self.version
        given_up = self._newest is not None and self._newest == self._refused
        return self._download.wish() if wanted and not given_up else None

    def give_up(self) -> None:
        """Nobody tells parameters, or not right ones: ask when there are others."""
        self._refused = self._newest

    def take(self, part: Parameters) -> None:
        """Take a chunk; a document that is not right leaves the old one in force."""
        try:
            document = self._download.take(part)
        except ParametersRefused:
            if part.kind == "full":
                self.give_up()
            return
        if part.kind == "same":
            self._newest = self.version
        if document is not None:
            self._newest = document.version
            self._put_in_force()
            write_whole(self._folder / "parameters.json", self._download.text)
            self._see(self._now(), always=True)

    def _put_in_force(self) -> None:
        document = self._download.document
        self._network = None if document is None else document.rules()

    def _read(self, trusted: dict[str, bytes]) -> bytes:
        path = self._folder / "parameters.json"
        if not path.exists():
            return b""
        text = path.read_bytes()
        try:
            Download(self._settings.branch, trusted, text)
        except ParametersRefused:
            return b""  # of another edition: it is loaded again
        seen = self._folder / "seen.json"
        if seen.exists():
            self._seen = datetime.fromisoformat(json.loads(seen.read_bytes()))
        return text

    def _see(self, at: datetime, *, always: bool = False) -> None:
        if always or at - self._seen > _SEEN_EVERY:
            self._seen = at
            write_whole(self._folder / "seen.json", json.dumps(at.isoformat()).encode())

    # --- deciding

    def able(self, command: str) -> bool:
        """Say whether a command may be decided here at all."""
        terminal = (
            None
            if self._network is None
            else self._network.terminals.get(self._settings.number)
        )
        return (
            command in ALONE and terminal is not None and terminal.offline is not None
        )

    def answer(self, request: Request, count: int) -> Answer:
        """Decide; nothing is written. `count`: what waits to be told."""
        return self._decided(request, count, self._left(request))

    def _decided(self, request: Request, count: int, left: int | None) -> Answer:
        assert self._network is not None, "able first"
        at = request.local_time or self._now()
        document = self._download.document
        card = request.card
        stopped, spent = "", 0
        if card is not None and document is not None:
            stopped = document.stopped(card)
            spent = self.vault.spent(card, self._day(at)) if not stopped else 0
        # A clock that was put back says nothing of the list's age.
        age = timedelta.max if self._seen - at > _SEEN_EVERY else at - self._seen
        so_far = SoFar(
            card_day=spent, count=count, list_age=age, stopped=stopped, left=left
        )
        return decide_alone(request, self._network, so_far, at)

    def _left(self, request: Request) -> int | None:
        card = request.card
        if self._slot is None or card is None or card.kind != "chip":
            return None
        try:
            return self._slot.left(card, request.operation)
        except CardGone:
            return _UNREADABLE

    def keep(self, request: Request, answer: Answer) -> Answer:
        """Put on the disk what is to be told of a decision, and count it.

        A chip writes first what is taken from it. If it was pulled out meanwhile it may
        have lost what nobody got, until the host tells it again; never the reverse.
        The answer is then another one, and nothing is to be told.
        """
        assert request.card is not None, "decided by a card"
        assert request.local_time is not None, "the journal has set it"
        self.vault.spend(request.card, self._day(request.local_time), answer.amount)
        taken = sum(answer.tendered.values())
        counter = 0
        if self._slot is not None and request.card.kind == "chip" and taken:
            try:
                counter = self._slot.spend(request.card, taken)
            except (CardGone, PinRefused):
                return self._decided(request, 0, _UNREADABLE)
        self.vault.keep(advice_of(request, answer, counter))
        return answer

    def _day(self, at: datetime) -> date:
        assert self._network is not None
        branch = self._network.branches[self._settings.branch]
        return self._network.business_day(branch, at)


def advice_of(request: Request, answer: Answer, counter: int = 0) -> Request:
    """Return how a decision is told."""
    return msgspec.structs.replace(
        request,
        command="advice",
        access_code=None,
        tender=None,
        slip="none",
        offline=_offline.from_tree(
            {
                "command": request.command,
                "discount": answer.discount,
                "amount_due": answer.amount_due,
                "tendered": answer.tendered,
                "counter": counter,
                "params_version": answer.params_version,
            }
        ),
    )


def compared(mine: Answer, answer: Answer) -> Answer:
    """Add what the customer's slip says otherwise to what people look at.

    The answer may be that of the very message that was lost, decided with a balance.
    """
    same = (mine.discount, mine.amount_due) == (answer.discount, answer.amount_due)
    if answer.exceptions or answer.rc not in APPROVED or same:
        return answer
    return msgspec.structs.replace(answer, exceptions=(FIGURES,))
