"""What companies do in Odoo while a year passes: nights, settlements, clearing."""

import importlib
import json
import random
from datetime import date, datetime
from typing import Any

from ekarte_core import (
    Keyring,
    Network,
    build_settlement,
    clock,
    fold_exposure,
    pending_settlements,
    seal,
    settlement_accepted,
    take_notices,
)
from ekarte_stack.steps import StackError

DISPUTABLE = ("gift_spend", "bonus_spend", "exchange_spend", "credit_spend")
RULINGS = ("action_reject", "action_uphold", "action_withdraw", "action_accept")
NOTES = {
    "action_reject": "The slip of the till shows the card.",
    "action_uphold": "We have looked for the slip and have none.",
    "action_withdraw": "",
    "action_accept": "",
}
DRILLED = 2  # months before the year ends
DEPOSITS = {"GROCER": 0, "FUEL": 1500, "BOOKS": 800}
CHECKS = "odoo.addons.ekarte_loyalty.models.ekarte_settlement_checks"
STOPPED_AFTER = 50  # rounds: more work in one night than any year has


class Office:
    """Settles, seals and clears on a lent cursor, at the moments it is told."""

    def __init__(self, env: Any, dice: random.Random, keyring: Keyring) -> None:
        self.env, self._dice, self._keyring = env, dice, keyring
        self.coalition = env.ref("ekarte_loyalty.coalition_lv_demo")
        self.settled = 0

    def night(self, network: Network, moment: datetime) -> None:
        """What the clock does: holds, lots, periods, statements, notices, seals."""
        cursor = self.env.cr
        for _ in range(STOPPED_AFTER):
            if not any(clock(cursor, network, self._keyring, moment).values()):
                break
        while take_notices(cursor, network, moment, 500):
            pass
        fold_exposure(cursor, moment)
        while seal(cursor, moment, whole=False):
            pass

    def settle(self, network: Network, moment: datetime) -> None:
        """Hand what was booked to accounting, and post it."""
        cursor = self.env.cr
        self.env.flush_all()
        build_settlement(cursor, network, moment, moment)
        settlements = self.env["ekarte.settlement"]
        for number, body in pending_settlements(cursor):
            answer = settlements._take(json.loads(body))
            if answer["state"] != "posted":
                settlement = settlements.browse(answer["id"])
                raise StackError(f"settlement {number} waits: {settlement.reason}")
            settlement_accepted(cursor, number, json.dumps(answer), moment)
            self.settled += 1

    def agree(self) -> None:
        """Compare the books with the card ledger, as Odoo does every night.

        Raises:
            StackError: something differs.
        """
        checks = importlib.import_module(CHECKS)
        settlements = self.env["ekarte.settlement"]
        rows = settlements.with_context(**{checks.WHOLE: True})._reconciliation()
        red = sorted({row["check"] for row in rows if not row["ok"]})
        if red:
            raise StackError(f"the books differ from the ledger: {', '.join(red)}")

    # Clearing

    def deposit(self) -> None:
        """Members leave a deposit with the operator when the year begins."""
        for issuer in self.coalition.issuer_ids:
            amount = DEPOSITS.get(issuer.code)
            if amount and issuer != self.coalition.operator_id:
                self.env["ekarte.clearing.deposit"].create(
                    {
                        "coalition_id": self.coalition.id,
                        "issuer_id": issuer.id,
                        "kind": "in",
                        "amount": amount,
                    }
                ).action_post()

    def clear(self, day: date, months_left: int) -> None:
        """Clear a month; the last ones are still under way when the year ends.

        In its first days nobody may have used another's card yet.
        """
        lines = self.env["ekarte.clearing.line"]
        if not lines.search_count([("cycle_id", "=", False), ("day", "<=", day)]):
            return
        cycle = self.env["ekarte.clearing.cycle"].create(
            {
                "coalition_id": self.coalition.id,
                "currency_id": self.env.ref("base.EUR").id,
                "date_to": day,
            }
        )
        cycle.action_collect()
        cycle.action_send()
        if months_left == 0:
            self._dispute(cycle, 1)
            return
        disputes = self._dispute(cycle, 2 if months_left % 3 == 1 else 0)
        cycle.statement_ids.action_agree()
        cycle.action_post()
        if months_left == DRILLED:
            self._drill()
        if months_left == 1:
            self._pay(cycle.statement_ids[:1])
            return
        self._pay(cycle.statement_ids)
        for dispute in disputes:
            self._rule(dispute)
        self.env["ekarte.issuer"]._tell_cleared()

    def _drill(self) -> None:
        """Work out what it would mean if a member failed before it has paid."""
        drills = self.env["ekarte.clearing.default"].create(
            [
                {"coalition_id": self.coalition.id, "issuer_id": issuer.id}
                for issuer in self.coalition.issuer_ids
                if issuer != self.coalition.operator_id
            ]
        )
        drills.filtered(lambda drill: not drill.debt)[:-1].unlink()

    def _dispute(self, cycle: Any, count: int) -> list[Any]:
        found: list[Any] = []
        for statement in cycle.statement_ids:
            lines = self.env["ekarte.clearing.line"].search(
                [
                    ("statement_id", "=", statement.id),
                    ("side", "=", "pay"),
                    ("event", "in", DISPUTABLE),
                ],
                limit=40,
            )
            line = next((one for one in lines if one.disputable), None)
            if line and len(found) < count:
                note = "Our customer says that the card was at home."
                found.append(line._dispute("not_ours", note, "none"))
        return found

    def _rule(self, dispute: Any) -> None:
        ruling = self._dice.choice(RULINGS)
        if NOTES[ruling]:
            dispute.answer = NOTES[ruling]
            dispute.action_answer()
        getattr(dispute, ruling)()

    def _pay(self, statements: Any) -> None:
        for statement in statements:
            if statement.issuer_residual:
                self._register(statement.action_pay())
            if statement.residual:
                self._register(statement.action_pay_as_operator())

    def _register(self, opened: dict[str, Any]) -> None:
        """Register a payment as the wizard's form does."""
        wizard = self.env["account.payment.register"].with_context(**opened["context"])
        wizard.create({})._create_payments()
