"""Clearing statements on the portal: for issuers who keep their books elsewhere."""

from odoo import fields, models
from odoo.exceptions import UserError


class EkarteClearingStatement(models.Model):
    _name = "ekarte.clearing.statement"
    _inherit = ["ekarte.clearing.statement", "portal.mixin"]

    def _compute_access_url(self):
        super()._compute_access_url()
        for statement in self:
            statement.access_url = f"/my/clearing/{statement.id}"

    def _may_answer(self):
        """Whether its issuer may still agree or dispute."""
        self.ensure_one()
        today = fields.Date.context_today(self)
        return self.state in ("sent", "disputed") and self.dispute_until >= today

    def _dispute_reasons(self):
        """Codes and words, in the reader's language."""
        reason = self.env["ekarte.clearing.dispute"]._fields["reason"]
        return reason._description_selection(self.env)

    def _dispute_from_portal(self, line_ids, reason, note, who):
        """Dispute lines of this statement, and of no other, in somebody's name."""
        self.ensure_one()
        lines = self.line_ids.filtered(lambda line: line.id in line_ids)
        if not lines:
            raise UserError(self.env._("Tick the lines that you dispute."))
        if reason not in dict(self._dispute_reasons()):
            raise UserError(self.env._("Say why you dispute them."))
        lines._dispute(reason, note or "")
        self.message_post(
            body=self.env._(
                "%(who)s has disputed %(count)s lines on the portal.",
                who=who,
                count=len(lines),
            ),
            subtype_xmlid="mail.mt_note",
        )
