from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ekarte_core import deposit_postings

from ..units import to_minor


class EkarteClearingDeposit(models.Model):
    """Money that a member leaves with the operator: it answers for what it owes."""

    _name = "ekarte.clearing.deposit"
    _description = "Clearing Deposit"
    _inherit = ["ekarte.coalition.posting.mixin", "mail.thread"]
    _order = "date desc, id desc"

    kind = fields.Selection(
        [
            ("in", "Paid in"),
            ("back", "Paid back"),
            ("used", "Used for a default"),
        ],
        required=True,
        default="in",
    )
    amount = fields.Monetary(required=True, tracking=True)
    signed_amount = fields.Monetary(
        string="Change",
        compute="_compute_signed_amount",
        store=True,
        help="Of the deposit: below zero, where it was paid back or used.",
    )
    state = fields.Selection(
        [("draft", "Draft"), ("posted", "Posted")],
        required=True,
        readonly=True,
        default="draft",
        tracking=True,
        copy=False,
    )

    _amount_positive = models.Constraint(
        "CHECK (amount > 0)", "The amount must be above zero."
    )

    @api.depends("amount", "kind")
    def _compute_signed_amount(self):
        for deposit in self:
            deposit.signed_amount = (
                deposit.amount if deposit.kind == "in" else -deposit.amount
            )

    @api.constrains("issuer_id", "coalition_id")
    def _check_member(self):
        for deposit in self:
            if not deposit.operator_id:
                raise ValidationError(
                    self.env._(
                        "Coalition %(coalition)s has no operator to take a deposit.",
                        coalition=deposit.coalition_id.display_name,
                    )
                )
            if deposit.issuer_id == deposit.operator_id:
                raise ValidationError(
                    self.env._("The operator leaves no deposit with itself.")
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_drafts_only(self):
        if any(deposit.state != "draft" for deposit in self):
            raise UserError(
                self.env._("A posted deposit stays; enter that it was paid back.")
            )

    def action_post(self):
        """Post in the books of both, and let the limit follow."""
        self._check_operator()
        for deposit in self.sudo().filtered(lambda one: one.state == "draft"):
            deposit._post()

    def _post(self):
        self.lock_for_update()
        self._check_enough()
        parties = self._parties()
        found = deposit_postings(
            self.operator_id.code,
            self.issuer_id.code,
            to_minor(self.signed_amount),
            self._outside(parties),
        )
        self._post_documents(found, parties)
        self.state = "posted"
        self.env["ekarte.network"]._schedule_publication()

    def _check_enough(self):
        if self.kind == "in":
            return
        if to_minor(self.issuer_id._deposit_in(self.coalition_id)) < to_minor(
            self.amount
        ):
            raise UserError(
                self.env._(
                    "%(issuer)s has no deposit of %(amount)s here.",
                    issuer=self.issuer_id.name,
                    amount=self.currency_id.format(self.amount),
                )
            )

    def action_open_moves(self):
        """Open the journal entries of this deposit."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Journal Entries"),
            "res_model": "account.move",
            "view_mode": "list,form",
            "domain": [("id", "in", self.sudo().move_ids.ids)],
            "context": {"create": False},
        }
