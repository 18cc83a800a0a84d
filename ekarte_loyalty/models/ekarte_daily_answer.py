from odoo import fields, models

from .ekarte_operation import ANSWERS, COMMANDS


class EkarteDailyAnswer(models.Model):
    """How often a terminal was given an answer to a command on one day."""

    _name = "ekarte.daily.answer"
    _description = "Answers to Terminals"
    _inherit = ["ekarte.daily.mixin"]

    terminal = fields.Char(readonly=True)
    batch = fields.Integer(readonly=True, aggregator=None)
    command = fields.Selection(COMMANDS, readonly=True)
    rc = fields.Selection(ANSWERS, "Answer", readonly=True)
    operations = fields.Integer(readonly=True)
    declined = fields.Integer(readonly=True)
    amount = fields.Monetary("Asked For", readonly=True)

    _day_idx = models.Index("(issuer_id, day)")

    def action_open_operations(self):
        """List the operations that this row counts."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ekarte_loyalty.ekarte_operation_action"
        )
        action["domain"] = [
            ("business_day", "=", self.day),
            ("terminal", "=", self.terminal),
            ("batch", "=", self.batch),
            ("command", "=", self.command),
            ("rc", "=", self.rc),
        ]
        return action
