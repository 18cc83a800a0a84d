"""The union of the year: who joins and leaves it, clearing, disputes, deposits."""

import random
from collections import Counter

from odoo import fields
from odoo.exceptions import UserError

from ekarte_core import exposures

from .year_common import YearCase
from .year_network import EVERYONE

DISPUTED = ("gift_spend", "bonus_spend")
DEPOSIT = 500
# Of a dispute: what is asked for, and what becomes of it. None: the other is silent.
RULINGS = (
    ("none", "action_uphold"),
    ("card", "action_uphold"),
    ("none", "action_accept"),
    ("none", "action_reject"),
    ("none", "action_withdraw"),
    ("none", None),
    ("card", None),
)
RESTORABLE_LINES = """
SELECT line.id
FROM ekarte_clearing_line AS line
INNER JOIN ekarte.operation AS o ON o.id = line.operation_id
WHERE
    line.statement_id = %(statement)s AND line.side = 'pay' AND line.amount < 0
    AND line.event IN %(events)s AND o.command IN ('sale', 'confirm')
    AND NOT EXISTS (
        SELECT FROM ekarte.operation AS u
        WHERE u.original_id = o.id AND u.rc IN ('00', '10')
    )
ORDER BY line.id
"""


class UnionCase(YearCase):
    """Members come and go; each month is cleared, disputed, ruled and paid."""

    def found(self, moment, seed, members=EVERYONE, **more):
        """Found the coalition and publish it."""
        self.dice = random.Random(seed)
        self.rulings = Counter()
        self.coalition = self._coalition(members)
        self.members, self.more = list(members), more
        self.republish(moment)

    def republish(self, moment, **more):
        """Publish the network as its members stand now."""
        self.network = self.published(moment, self.members, **self.more, **more)

    # Members

    def join(self, code, moment):
        """The dialog compares books and cards; then it is a member, with a deposit."""
        dialog = self.env["ekarte.coalition.join"].create(
            {"coalition_id": self.coalition.id, "issuer_id": self.issuers[code].id}
        )
        self.assertTrue(dialog.line_ids)
        dialog.action_join()
        self.members.append(code)
        self._deposit(code, "in")
        self.republish(moment)

    def _deposit(self, code, kind):
        deposit = self.env["ekarte.clearing.deposit"].create(
            {
                "coalition_id": self.coalition.id,
                "issuer_id": self.issuers[code].id,
                "kind": kind,
                "amount": DEPOSIT,
            }
        )
        deposit.action_post()

    def announce(self, code, moment, issue_until, spend_until):
        """A member says when it gives out no more, and when its value ends."""
        until = {"issue_until": issue_until, "spend_until": spend_until}
        self.leaving = self.env["ekarte.coalition.leaving"].create(
            {
                "coalition_id": self.coalition.id,
                "issuer_id": self.issuers[code].id,
                **{name: at.replace(tzinfo=None) for name, at in until.items()},
            }
        )
        self.leaving.action_announce()
        told = {name: at.isoformat() for name, at in until.items()}
        self.republish(moment, leaving=[{"issuer": code, **told}])

    def leave(self, code, moment):
        """Nothing is left between it and the others: it goes."""
        with self.assertRaises(UserError):  # its deposit is still there
            self.leaving.action_leave()
        self._deposit(code, "back")
        self.leaving.action_leave()
        self.assertEqual(self.leaving.state, "left")
        self.members.remove(code)
        self.republish(moment)

    # A cycle

    def clear(self, day, *, disputed=True):
        """Clear what was settled up to a day, and pay all of it; return the cycle."""
        cycle = self.env["ekarte.clearing.cycle"].create(
            {
                "coalition_id": self.coalition.id,
                "currency_id": self.env.ref("base.EUR").id,
                "date_to": day,
            }
        )
        cycle.action_collect()
        cycle.action_send()
        disputes = self._raise_disputes(cycle) if disputed else []
        cycle.statement_ids.action_agree()
        cycle.action_post()
        for statement in cycle.statement_ids:
            if statement.issuer_residual:
                self._pay(statement.action_pay())
            if statement.residual:
                self._pay(statement.action_pay_as_operator())
        for dispute, ruling in disputes:
            self._rule(dispute, ruling)
        self.env["ekarte.issuer"]._tell_cleared()
        return cycle

    def _pay(self, opened):
        """Register a payment as the wizard's form does."""
        wizard = self.env["account.payment.register"].with_context(**opened["context"])
        wizard.create({})._create_payments()

    def _raise_disputes(self, cycle):
        """One line of each statement: (dispute, what will become of it)."""
        found = []
        for statement in cycle.statement_ids:
            self.env.flush_all()
            self.env.cr.execute(
                RESTORABLE_LINES, {"statement": statement.id, "events": DISPUTED}
            )
            numbers = [number for (number,) in self.env.cr.fetchall()]
            self.dice.shuffle(numbers)
            lines = self.env["ekarte.clearing.line"].browse(numbers)
            line = next((one for one in lines if one.disputable), None)
            if line:
                remedy, ruling = self.dice.choice(RULINGS)
                dispute = line._dispute("not_ours", "seen by nobody", remedy)
                found.append((dispute, ruling))
        return found

    def _rule(self, dispute, ruling):
        if ruling == "action_reject":
            dispute.answer = "The slip is signed."
            dispute.action_answer()
        if ruling:
            getattr(dispute, ruling)()
            self.rulings[dispute.remedy, dispute.state] += 1

    def rule_silence(self):
        """Who has not answered in time has given in, if value can still go back.

        Where goods came back meanwhile, it cannot: then the claim stands, and its
        refund takes it back.
        """
        Dispute = self.env["ekarte.clearing.dispute"]
        late = Dispute.search(
            [
                ("state", "=", "raised"),
                ("answer_due", "<", fields.Date.context_today(Dispute)),
            ]
        )
        Dispute._cron_rule()
        for dispute in late:
            if dispute.state == "raised":
                dispute.action_reject()
            self.rulings[dispute.remedy, f"silence, {dispute.state}"] += 1

    def stopped(self):
        """Codes of issuers of whose value others take no more."""
        found = exposures(self.env.cr, self.network)
        return {one.issuer for one in found if one.stopped}
