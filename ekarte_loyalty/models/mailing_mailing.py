from odoo import fields, models


class MailingMailing(models.Model):
    _inherit = "mailing.mailing"

    ekarte_letter_id = fields.Many2one(
        "ekarte.campaign.letter",
        "Letter of a Campaign",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    ekarte_company_id = fields.Many2one(
        related="ekarte_letter_id.company_id", store=True, string="Issuer's Company"
    )

    def _get_recipients_domain(self):
        # At the moment of sending: who has withdrawn the consent meanwhile gets none.
        if self.ekarte_letter_id:
            return self.ekarte_letter_id.sudo()._recipients_domain()
        return super()._get_recipients_domain()

    def _get_mass_mailing_context(self):
        context = super()._get_mass_mailing_context()
        if self.ekarte_letter_id:
            issuer = self.ekarte_letter_id.sudo().campaign_id.issuer_id
            context["ekarte_issuer_id"] = issuer.id
        return context
