from odoo import api, fields, models


class ProductTemplate(models.Model):
    _inherit = "product.template"

    ekarte_load = fields.Selection(
        [
            ("gift_card", "Gift card"),
            ("top_up", "Top-up"),
            ("credit", "Payment of credit"),
            ("pass", "Visit pass"),
        ],
        string="Loads a Card",
        help="A till asks for the card when it sells this, and loads it once the order "
        "is paid.",
    )

    ekarte_program_id = fields.Many2one(
        "ekarte.program",
        "Card Program",
        ondelete="restrict",
        index="btree_not_null",
        domain="[('kind', 'in', ('gift_card', 'visit_pass', 'credit_card'))]",
        help="Which program of the card is loaded. Empty: the first that fits.",
    )

    @api.model
    def _load_pos_data_fields(self, config):
        return [*super()._load_pos_data_fields(config), "ekarte_load"]
