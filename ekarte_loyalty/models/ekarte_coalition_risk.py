"""What a coalition agrees for the case that a member does not pay, or leaves."""

from odoo import fields, models


class EkarteCoalition(models.Model):
    _inherit = "ekarte.coalition"

    exposure_user_id = fields.Many2one(
        "res.users",
        "Watches Exposure",
        help="Gets an activity when a member comes near its limit, and when it stops.",
    )
    loss_cap = fields.Monetary(
        "Most a Member Loses",
        currency_field="loss_currency_id",
        help="By one default of another; 0: up to what it was to receive.",
    )
    loss_currency_id = fields.Many2one(
        "res.currency", compute="_compute_loss_currency_id", compute_sudo=True
    )
    leaving_ids = fields.One2many("ekarte.coalition.leaving", "coalition_id")

    def _compute_loss_currency_id(self):
        currency = self.env["ekarte.network"]._get().currency_id
        for coalition in self:
            coalition.loss_currency_id = currency

    def _network_part(self):
        leaving = self.sudo().leaving_ids.filtered(
            lambda one: (
                one.state not in ("draft", "left") and one.issuer_id in self.issuer_ids
            )
        )
        return super()._network_part() | {
            "leaving": [
                {
                    "issuer": one.issuer_id.code,
                    "issue_until": _utc(one.issue_until),
                    "spend_until": _utc(one.spend_until),
                }
                for one in leaving.sorted("id")
            ]
        }


def _utc(moment):
    return f"{moment.isoformat()}Z"
