from odoo import fields, models

from ..units import factor_to_basis_points


class EkarteProgramFactor(models.Model):
    _name = "ekarte.program.factor"
    _description = "Bonus factor of a goods group"
    _inherit = ["ekarte.published.mixin"]
    _order = "group_id"
    _rec_name = "group_id"

    program_id = fields.Many2one(
        "ekarte.program", required=True, ondelete="cascade", index=True
    )
    group_id = fields.Many2one(
        "ekarte.goods.group", "Goods Group", required=True, ondelete="restrict"
    )
    factor = fields.Float(
        digits=(6, 4),
        default=1,
        required=True,
        help="2: money spent on these goods earns double. 0: it earns nothing.",
    )

    _group_uniq = models.Constraint(
        "UNIQUE(program_id, group_id)", "One factor for each goods group."
    )

    def _as_parameter(self):
        return {one.group_id.code: factor_to_basis_points(one.factor) for one in self}
