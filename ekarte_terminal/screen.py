"""The terminal as a cashier sees it: big sums, one key a function, the slip beside."""

import contextlib
from collections.abc import Callable, Iterator
from typing import ClassVar

from rich.text import Text
from textual import events, work
from textual.app import App, ComposeResult
from textual.containers import Container, Grid, Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Digits, Static

from ekarte_auth_gateway.slips import PrinterAway, SlipInDoubt
from ekarte_core import CardRef, money
from ekarte_terminal import paper
from ekarte_terminal.counter import CLEAR, FUNCTIONS, MORE, Counter, Function, hidden
from ekarte_terminal.dialogue import Act, Dialogue, sum_of
from ekarte_terminal.display import Display
from ekarte_terminal.faults import told
from ekarte_terminal.outcome import Outcome
from ekarte_terminal.reader import ChipWatch, Reader
from ekarte_terminal.session import Session
from ekarte_terminal.texts import LANGUAGES

_CARD_SIGNS = 8  # from here on what is typed is a card, not a sum
_ENTRY_SIGNS = 200
_TEND_S = 1.0
EXIT_FAULT = 4
_FAULT = "ekarte-terminal: the console has failed; nothing is lost, start again"


class Screen(App[int]):
    """One till."""

    TITLE = "E-karte"
    CSS_PATH = "screen.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar = [("ctrl+l", "language"), ("ctrl+q", "quit")]

    def __init__(self, session: Session) -> None:
        """Take the session; the screen is its only user."""
        super().__init__()
        self.session = session
        self.counter = Counter()
        self.words = Display(session)
        self.dialogue = Dialogue(session, self.counter, self.words, self._do)
        self.typed = ""
        self.busy = False
        self._readers: list[Reader | ChipWatch] = []
        self._was_dead = False

    # --- what stands where

    def compose(self) -> ComposeResult:
        """Lay the screen out."""
        yield Horizontal(Static(id="who"), Static(id="keys"), id="top")
        with Horizontal(id="middle"):
            with Vertical(id="left"):
                with Horizontal(id="sums"):
                    with Container(classes="sum"):
                        yield Static(id="amount-label")
                        yield Digits(id="amount")
                    with Container(classes="sum"):
                        yield Static(id="due-label")
                        yield Digits(id="due")
                yield Static(id="banner")
                yield Static(id="card")
                yield Static(id="entry")
            with Vertical(id="right"):
                yield Static(id="slip-label")
                yield VerticalScroll(Static(id="slip"))
        with Grid(id="functions"):
            for function in FUNCTIONS:
                yield Static(id=f"do-{function.name}", classes="function")

    def on_mount(self) -> None:
        """Begin: what an earlier run left in doubt comes first."""
        address = self.session.settings.reader
        with self._guarded():
            if address:
                self._readers.append(Reader(address, self._was_read))
            if self.session.slot is not None:
                self._readers.append(ChipWatch(self.session.slot, self._was_read))
            for reader in self._readers:
                reader.start()
            self._show()
            self._work(self._find_again)
            self.set_interval(_TEND_S, self._tend)

    def on_unmount(self) -> None:
        """Let go of the readers."""
        for reader in self._readers:
            reader.stop()

    # --- what is typed and read

    def on_key(self, event: events.Key) -> None:
        """Functions, Enter, and signs for the entry."""
        with self._guarded():
            if self._pressed(event):
                self._show()

    def on_paste(self, event: events.Paste) -> None:
        """A reader that pastes."""
        with self._guarded():
            self.typed = (self.typed + event.text.strip())[:_ENTRY_SIGNS]
            self._show()

    def _pressed(self, event: events.Key) -> bool:
        """Take a key; say whether it is one of ours."""
        more = event.character == MORE and not self.typed
        key = "f11" if more and self.dialogue.question is None else event.key
        function = next((f for f in (*FUNCTIONS, CLEAR) if f.key == key), None)
        if function is not None:
            event.prevent_default()
            if not self.busy:
                self._function(function)
        elif event.key == "enter":
            self._enter()
        elif event.key == "backspace":
            self.typed = self.typed[:-1]
        elif event.is_printable and event.character:
            self.typed = (self.typed + event.character)[:_ENTRY_SIGNS]
        else:
            return False
        return True

    def _was_read(self, line: str) -> None:
        """Take a line of the serial reader; it comes from its own thread."""
        with contextlib.suppress(RuntimeError):  # the screen is being closed
            self.call_from_thread(self._take_line, line)

    def _take_line(self, line: str) -> None:
        with self._guarded():
            question = self.dialogue.question
            if question is not None and question.secret:
                return  # a card is no access code
            self.typed = line
            self._enter()
            self._show()

    def _enter(self) -> None:
        if self.busy:
            return
        typed, self.typed = self.typed.strip(), ""
        counter = self.counter
        if self.dialogue.question is not None:
            self.dialogue.answer(typed)
            return
        self.dialogue.note = ""
        if typed:
            self._entered(typed)
        elif counter.outcome and counter.outcome.kind == "in_doubt":
            self._work(self._find_again)
        elif counter.outcome is None and counter.card and counter.amount:
            self._function(FUNCTIONS[0])

    def _entered(self, typed: str) -> None:
        doubt = self.counter.outcome
        if doubt is not None and doubt.kind == "in_doubt":
            self.dialogue.note = self.words.say("do_doubt")
            return
        try:
            self.counter.enter(typed, self.session.journal.batch)
        except ValueError:
            self.dialogue.note = self.words.say("bad_entry")
            return
        if self.counter.card is not None:
            self._work(self._look)

    # --- functions

    def _function(self, function: Function) -> None:
        self.typed = ""
        if function is CLEAR:
            self._clear()
        elif self.counter.over and (function.card or function.amount):
            self.dialogue.note = self.words.say("hint_next")
        else:
            self.dialogue.begin(function)

    def _clear(self) -> None:
        asked, self.dialogue.question = self.dialogue.question, None
        self.dialogue.note = ""
        outcome = self.counter.outcome
        doubt = outcome is not None and outcome.kind == "in_doubt"
        # A doubt stays on the disk; who may decide alone goes on with the next one.
        if asked is None and (not doubt or self.session.decides):
            self.counter.clear()

    # --- the session works in a thread; one thing at a time

    def _do(self, act: Act) -> None:
        self._work(lambda: self._done(act()))

    def _work(self, act: Callable[[], None], *, quiet: bool = False) -> None:
        self.busy = True
        if not quiet:
            self._show()
        self._in_thread(act)

    @work(thread=True, exit_on_error=True)
    def _in_thread(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as fault:  # noqa: BLE001 - a trace would show cards on the console
            self.call_from_thread(self._give_up, fault)
        finally:
            self.busy = False
            self.call_from_thread(self._show)

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except Exception as fault:  # noqa: BLE001 - a trace would show cards on the console
            self._give_up(fault)

    def _give_up(self, fault: Exception) -> None:
        """Leave; what is on the disk is resolved at the next start."""
        self.exit(EXIT_FAULT, EXIT_FAULT, f"ekarte-terminal: {told(fault)}")

    def _fatal_error(self) -> None:
        """Textual's own faults: it would show every variable of the trace."""
        self._exit_renderables.append(Text(_FAULT))
        self._close_messages_no_wait()

    def _look(self) -> None:
        """Ask what the card has, and what it would come to."""
        card, amount = self.counter.card, self.counter.amount
        goods = {"amount": amount} if amount else {}
        outcome = self.session.run("inquire", card=card, **goods)
        if outcome.kind != "approved":
            self.counter.trouble = outcome
            if outcome.kind == "declined" and amount:  # too much: what does it have?
                outcome = self.session.run("inquire", card=card)
        if outcome.kind == "approved":
            self.counter.told = outcome.answer
        elif outcome.answer is None and card is not None:
            self._look_at_chip(card)

    def _look_at_chip(self, card: CardRef) -> None:
        """Nobody answers: a card that keeps its account says by itself what it has."""
        slot = self.session.slot
        told = slot.says(card, self.session.settings.currency) if slot else None
        if told is not None:
            self.counter.told, self.counter.trouble = told, None
            self.dialogue.note = self.words.say("chip_says")

    def _tend(self) -> None:
        """Between customers: tell what was decided alone, load parameters."""
        with self._guarded():
            if self.busy or self.typed or self.dialogue.question is not None:
                return
            if self.session.tasks:
                self._work(self._tend_now, quiet=True)
            elif self._was_dead != self.session.dead:
                self._was_dead = self.session.dead
                self._show()

    def _tend_now(self) -> None:
        for outcome in self.session.tend():
            if outcome.kind == "declined" or (
                outcome.answer is not None and outcome.answer.exceptions
            ):
                self.dialogue.note = self.words.say("alone_differs")

    def _find_again(self) -> None:
        self.session.try_again()
        for outcome in self.session.resolve():
            self._done(outcome)

    def _done(self, outcome: Outcome) -> None:
        self.counter.outcome = outcome
        if self.session.slot is not None and self.session.slot.pulled:
            self.dialogue.note = self.words.say("chip_pulled")
        answer = self.counter.shown
        if answer is None or outcome.kind not in ("approved", "declined"):
            return
        if outcome.command == "inquire":
            return
        try:
            again = outcome.command == "status"
            settings, language = self.session.settings, self.session.language
            if paper.print_answer(answer, settings, language, reprint=again):
                self.dialogue.note = self.words.say("printed")
        except (PrinterAway, SlipInDoubt, ValueError):
            self.dialogue.note = self.words.say("printer")

    # --- showing

    def action_language(self) -> None:
        """Go to the next language."""
        place = LANGUAGES.index(self.session.language) + 1
        self.session.language = LANGUAGES[place % len(LANGUAGES)]
        self._show()

    def _put(self, name: str, content: str | Content) -> None:
        self.query_one(f"#{name}", Static).update(content)

    def _show(self) -> None:
        """Show what lies on the counter."""
        say, counter = self.words.say, self.counter
        self._show_top()
        typing = self.typed if self._types_a_sum() else ""
        with contextlib.suppress(ValueError):
            amount = sum_of(typing) if typing else counter.amount
            self.query_one("#amount", Digits).update(money(amount, "en"))
        due = 0 if typing else counter.due
        self.query_one("#due", Digits).update(money(due, "en"))
        self._put("amount-label", say("amount"))
        self._put("due-label", say("due"))
        question = self.dialogue.question
        page = question.page if question is not None else None
        self._put("card", self.words.card(counter) if page is None else page())
        self._show_banner()
        self._put("entry", Content(self._entry_text()))
        self._put("slip-label", say("slip"))
        self._put("slip", self.words.slip(counter))
        self._show_functions()

    def _show_top(self) -> None:
        settings, session = self.session.settings, self.session
        who = f" E-karte  {settings.number}   {settings.connect}"
        self._put("who", Content(who))
        clear = self.words.say("clear")
        keys = f"{self.words.line()}   # {session.journal.batch}   Esc {clear}   "
        keys += f"Ctrl+L {session.language.upper()}   Ctrl+Q ✕ "
        self._put("keys", Content(keys))

    def _show_functions(self) -> None:
        for function in FUNCTIONS:
            label = self.words.say(function.name)
            self._put(f"do-{function.name}", f"[b]{function.key.upper()}[/b]\n{label}")
            ready = not self.busy and not self.counter.lacks(function)
            over = self.counter.over and (function.card or function.amount)
            place = self.query_one(f"#do-{function.name}")
            place.set_class(ready and not over, "ready")

    def _types_a_sum(self) -> bool:
        return (
            self.dialogue.question is None
            and len(self.typed) < _CARD_SIGNS
            and self.typed[:1].isdigit()
        )

    def _show_banner(self) -> None:
        banner = self.query_one("#banner", Static)
        outcome = self.counter.outcome or self.counter.trouble
        kinds = ("approved", "declined", "in_doubt", "refused_here")
        for kind in kinds:
            banner.set_class(outcome is not None and outcome.kind == kind, kind)
        banner.set_class(outcome is not None and outcome.alone, "alone")
        banner.set_class(self.busy, "busy")
        if self.busy:
            banner.update(self.words.say("busy"))
        elif outcome is None:
            banner.update("")
        else:
            banner.update(self.words.outcome(outcome))

    def _entry_text(self) -> str:
        question = self.dialogue.question
        if question is not None:
            typed = "•" * len(self.typed) if question.secret else self.typed
            return f"{question.text}{question.usual}\n▸ {typed}▏"
        hint = self.dialogue.note or self.words.hint(self.counter)
        shown = self.typed if self._types_a_sum() else hidden(self.typed)
        return f"{hint}\n▸ {shown}▏"


def show(session: Session) -> int:
    """Run the screen until the cashier leaves it."""
    return Screen(session).run() or 0
