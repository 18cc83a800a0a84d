from odoo import fields, models

from ..units import to_clock


class EkarteProgramHours(models.Model):
    _name = "ekarte.program.hours"
    _description = "Hours of a program"
    _inherit = ["ekarte.published.mixin"]
    _order = "hour_from"
    _rec_name = "hour_from"

    program_id = fields.Many2one(
        "ekarte.program", required=True, ondelete="cascade", index=True
    )
    hour_from = fields.Float("From", required=True)
    hour_to = fields.Float(
        "To", required=True, default=24, help="Up to this moment, without it."
    )

    _hours_in_day = models.Constraint(
        "CHECK(0 <= hour_from AND hour_from < hour_to AND hour_to <= 24)",
        "Hours lie between 00:00 and 24:00, and end after they begin: a night is two"
        " ranges.",
    )

    def _as_part(self):
        return [
            {"from": to_clock(hours.hour_from), "to": to_clock(hours.hour_to)}
            for hours in self.sorted("hour_from")
        ]
