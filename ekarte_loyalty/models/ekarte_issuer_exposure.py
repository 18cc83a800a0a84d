"""How much an issuer may owe others: its deposit, and what was agreed beyond it."""

from datetime import datetime, timedelta, timezone

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ekarte_core import fold_exposure, is_copy, tell_cleared

from ..queries import fetch
from ..units import to_minor
from .ekarte_settlement import ADMINISTRATOR

NEAR_PERCENT = 80
"""From this part of the limit on, the operator is told."""
FOLDED_ALREADY = timedelta(minutes=1)
"""A gateway folds every few seconds; where none does, Odoo does it."""
GUARDED = {"has_exposure_limit", "agreed_limit", "refused_elsewhere"}
LEVELS = ("none", "near", "stopped")


class EkarteIssuer(models.Model):
    _name = "ekarte.issuer"
    _inherit = ["ekarte.issuer", "mail.activity.mixin"]

    has_exposure_limit = fields.Boolean(
        "Limit What It Owes Others",
        tracking=True,
        help="Over the limit others take no more of its gift money, bonuses, vouchers "
        "and credit; at its own branches everything goes on, and so do refunds.",
    )
    agreed_limit = fields.Monetary(
        "Limit Beyond the Deposit", currency_field="limit_currency_id", tracking=True
    )
    deposit = fields.Monetary(
        currency_field="limit_currency_id",
        compute="_compute_deposit",
        store=True,
        compute_sudo=True,
        help="What it has left with the operators of its coalitions.",
    )
    deposit_ids = fields.One2many(
        "ekarte.clearing.deposit", "issuer_id", "Deposits", readonly=True
    )
    exposure_limit = fields.Monetary(
        compute="_compute_exposure_limit",
        store=True,
        compute_sudo=True,
        help="Deposit and what was agreed beyond it.",
    )
    refused_elsewhere = fields.Boolean(
        tracking=True,
        copy=False,
        help="Others take nothing of its value, whatever the limit: it has failed.",
    )
    exposure_level = fields.Selection(
        [("none", "None"), ("near", "Near the limit"), ("stopped", "Stopped")],
        default="none",
        readonly=True,
        copy=False,
        help="What the operator was told last.",
    )

    @api.depends("deposit_ids.state", "deposit_ids.signed_amount")
    def _compute_deposit(self):
        for issuer in self:
            posted = issuer.deposit_ids.filtered(lambda one: one.state == "posted")
            issuer.deposit = sum(posted.mapped("signed_amount"))

    @api.depends("has_exposure_limit", "agreed_limit", "deposit")
    def _compute_exposure_limit(self):
        for issuer in self:
            limit = issuer.deposit + issuer.agreed_limit
            issuer.exposure_limit = limit if issuer.has_exposure_limit else 0

    def _deposit_in(self, coalition):
        """What lies with the operator of one coalition."""
        self.ensure_one()
        posted = self.sudo().deposit_ids.filtered(
            lambda one: one.state == "posted" and one.coalition_id == coalition
        )
        return sum(posted.mapped("signed_amount"))

    def write(self, vals):
        if GUARDED & set(vals) and not (
            self.env.su or self.env.user.has_group(ADMINISTRATOR)
        ):
            raise AccessError(
                self.env._("Only the administrator may change what an issuer may owe.")
            )
        return super().write(vals)

    def _network_part(self):
        limit = to_minor(self.exposure_limit)
        # In the document no limit is 0; a limit of nothing is another thing.
        nothing = self.has_exposure_limit and limit <= 0
        return super()._network_part() | {
            "exposure_limit": max(limit, 0),
            "accepted_elsewhere": not (self.refused_elsewhere or nothing),
        }

    @api.model
    def _cron_exposure(self):
        """Tell the ledger what is paid, and operators who comes near a limit."""
        self._tell_cleared()
        self.env["ir.cron"]._commit_progress(0)
        self.env["ekarte.exposure"]._alert()
        self.env["ir.cron"]._commit_progress(0)
        if is_copy(self.env.cr):
            return  # gateways fold the ledger that is elsewhere
        now = datetime.now(timezone.utc)
        fold_exposure(self.env.cr, now, unless_since=now - FOLDED_ALREADY)

    @api.model
    def _tell_cleared(self):
        """What is settled and not owed any more makes room for new redemptions."""
        self.env.flush_all()
        rows = fetch(self.env.cr, "exposure.sql", "exposure_cleared")
        tell_cleared(self.env.cr, dict(rows), datetime.now(timezone.utc))
        self.env["ekarte.exposure"].invalidate_model()
