"""Clearing statements on the portal: for issuers who keep their books elsewhere."""

from markupsafe import Markup

from odoo import fields, models
from odoo.exceptions import UserError

from .ekarte_clearing_dispute import REASONS, RUNNING


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
        if reason not in dict(REASONS):
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

    def _disputes(self):
        """Disputes of its issuer and against it, in this cycle."""
        self.ensure_one()
        return self.env["ekarte.clearing.dispute"].search(
            [
                ("statement_id.cycle_id", "=", self.cycle_id.id),
                "|",
                ("issuer_id", "=", self.issuer_id.id),
                ("other_id", "=", self.issuer_id.id),
            ]
        )

    def _act_on_dispute(self, dispute_id, what, answer, who):
        """Answer or give in where one is disputed with; or withdraw one's own."""
        self.ensure_one()
        dispute = self._disputes().filtered(lambda one: one.id == dispute_id)
        mine = dispute.issuer_id == self.issuer_id
        if not dispute or mine != (what == "withdraw"):
            raise UserError(self.env._("This dispute is not yours to act on."))
        dispute._check_running()
        if what == "withdraw":
            dispute._end("withdrawn", who)
        elif what == "accept":
            dispute._uphold(who)
        else:
            dispute.answer = answer
            dispute.action_answer()

    def _write_of_dispute(self):
        """Tell members outside that a dispute moved; the portal shows the rest."""
        for statement in self.filtered(lambda one: not one.company_id):
            reader = statement._for_reader()
            company = reader._sending_company()
            text = reader.env._(
                "There is news of a dispute in clearing statement %(number)s.",
                number=reader.name,
            )
            link = reader.env._("See the disputes")
            reader.message_post(
                body=Markup('<p>%s</p><p><a href="%s">%s</a></p>')
                % (text, reader.get_portal_url(anchor="disputes"), link),
                author_id=company.partner_id.id,
                email_from=company.email_formatted,
                partner_ids=reader._reader().ids,
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
            )


class EkarteClearingDispute(models.Model):
    _inherit = "ekarte.clearing.dispute"

    def _tell(self, text):
        """Members outside do not read along here: they get a letter."""
        done = super()._tell(text)
        statements = self.statement_id.cycle_id.statement_ids.filtered(
            lambda one: one.issuer_id in self.issuer_id | self.other_id
        )
        statements._write_of_dispute()
        return done

    def _may_act(self, statement):
        """What the issuer of a statement may do about this dispute."""
        self.ensure_one()
        if self.state not in RUNNING:
            return ()
        if self.issuer_id == statement.issuer_id:
            return ("withdraw",)
        return ("answer", "accept") if self.state == "raised" else ("accept",)
