from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

MONEY = ("gift_card", "ewallet")
"""Types of Odoo's programs whose points are money."""
TAKEN_BY = {
    "gift_card": ("gift_card",),
    "ewallet": ("gift_card",),
    "loyalty": ("bonus_amount", "bonus_visit", "bonus_prize"),
}
"""The kinds of ours that take a type of Odoo's programs over."""
BY_HAND = {"program_id", "rounding"}


class EkarteCardImportSource(models.Model):
    """A program of Odoo's own loyalty, and what takes it over.

    Odoo's module `loyalty` need not be installed, so its programs are named by their
    ids: a relation would need the model.
    """

    _name = "ekarte.card.import.source"
    _description = "Odoo's Program in an Import of Cards"
    _order = "import_id, name, id"

    import_id = fields.Many2one(
        "ekarte.card.import", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="import_id.company_id")
    issuer_id = fields.Many2one(related="import_id.issuer_id")
    loyalty_program = fields.Integer("Id in Odoo", required=True, aggregator=None)
    name = fields.Char("Odoo's Program", required=True)
    program_type = fields.Selection(
        [
            ("gift_card", "Gift Cards"),
            ("ewallet", "eWallets"),
            ("loyalty", "Loyalty Cards"),
        ],
        "Type",
        required=True,
    )
    card_count = fields.Integer("Cards")
    balance = fields.Float("On the Cards", digits=(16, 2), help="Money, or points.")
    program_id = fields.Many2one(
        "ekarte.program",
        "Becomes",
        ondelete="cascade",
        domain="[('issuer_id', '=', issuer_id), ('overrides_id', '=', False),"
        " ('state', '=', 'active'), ('kind', 'in', program_type == 'loyalty'"
        " and ['bonus_amount', 'bonus_visit', 'bonus_prize'] or ['gift_card'])]",
        help="Empty: this program stays as it is.",
    )
    rounding = fields.Selection(
        [("none", "Refuse"), ("up", "Round up"), ("down", "Round down")],
        "Parts of a Point",
        required=True,
        default="none",
        help="Points are whole here. Rounded up, no holder loses any.",
    )

    _program_uniq = models.UniqueIndex(
        "(import_id, loyalty_program)", "A program stands in an import once."
    )

    @api.constrains("program_id")
    def _check_program(self):
        for source in self:
            program = source.program_id
            if program and (
                program.issuer_id != source.import_id.issuer_id
                or program.kind not in TAKEN_BY[source.program_type]
            ):
                raise ValidationError(
                    self.env._(
                        "%(program)s cannot take over %(source)s.",
                        program=program.display_name,
                        source=source.name,
                    )
                )

    def write(self, vals):
        if not self.env.su and vals.keys() - BY_HAND:
            raise UserError(self.env._("What a program becomes is chosen, no more."))
        if any(one.state in ("queued", "done") for one in self.import_id):
            raise UserError(self.env._("This import is booked: begin another one."))
        # Lines that were checked for another choice are no check of this one.
        self.import_id.sudo().write({"state": "draft", "line_ids": [(5, 0, 0)]})
        return super().write(vals)
