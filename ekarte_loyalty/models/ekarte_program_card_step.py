from odoo import fields, models


class EkarteProgramCardStep(models.Model):
    _name = "ekarte.program.card.step"
    _description = "Better card for points"
    _inherit = ["ekarte.published.mixin"]
    _order = "at, id"
    _rec_name = "card_type_id"

    program_id = fields.Many2one(
        "ekarte.program", required=True, ondelete="cascade", index=True
    )
    at = fields.Integer(
        "From Points", required=True, help="All that were ever earned, spent ones too."
    )
    card_type_id = fields.Many2one(
        "ekarte.card.type", "Card", required=True, ondelete="restrict"
    )

    _card_type_uniq = models.Constraint(
        "UNIQUE(program_id, card_type_id)", "A card type stands there once."
    )

    def _as_parameter(self):
        return [
            {"at": step.at, "card_type": step.card_type_id.code}
            for step in self.sorted("at")
        ]
