"""Replay past operations and say what other rules would have changed."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from ekarte_core.codes import APPROVED
from ekarte_core.keyring import KEY_BYTES, PURPOSES, Keyring
from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.queries import SQL
from ekarte_core.network.compiled import Network
from ekarte_core.replay import past as read
from ekarte_core.replay.past import PastOperation
from ekarte_core.replay.world import World
from ekarte_core.rules.plan import Plan
from ekarte_core.service.versions import Versions

DIFFERENCES_MAX = 100
CARDS_AT_ONCE = 500
SHOWN_MAX = 10
_NO_SECRETS = {(purpose, 1): bytes(KEY_BYTES) for purpose in PURPOSES}
"""Rules need a keyring; nothing that a replay decides depends on a key."""


class Figures(msgspec.Struct, kw_only=True):
    """Sums over the replayed span, as it was and as it would have been.

    Money in minor units. `liability`: what the books owe for value on cards at the end.
    """

    operations: int = 0
    refused: int = 0  # approved then, refused by these rules
    discount_was: int = 0
    discount: int = 0
    points_was: dict[str, int] = {}
    points: dict[str, int] = {}
    liability_was: dict[str, int] = {}
    liability: dict[str, int] = {}


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One operation that these rules decide otherwise."""

    operation: int
    command: str
    rc: str
    discount_was: int
    discount: int
    due_was: int
    due: int
    points_was: int
    points: int


class Replay(msgspec.Struct, kw_only=True):
    """What a replay found; `differing` counts all, `differences` shows the first."""

    figures: Figures
    seller: str = ""
    differing: int = 0
    differences: list[Difference] = []

    @property
    def same(self) -> bool:
        """True when these rules decide everything as it was decided."""
        figures = self.figures
        return not self.differing and figures.liability == figures.liability_was


def replay(
    cr: Cursor,
    draft: Network | None,
    since: datetime,
    until: datetime,
    progress: Callable[[int], None] = lambda _cards: None,
    *,
    seller: str = "",
) -> Replay:
    """Decide past operations again without writing anything.

    Args:
        cr: a cursor to read with.
        draft: the rules to try; None: each operation by the version it was decided by,
            which must give no difference.
        since: operations before it run by their own version, to know the cards' state.
        until: the end of the span.
        progress: told how many cards have been done.
        seller: compare operations at this issuer's branches only; '' for all.
    """
    found = Replay(figures=Figures(), seller=seller)
    versions = Versions()
    done = 0
    chunk: list[int] = []
    for family in read.families(cr, since, until):
        chunk += family
        if len(chunk) >= CARDS_AT_ONCE:
            _cards(cr, versions, chunk, draft, since, until, found)
            done += len(chunk)
            progress(done)
            chunk = []
    _cards(cr, versions, chunk, draft, since, until, found)
    progress(done + len(chunk))
    return found


def _cards(
    cr: Cursor,
    versions: Versions,
    ids: list[int],
    draft: Network | None,
    since: datetime,
    until: datetime,
    found: Replay,
) -> None:
    """Replay some cards twice: by their own versions, and by the draft."""
    past = read.operations(cr, ids, until)
    cards, types = read.cards(cr, ids), read.memberships(cr, ids)
    keyring = Keyring(_NO_SECRETS)
    was = World(cards, types, keyring)
    would = World(cards, types, keyring) if draft is not None else was
    for operation in past:
        own = versions.find(cr, operation.network_version)
        assert own is not None, "an operation without its version: see invariant I0"
        plan = was.run(operation, own)
        if draft is not None:
            tried = draft if operation.at >= since else own
            usable = operation.branch in tried.branches or not operation.branch
            plan = would.run(operation, tried if usable else own)
        ours = found.seller in ("", operation.issuer)
        if ours and operation.at >= since and not operation.terminal.startswith("~"):
            _compare(found, operation, plan)
    _add_liability(found.figures.liability, would)
    if draft is not None:
        _add_liability(found.figures.liability_was, was)
        return
    # The live rules must arrive at what the ledger holds.
    cr.execute(SQL["replay_liability"], {"cards": ids})
    _add(found.figures.liability_was, dict(cr.fetchall()))


def _compare(found: Replay, past: PastOperation, plan: Plan) -> None:
    figures, said = found.figures, past.said
    approved = plan.rc in APPROVED
    points_was = {one.program: one.points for one in said.earned}
    points = {one.program: one.points for one in plan.earned} if approved else {}
    figures.operations += 1
    figures.refused += not approved
    figures.discount_was += said.discount
    figures.discount += plan.discount if approved else 0
    _add(figures.points_was, points_was)
    _add(figures.points, points)
    same = (
        plan.rc.value == past.rc
        and (plan.amount, plan.discount, plan.amount_due)
        == (past.amount, past.discount, past.amount_due)
        and points == points_was
        and plan.converted == said.converted
    )
    if same:
        return
    found.differing += 1
    if len(found.differences) < DIFFERENCES_MAX:
        found.differences.append(
            Difference(
                operation=past.id,
                command=past.command,
                rc=plan.rc.value,
                discount_was=past.discount,
                discount=plan.discount,
                due_was=past.amount_due,
                due=plan.amount_due,
                points_was=sum(points_was.values()),
                points=sum(points.values()),
            )
        )


def _add(sums: dict[str, int], more: dict[str, int]) -> None:
    for name, amount in more.items():
        sums[name] = sums.get(name, 0) + amount


def _add_liability(sums: dict[str, int], world: World) -> None:
    for _account, purse in world.purses():
        if purse.carry:
            _add(sums, {purse.program: purse.carry})


def in_words(found: Replay) -> str:
    """Write a replay's findings as a small table for people."""
    figures = found.figures
    rows = [
        ("operations", figures.operations, figures.operations - figures.refused),
        ("discount", figures.discount_was, figures.discount),
    ]
    for name, was, now in (
        ("points", figures.points_was, figures.points),
        ("liability", figures.liability_was, figures.liability),
    ):
        for program in sorted({*was, *now}):
            rows.append((f"{name} {program}", was.get(program, 0), now.get(program, 0)))
    lines = [f"{'':32} {'was':>14} {'would be':>14} {'difference':>14}"]
    lines += [f"{n:32} {was:>14} {now:>14} {now - was:>+14}" for n, was, now in rows]
    lines.append(f"{found.differing} operations decided otherwise")
    lines += [
        f"  {d.operation} {d.command}: {d.rc}, "
        f"discount {d.discount_was} -> {d.discount}, "
        f"due {d.due_was} -> {d.due}, points {d.points_was} -> {d.points}"
        for d in found.differences[:SHOWN_MAX]
    ]
    return "\n".join(lines)
