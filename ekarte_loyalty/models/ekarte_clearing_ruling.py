"""Disputes are answered and ruled: by the operator, or by a clock that ran out."""

from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

from ekarte_core import CardRef, Original, Rc, ruling_postings

from ..units import from_minor, to_minor
from .ekarte_clearing_dispute import RUNNING
from .ekarte_settlement import ACCOUNTANT, ADMINISTRATOR
from .ekarte_settlement_posting import clearing_partner

# What was used, and may go back to the card; money paid in does not.
RESTORABLE = ("gift_spend", "bonus_spend", "voucher_spend", "credit_spend")


class EkarteClearingDispute(models.Model):
    _inherit = "ekarte.clearing.dispute"

    may_answer = fields.Boolean(compute="_compute_may")
    may_rule = fields.Boolean(compute="_compute_may")
    may_withdraw = fields.Boolean(compute="_compute_may")

    @api.depends("issuer_id", "other_id", "operator_id")
    @api.depends_context("uid")
    def _compute_may(self):
        for dispute in self:
            answering = dispute.other_id | dispute.operator_id
            dispute.may_answer = dispute._acts_for(answering)
            dispute.may_rule = dispute._acts_for(dispute.operator_id)
            dispute.may_withdraw = dispute._acts_for(dispute.issuer_id)

    def _acts_for(self, issuers):
        """Accountants of these issuers act here, and administrators."""
        user = self.env.user
        if self.env.su or user.has_group(ADMINISTRATOR):
            return True
        companies = issuers.sudo().company_id
        return user.has_group(ACCOUNTANT) and bool(companies & user.company_ids)

    def _check_acts_for(self, issuers):
        if not self._acts_for(issuers):
            raise AccessError(
                self.env._(
                    "Only accountants of %(issuers)s may do this.",
                    issuers=", ".join(issuers.sudo().mapped("name")),
                )
            )

    def _check_running(self):
        for dispute in self:
            if dispute.state not in RUNNING:
                raise UserError(
                    self.env._("%(dispute)s is over.", dispute=dispute.display_name)
                )

    def action_answer(self):
        """The other issuer holds on to its claim; the operator is to rule."""
        self.ensure_one()
        self._check_acts_for(self.other_id | self.operator_id)
        self._check_running()
        if not (self.answer or "").strip():
            raise UserError(self.env._("Write the answer first."))
        days = self.statement_id.sudo().coalition_id.ruling_days
        today = fields.Date.context_today(self)
        self.sudo().write(
            {"state": "answered", "ruling_due": today + timedelta(days=days)}
        )
        self.sudo()._tell(self.env._("Answered: %(answer)s", answer=self.answer))

    def action_accept(self):
        """The other issuer gives in."""
        self._check_acts_for(self.other_id | self.operator_id)
        self._check_running()
        self.sudo()._uphold(self.env.user.name)

    def action_withdraw(self):
        """Who raised it takes it back; the line is due in the next cycle."""
        self._check_acts_for(self.issuer_id)
        self._check_running()
        self.sudo()._end("withdrawn", self.env.user.name)

    def action_uphold(self):
        """The operator rules that the dispute is right."""
        self._check_acts_for(self.operator_id)
        self._check_running()
        self.sudo()._uphold(self.env.user.name)

    def action_reject(self):
        """The operator rules that the claim stands; it is due in the next cycle."""
        self._check_acts_for(self.operator_id)
        self._check_running()
        self.sudo()._end("rejected", self.env.user.name)

    @api.model
    def _cron_rule(self):
        """Silence of the other issuer means that the dispute is right."""
        today = fields.Date.context_today(self)
        silent = self.search([("state", "=", "raised"), ("answer_due", "<", today)])
        for dispute in silent:
            try:
                with self.env.cr.savepoint():
                    dispute._uphold(self.env._("Silence"))
            except UserError as problem:
                # The others go on; people see why this one could not.
                dispute.message_post(body=str(problem), subtype_xmlid="mail.mt_note")

    # What comes of it

    def _end(self, state, who):
        """The claim stands: both lines are open for the next cycle."""
        for dispute in self:
            dispute._close(state, who)
            dispute._claim()._open_again()
            dispute.settled = True
        self._work_out()

    def _close(self, state, who):
        states = dict(self._fields["state"]._description_selection(self.env))
        self.write(
            {
                "state": state,
                "ruled_by": who,
                "ruled_on": fields.Date.context_today(self),
            }
        )
        self._tell(
            self.env._("%(state)s by %(who)s.", state=states[state], who=self.ruled_by)
        )

    def _uphold(self, who):
        """The claim is taken back: by the card ledger, or by entries (C5)."""
        for dispute in self:
            dispute._claim()._check_not_taken_back()
            if dispute.remedy == "card":
                dispute._check_restorable()
            dispute._close("upheld", who)
            if dispute.remedy == "card":
                dispute._restore()
            else:
                dispute._post_loss()
        self._work_out()

    def _operation(self):
        key = self.line_id.operation_id
        return self.env["ekarte.operation"].browse(key or ()).exists()

    def _check_restorable(self):
        if not self._operation() or self.event not in RESTORABLE:
            raise UserError(
                self.env._(
                    "There is nothing that could go back to a card. Rule without "
                    "value back."
                )
            )

    def _restore(self):
        """Give the card back what was used; its settlement takes the claim back.

        Until that is posted the lines stay disputed.
        """
        self.ensure_one()
        operation = self._operation()
        answer = operation.issuer_id._act(
            "restore",
            CardRef(kind="ledger", value=str(operation.card_id.id)),
            self.display_name,
            original=Original(
                batch=operation.batch,
                operation=operation.number,
                terminal=operation.terminal,
            ),
        )
        if answer.rc != Rc.OK.value:
            raise UserError(
                self.env._("The card ledger refused: %(why)s", why=answer.message)
            )

    def _post_loss(self):
        """Take the claim back by entries, and by lines for the next cycle."""
        self.ensure_one()
        claim = self._claim()
        creditor = claim.filtered(lambda line: line.side == "receive")
        parties = {one.code: one for one in claim.issuer_id}
        found = ruling_postings(
            creditor.issuer_id.code,
            creditor.other_id.code,
            to_minor(creditor.amount),
            frozenset(code for code, one in parties.items() if not one.company_id),
        )
        self._check_postable(found, parties)
        for company in {parties[item.company].company_id for item in found}:
            items = [
                item for item in found if parties[item.company].company_id == company
            ]
            self._post_entry(company, items, parties)
        contra = claim._take_back()
        (claim + contra)._open_again()
        self.settled = True

    def _check_postable(self, found, parties):
        """Raise one error that names everything missing."""
        Settlement = self.env["ekarte.settlement"]
        problems = []
        for company in {parties[item.company].company_id for item in found}:
            items = [
                item for item in found if parties[item.company].company_id == company
            ]
            problems += Settlement._journal_problems(company)
            problems += Settlement._account_problems(company, items)
        if problems:
            raise UserError("\n".join(problems))

    def _post_entry(self, company, items, parties):
        Settlement = self.env["ekarte.settlement"]
        books = self.with_company(company).with_context(
            lang=company.partner_id.lang or self.env.lang
        )
        date = Settlement._open_date(company, self.ruled_on, False)
        move = (
            books.env["account.move"]
            .with_context(skip_invoice_sync=True)
            .create(
                {
                    "move_type": "entry",
                    "company_id": company.id,
                    "journal_id": company.ekarte_journal_id.id,
                    "date": date,
                    "ref": books.env._(
                        "%(dispute)s upheld", dispute=books.display_name
                    ),
                    "ekarte_dispute_id": self.id,
                    "ekarte_key": f"dispute/{self.id}",
                    "line_ids": [
                        Command.create(
                            {
                                "account_id": company._ekarte_account(item.account).id,
                                "name": books.display_name,
                                "partner_id": item.partner
                                and clearing_partner(parties[item.partner]).id,
                                "balance": from_minor(item.amount),
                                "tax_ids": [Command.clear()],
                            }
                        )
                        for item in items
                    ],
                }
            )
        )
        move._post(soft=False)
        Settlement._check_dated(move, date)


class EkarteClearingLine(models.Model):
    _inherit = "ekarte.clearing.line"

    def _open_again(self):
        """Out of the cycle it was disputed in, and free for the next one."""
        self.write({"state": "open", "cycle_id": False, "statement_id": False})

    def _take_back(self):
        """New lines that take these back, as a ruling says."""
        return self.create(
            [
                {
                    **line.copy_data()[0],
                    "origin": "ruled",
                    "amount": -line.amount,
                    "nominal": -line.nominal,
                    "state": "open",
                }
                for line in self
            ]
        )


class EkarteSettlement(models.Model):
    _inherit = "ekarte.settlement"

    def _add_clearing_lines(self):
        """Where the card has its value back, the disputed claim goes on with it."""
        result = super()._add_clearing_lines()
        rows = self.env["ekarte.clearing.line"]._run(
            "restored_disputes", settlement=self.id
        )
        restored = self.env["ekarte.clearing.dispute"].browse(key for (key,) in rows)
        for dispute in restored:
            dispute._claim()._open_again()
            dispute.settled = True
        return result
