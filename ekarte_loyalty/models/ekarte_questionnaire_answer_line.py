from odoo import api, fields, models
from odoo.tools import format_date


class EkarteQuestionnaireAnswerLine(models.Model):
    """An answer to one question. Questions without an answer have no line."""

    _name = "ekarte.questionnaire.answer.line"
    _description = "Answer to a question"
    _rec_name = "field_id"
    _order = "field_id"

    answer_id = fields.Many2one(
        "ekarte.questionnaire.answer",
        "Questionnaire",
        required=True,
        ondelete="cascade",
        index=True,
    )
    field_id = fields.Many2one(
        "ekarte.questionnaire.field", "Question", required=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="answer_id.company_id", store=True)
    kind = fields.Selection(related="field_id.kind")
    value_text = fields.Char()
    value_number = fields.Integer(aggregator=None)
    value_date = fields.Date()
    choice_ids = fields.Many2many(
        "ekarte.questionnaire.choice",
        "ekarte_answer_line_choice_rel",
        "line_id",
        "choice_id",
        string="Chosen",
        context={"active_test": False},
    )
    value = fields.Char("Answer", compute="_compute_value")

    _once = models.UniqueIndex("(answer_id, field_id)", "Each question once.")

    @api.depends("value_text", "value_date", "choice_ids", "field_id.kind")
    @api.depends_context("lang")
    def _compute_value(self):
        words = {"yes": self.env._("Yes"), "no": self.env._("No")}
        languages = dict(self.env["res.lang"].get_installed())
        for line in self:
            if line.kind == "date":
                line.value = format_date(line.env, line.value_date)
            elif line.choice_ids:
                line.value = ", ".join(line.choice_ids.mapped("name"))
            elif line.kind == "yes_no":
                line.value = words.get(line.value_text)
            elif line.kind == "language":
                line.value = languages.get(line.value_text, line.value_text)
            else:
                line.value = line.value_text

    def _raw(self):
        """Return the answer as a form takes it."""
        self.ensure_one()
        if self.kind == "date":
            return fields.Date.to_string(self.value_date) or ""
        if self.kind == "choices":
            return [str(one) for one in self.choice_ids.ids]
        if self.kind == "choice":
            return str(self.choice_ids[:1].id or "")
        return self.value_text or ""
