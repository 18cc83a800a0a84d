"""What stands on the screen about a counter, as text with textual's marks.

Pure. Whatever came from outside is escaped: a bracket in it is a bracket.
"""

from ekarte_core import Answer, Balance, Voucher, money
from ekarte_terminal import paper
from ekarte_terminal.cards import masked
from ekarte_terminal.counter import FUNCTIONS, MENU, Counter
from ekarte_terminal.journal import Entry
from ekarte_terminal.outcome import SILENCE, Outcome
from ekarte_terminal.session import Session
from ekarte_terminal.texts import exception, text, what_to_do


def escape(told: str) -> str:
    """Return text from outside as text, whatever brackets it has."""
    return told.replace("\\", "/").replace("[", "\\[")


_ROWS = 12
_NOT_FOUND = "25"
_MARKS = {"approved": "✔", "declined": "✘", "in_doubt": "?", "refused_here": "!"}
_NAMED = frozenset(function.name for function in (*FUNCTIONS, *MENU))


class Display:
    """Words for what lies on the counter, in the language of the session."""

    def __init__(self, session: Session) -> None:
        """Take the session whose language and settings count."""
        self._session = session

    def say(self, key: str) -> str:
        """Return a text in the language of now."""
        return text(key, self._session.language)

    def money(self, amount: int) -> str:
        """Return a sum with its currency."""
        currency = self._session.settings.currency
        return f"{money(amount, self._session.language)} {currency}"

    def card(self, counter: Counter) -> str:
        """Return the card, its balances and vouchers, and what the sum comes to."""
        lines = []
        if counter.card is not None:
            lines.append(f"[b]{self.say('card')}  {masked(counter.card)}[/b]")
        answer = counter.shown
        if answer is not None:
            if answer.discount:
                lines.append(
                    f"{self.say('discount'):<16}{self.money(-answer.discount)}"
                )
            taken = sum(answer.tendered.values())
            if taken:
                lines.append(f"{self.say('taken'):<16}{self.money(-taken)}")
            points = sum(row.points for row in answer.earned)
            if points:
                lines.append(f"{self.say('earned'):<16}{points:+d}")
            lines += [
                self._balance(balance)
                for balance in answer.balances
                if balance.unit != "turnover"  # the slip tells what it leads to
            ]
            lines += [self._voucher(voucher) for voucher in answer.vouchers]
        return "\n".join(lines)

    def _balance(self, balance: Balance) -> str:
        if balance.unit in (self._session.settings.currency, "credit"):
            shown = self.money(balance.value)
            free = self.money(balance.available)
        else:
            shown, free = f"{balance.value} {balance.unit}", str(balance.available)
        more = ""
        if balance.value != balance.available:
            more = f"  ({self.say('free')} {free})"
        return escape(f"{balance.program:<16}{shown}{more}")

    def _voucher(self, voucher: Voucher) -> str:
        worth = voucher.product or self.money(voucher.value)
        end = voucher.valid_until
        until = "" if end is None else f"  {self.say('until')} {end:%d.%m.%Y}"
        return escape(f"{self.say('voucher'):<16}{worth}  # {voucher.code}{until}")

    def alone(self) -> str:
        """List what was decided without a line, and what became of it."""
        rows = [
            self._decided(entry)
            for entry in self._session.journal.entries.values()
            if entry.alone is not None and not entry.never
        ]
        head = f"[b]{self.say('alone')}[/b]\n\n"
        return head + ("\n".join(rows[-_ROWS:]) or self.say("alone_none"))

    def _decided(self, entry: Entry) -> str:
        language = self._session.language
        amount = 0 if entry.alone is None else entry.alone.amount
        if entry.waits:
            became = self.say("alone_waits")
        elif entry.differs:
            kinds = entry.exceptions or ("card_unknown",)
            became = "⚠ " + ", ".join(exception(kind, language) for kind in kinds)
        else:
            became = "✔ " + self.say("alone_told")
        row = f"{entry.operation:>5}  {entry.at[11:16]}  {entry.card[-9:]}"
        return escape(f"{row}  {self.money(amount):>12}  {became}")

    def line(self) -> str:
        """Return how the line is, and what waits for it, for the top of the screen."""
        journal = self._session.journal
        waiting = len(journal.waiting())
        differ = sum(entry.differs for entry in journal.entries.values())
        said = f"○ {self.say('alone')}" if self._session.dead else ""
        if waiting:
            said += f"  ⇡ {waiting}"
        return f"{said}  ⚠ {differ}" if differ else said

    def menu(self, counter: Counter) -> str:
        """Return what else the terminal does; dim what lacks something."""
        made = [f"[b]{self.say('more')}[/b]\n"]
        for function in MENU:
            row = f" {function.key}  {self.say(function.name)}"
            made.append(f"[dim]{row}[/dim]" if counter.lacks(function) else row)
        return "\n".join(made)

    def outcome(self, outcome: Outcome) -> str:
        """Return what became of a command, and what the cashier does now."""
        answer = outcome.answer
        head = f"[b]{_MARKS[outcome.kind]} {self.say(outcome.kind)}[/b]"
        if outcome.alone:
            head += f"  [b]{self.say('alone').upper()}[/b]"
        name = "sale" if outcome.command not in _NAMED else outcome.command
        head += f"   {self.say(name)}"
        if outcome.operation:
            head += f" {outcome.batch}/{outcome.operation}"
        return "\n".join(part for part in (head, self._why(outcome, answer)) if part)

    def _why(self, outcome: Outcome, answer: Answer | None) -> str:
        if outcome.kind == "in_doubt":
            return self.say("do_doubt")
        if outcome.kind == "refused_here":
            silent = outcome.fault == SILENCE
            return self.say("do_line") if silent else escape(outcome.fault)
        if outcome.kind == "declined" and answer is not None:
            return self._refusal(outcome, answer)
        if outcome.alone and answer is not None and answer.exceptions:
            return self.say("alone_differs")
        return self.say("found") if outcome.found else ""

    def _refusal(self, outcome: Outcome, answer: Answer) -> str:
        if outcome.found and answer.rc == _NOT_FOUND:
            return self.say("lost")
        todo = what_to_do(answer.rc, self._session.language)
        return f"{answer.rc}  {escape(answer.message)}\n→ {todo}"

    def hint(self, counter: Counter) -> str:
        """Return what the cashier may do next."""
        if counter.over:
            assert counter.outcome is not None
            doubt = counter.outcome.kind == "in_doubt"
            return self.say("do_doubt" if doubt else "hint_next")
        if counter.outcome is not None and counter.amount:
            return self.say("hint_again")
        if counter.card is not None:
            return self.say("hint_go" if counter.amount else "hint_amount")
        return self.say("hint_card" if counter.amount else "hint")

    def slip(self, counter: Counter) -> str:
        """Return the slip as it would lie on paper."""
        outcome, answer = counter.outcome, counter.shown
        if outcome is None or answer is None or not answer.slip:
            return f"[dim]{self.say('no_slip')}[/dim]"
        again = outcome.command == "status"
        width = self._session.settings.columns
        made = []
        for row in paper.rows(
            answer, self._session.settings, self._session.language, reprint=again
        ):
            line = escape(row.text)
            if row.style == "cut":
                line = "─" * (width - 2) + " ✂"
            made.append(f"[b]{line}[/b]" if row.style == "bold" else line)
        return "\n".join(made)
