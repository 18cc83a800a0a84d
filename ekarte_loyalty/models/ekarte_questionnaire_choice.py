from odoo import api, fields, models


class EkarteQuestionnaireChoice(models.Model):
    _name = "ekarte.questionnaire.choice"
    _description = "Choice of a question"
    _order = "sequence, id"

    field_id = fields.Many2one(
        "ekarte.questionnaire.field", required=True, ondelete="cascade", index=True
    )
    sequence = fields.Integer(default=10)
    name = fields.Char("Choice", required=True, translate=True)
    active = fields.Boolean(default=True)

    @api.model_create_multi
    def create(self, vals_list):
        choices = super().create(vals_list)
        choices.field_id.questionnaire_id._before_change()
        return choices

    def write(self, vals):
        self.field_id.questionnaire_id._before_change()
        return super().write(vals)

    def unlink(self):
        """Forget choices that nobody took; archive the others."""
        self.field_id.questionnaire_id._before_change()
        taken = (
            self.env["ekarte.questionnaire.answer.line"]
            .sudo()
            .search([("choice_ids", "in", self.ids)])
            .choice_ids
            & self
        )
        taken.write({"active": False})
        return super(EkarteQuestionnaireChoice, self - taken).unlink()
