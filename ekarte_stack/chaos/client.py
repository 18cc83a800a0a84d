"""A client process: some terminals, a thread and a journal each.

    python -m ekarte_stack.chaos.client

reads commands as lines of JSON from standard input: a plan (`Plan` below) begins the
work, an empty object ends it and is answered with how much was asked. It lives for
many plans, because a process takes longer to start than a fault takes to happen.
"""

import dataclasses
import json
import random
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ekarte_core import load_keyring
from ekarte_stack.chaos import town
from ekarte_stack.chaos.journal import Journal
from ekarte_stack.chaos.till import Counter, Seller, TillRun, dial


@dataclass(frozen=True)
class Plan:
    """What the terminals of one process have to do.

    Attributes:
        tills: numbers of the terminals.
        ports: where each door is.
        keyring: the file that the terminals' keys follow from.
        folder: where their journals go.
        seed: of everything that they choose.
        batch: of all their operations; no two plans on one ledger share it.
        cards: how many there are, shared by all terminals.
        activate: whether the cards have yet to be sold.
    """

    tills: tuple[str, ...]
    ports: dict[str, int]
    keyring: str
    folder: str
    seed: str
    batch: int
    cards: int
    activate: bool

    def line(self) -> str:
        """Return what a client process reads."""
        return json.dumps(dataclasses.asdict(self)) + "\n"


def journal_path(folder: Path, till: str) -> Path:
    """Where a terminal's journal lies."""
    return folder / f"{till}.journal"


class Work:
    """The threads of one plan."""

    def __init__(self, plan: Plan) -> None:
        """Begin."""
        self._stop = threading.Event()
        keyring = load_keyring(Path(plan.keyring))
        cards = town.cards(plan.cards)
        self._runs, self._threads = [], []
        for place, till in enumerate(town.TILLS):
            if till.number not in plan.tills:
                continue
            dice = random.Random(f"{plan.seed}/{till.number}")  # noqa: S311 - picks a workload, guards nothing
            seller = Seller(till, dice, Counter(plan.batch), cards)
            line = dial(till, keyring.terminal_key(till.number, 1), plan.ports)
            journal = Journal(journal_path(Path(plan.folder), till.number))
            run = TillRun(seller, line, journal, dice)
            own = cards[place :: len(town.TILLS)] if plan.activate else []
            thread = threading.Thread(
                target=run.work, args=(self._stop, own), daemon=True
            )
            self._runs.append(run)
            self._threads.append(thread)
        for thread in self._threads:
            thread.start()

    def end(self) -> int:
        """Stop; return how much was asked."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        return sum(run.asked for run in self._runs)


def main() -> int:
    """Serve commands until the input ends."""
    work: Work | None = None
    for line in sys.stdin:
        command: dict[str, Any] = json.loads(line)
        if command:
            work = Work(Plan(**command))
        elif work is not None:
            print(json.dumps({"asked": work.end()}), flush=True)
            work = None
    if work is not None:
        work.end()
    return 0


if __name__ == "__main__":
    sys.exit(main())
