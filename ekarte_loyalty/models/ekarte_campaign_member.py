from odoo import api, fields, models


class EkarteCampaignMember(models.Model):
    """Whom a campaign meant when it was sent, and who of them was held out."""

    _name = "ekarte.campaign.member"
    _description = "Customer of a campaign"
    _rec_name = "partner_id"
    _order = "id"

    campaign_id = fields.Many2one(
        "ekarte.campaign", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="campaign_id.company_id", store=True)
    partner_id = fields.Many2one(
        "res.partner",
        "Customer",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    letter_id = fields.Many2one(
        "ekarte.campaign.letter", readonly=True, ondelete="set null"
    )
    hold_out = fields.Boolean("Held Out", readonly=True)

    _once = models.UniqueIndex("(campaign_id, partner_id)", "Each customer once.")

    @api.model
    def _forget(self, issuer, partner):
        """Forget that a partner was written to."""
        self.search(
            [
                ("campaign_id.issuer_id", "=", issuer.id),
                ("partner_id", "=", partner.id),
            ]
        ).unlink()
