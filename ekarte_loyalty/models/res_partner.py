from odoo import fields, models

SEES_CARDS = (
    "ekarte_loyalty.ekarte_loyalty_group_operator,"
    "ekarte_loyalty.ekarte_loyalty_group_accountant"
)


class ResPartner(models.Model):
    _inherit = "res.partner"

    ekarte_holder_ids = fields.One2many(
        "ekarte.holder", "partner_id", "Cards", groups=SEES_CARDS
    )
    ekarte_card_count = fields.Integer(
        "Number of Cards", compute="_compute_ekarte_card_count", groups=SEES_CARDS
    )

    def _compute_ekarte_card_count(self):
        counts = dict(
            self.env["ekarte.holder"]._read_group(
                [("partner_id", "in", self.ids)], ["partner_id"], ["__count"]
            )
        )
        for partner in self:
            partner.ekarte_card_count = counts.get(partner, 0)

    def action_open_ekarte_cards(self):
        """Open the cards that this contact holds."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ekarte_loyalty.ekarte_holder_action"
        )
        action["domain"] = [("partner_id", "=", self.id)]
        action["context"] = {"default_partner_id": self.id}
        return action
