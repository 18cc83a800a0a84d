from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

ISSUER = "ekarte_loyalty.ekarte_loyalty_group_issuer"


class EkarteCustomerErase(models.TransientModel):
    """Ask once more, and tell what stays: nobody can undo it."""

    _name = "ekarte.customer.erase"
    _description = "Forget a customer"

    issuer_id = fields.Many2one(
        "ekarte.issuer",
        required=True,
        readonly=True,
        default=lambda self: self.env["ekarte.issuer"]._default_issuer(),
    )
    partner_id = fields.Many2one("res.partner", "Customer", required=True)
    card_count = fields.Integer("Cards That Become Anonymous", compute="_compute_known")
    answer_count = fields.Integer("Questionnaires Erased", compute="_compute_known")
    consent_count = fields.Integer("Consents Ended", compute="_compute_known")

    @api.depends("partner_id", "issuer_id")
    def _compute_known(self):
        for dialog in self:
            own = [
                ("issuer_id", "=", dialog.issuer_id.id),
                ("partner_id", "=", dialog.partner_id.id),
            ]
            in_force = [*own, ("withdrawn_at", "=", False)]
            answers = self.env["ekarte.questionnaire.answer"]
            dialog.card_count = self.env["ekarte.holder"].search_count(own)
            dialog.answer_count = answers.search_count(own)
            dialog.consent_count = self.env["ekarte.consent"].search_count(in_force)

    def action_erase(self):
        """Forget the customer; tell if the contact itself has to stay."""
        self.ensure_one()
        mine = self.issuer_id == self.env["ekarte.issuer"]._default_issuer()
        if not (mine and self.env.user.has_group(ISSUER)):
            raise AccessError(self.env._("Only the issuer itself forgets customers."))
        known = self.card_count or self.answer_count or self.consent_count
        if not known and self.partner_id.company_id != self.issuer_id.company_id:
            raise UserError(self.env._("This contact is no customer of yours."))
        kept = self.env["ekarte.holder"]._erase(self.issuer_id, self.partner_id)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if kept else "success",
                "sticky": bool(kept),
                "message": kept or self.env._("The customer is forgotten."),
                "next": {
                    "type": "ir.actions.act_window",
                    "res_model": "ekarte.holder",
                    "views": [(False, "list")],
                    "target": "main",
                    "name": self.env._("Card Holders"),
                },
            },
        }
