"""What is asked before a command goes out: one question after the other.

Knows no console: the screen shows the question and hands over what was typed.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from ekarte_core import Line, Original, money
from ekarte_terminal.amounts import typed_amount
from ekarte_terminal.cards import read_original
from ekarte_terminal.counter import MENU, Counter, Function
from ekarte_terminal.display import Display
from ekarte_terminal.outcome import Outcome
from ekarte_terminal.session import Session

_REASONS = {"0": "", "1": "lost", "2": "stolen", "3": "closed"}
_YES_NO = {"0": False, "1": True}
_PURPOSE = "news"


class Question(NamedTuple):
    """Something asked before a command goes out; `usual` is what Enter alone means.

    `page` stands where the card is else: a menu, a list.
    """

    text: str
    then: Callable[[str], None]
    usual: str = ""
    secret: bool = False
    page: Callable[[], str] | None = None


Act = Callable[[], Outcome]


class Dialogue:
    """Asks what a function needs besides the sum and the card.

    Attributes:
        question: what is asked now, None nothing.
        note: what was wrong with what was typed, or what else there is to say.
    """

    def __init__(
        self,
        session: Session,
        counter: Counter,
        display: Display,
        do: Callable[[Act], None],
    ) -> None:
        """`do` takes what the session is to do, and shows what came of it."""
        self.question: Question | None = None
        self.note = ""
        self._session = session
        self._counter = counter
        self._display = display
        self._say = display.say
        self._do = do
        self._asks: dict[str, Callable[[], None]] = {
            "pay": self._ask_tender,
            "voucher": self._ask_voucher,
            "refund": self._ask_original,
            "reverse": lambda: self._ask_sure(session.cancel),
            "close": lambda: self._ask_sure(session.close_batch),
            "status": lambda: self._do(session.reprint),
            "more": self._ask_menu,
            "confirm": self._ask_hold,
            "redeem": self._ask_prize,
            "enroll": self._ask_news,
            "set_code": self._ask_old_code,
            "block": self._ask_reason,
            "alone": self._show_alone,
        }

    def begin(self, function: Function) -> None:
        """Do a function, or ask what it needs."""
        self.note, self.question = "", None
        lacks = self._counter.lacks(function)
        if lacks:
            self.note = self._say(lacks)
            return
        ask = self._asks.get(function.name)
        if ask is not None:
            ask()
        else:
            self._send(function.name, **self._goods(function))

    def answer(self, typed: str) -> None:
        """Take what was typed to the question; what makes no sense ends it."""
        question, self.question, self.note = self.question, None, ""
        assert question is not None
        try:
            question.then(typed or question.usual)
        except (ValueError, KeyError):
            self.note = self._say("bad_entry")

    def _send(self, command: str, **fields: Any) -> None:
        self._do(lambda: self._session.run(command, **fields))

    def _goods(self, function: Function) -> dict[str, Any]:
        made: dict[str, Any] = {"card": self._counter.card}
        if self._counter.amount and function.name not in ("check_in", "unblock"):
            made["amount"] = self._counter.amount
        if function.name == "inquire":
            made["slip"] = f"text:{self._session.settings.columns}"
        return made

    def _ask(self, key: str, then: Callable[[str], None], usual: str = "") -> None:
        self.question = Question(self._say(key), then, usual)

    def _ask_hidden(self, key: str, then: Callable[[str], None]) -> None:
        self.question = Question(self._say(key), then, secret=True)

    # --- what the card pays

    def _ask_tender(self) -> None:
        usual = money(self._counter.takeable(), "en")
        self._ask("ask_tender", self._ask_code, usual)

    def _ask_code(self, told: str) -> None:
        tender = self._counter.tender(sum_of(told))
        counter = self._counter

        def pay(code: str) -> None:
            secret = {"access_code": code} if code else {}
            goods = {"card": counter.card, "amount": counter.amount}
            self._send("sale", tender=tender, **goods, **secret)

        if counter.told is not None and counter.told.code_asked:
            self._ask_hidden("ask_code", pay)
        else:
            pay("")

    def _ask_voucher(self) -> None:
        told = self._counter.told
        usual = told.vouchers[0].code if told is not None and told.vouchers else ""
        amount = {"amount": self._counter.amount} if self._counter.amount else {}

        def use(code: str) -> None:
            self._send(
                "voucher", card=self._counter.card, tender={"voucher": code}, **amount
            )

        self._ask("ask_voucher", use, usual)

    # --- what follows another operation

    def _ask_original(self) -> None:
        def refund(original: Original) -> None:
            self._send("refund", amount=self._counter.amount, original=original)

        if self._counter.original is not None:
            refund(self._counter.original)
        else:
            self._ask_which("ask_original", "", refund)

    def _ask_hold(self) -> None:
        amount = {"amount": self._counter.amount} if self._counter.amount else {}

        def confirm(original: Original) -> None:
            self._send("confirm", original=original, **amount)

        self._ask_which("ask_hold", "authorize", confirm)

    def _ask_which(
        self, key: str, command: str, then: Callable[[Original], None]
    ) -> None:
        """Ask for an operation; usually the last one, of a command if that is told."""
        journal = self._session.journal
        done = [
            entry.operation
            for entry in journal.entries.values()
            if entry.approved and command in ("", entry.command)
        ]
        usual = f"{journal.batch}/{done[-1]}" if done else ""
        self._ask(key, lambda typed: then(read_original(typed, journal.batch)), usual)

    def _ask_sure(self, act: Act) -> None:
        self._ask("ask_sure", lambda _: self._do(act))

    # --- the menu

    def _ask_menu(self) -> None:
        by_key = {function.key: function for function in MENU}
        self.question = Question(
            self._say("ask_menu"),
            lambda typed: self.begin(by_key[typed]),
            page=lambda: self._display.menu(self._counter),
        )

    def _show_alone(self) -> None:
        self.question = Question(
            self._say("hint_back"), lambda _: None, page=self._display.alone
        )

    def _ask_prize(self) -> None:
        amount = self._counter.amount

        def redeem(number: str) -> None:
            line = Line(sku=number, amount=amount)
            self._send("redeem", card=self._counter.card, lines=(line,))

        self._ask("ask_prize", redeem, "1")

    def _ask_news(self) -> None:
        def enroll(typed: str) -> None:
            consents = {_PURPOSE: _YES_NO[typed]}
            self._send("enroll", card=self._counter.card, consents=consents)

        self._ask("ask_news", enroll, "0")

    def _ask_reason(self) -> None:
        def block(typed: str) -> None:
            self._send("block", card=self._counter.card, reason=_REASONS[typed])

        self._ask("ask_reason", block, "0")

    def _ask_old_code(self) -> None:
        told = self._counter.told
        if told is not None and told.code_asked:
            self._ask_hidden("ask_old_code", self._ask_new_code)
        else:
            self._ask_new_code("")

    def _ask_new_code(self, old: str) -> None:
        def again(new: str) -> None:
            self._ask_hidden("ask_again_code", lambda typed: change(new, typed))

        def change(new: str, typed: str) -> None:
            if new != typed:
                self.note = self._say("bad_again")
                return
            known = {"access_code": old} if old else {}
            card = self._counter.card
            self._send("set_code", card=card, new_access_code=new, **known)

        self._ask_hidden("ask_new_code", again)


def sum_of(told: str) -> int:
    """Return the sum that was typed, '' none.

    Raises:
        ValueError: it is none.
    """
    return typed_amount(told.rstrip(".,") or "0")
