"""Sending clearing statements: once each, with a look at it before, in its language."""

import logging

from odoo import api, fields, models
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)

LAYOUT = "mail.mail_notification_light"


class EkarteClearingStatementMail(models.Model):
    _inherit = "ekarte.clearing.statement"

    mailed_at = fields.Datetime(string="E-mailed", readonly=True, copy=False)
    mail_problem = fields.Char(string="Not E-mailed Because", readonly=True, copy=False)
    reminded_at = fields.Datetime(string="Reminded", readonly=True, copy=False)

    def _mark_sent(self):
        """Send the letters too, once each, after this transaction."""
        done = super()._mark_sent()
        self.write({"mailed_at": False, "mail_problem": False})
        self._trigger_email()
        return done

    def action_email(self):
        """Open the letter as it will go out, with both files, to be sent from there."""
        self.ensure_one()
        self.check_access("read")
        template = self.env.ref("ekarte_loyalty.ekarte_clearing_mail_statement")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send Statement"),
            "res_model": "mail.compose.message",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_model": self._name,
                "default_res_ids": self.ids,
                "default_template_id": template.id,
                "default_composition_mode": "comment",
                "default_email_layout_xmlid": LAYOUT,
                "force_email": True,
                "hide_mail_template_management_options": True,
                "ekarte_statement_email": True,
            },
        }

    def message_post(self, **kwargs):
        """Remember that a statement was sent from the letter's preview."""
        message = super().message_post(**kwargs)
        if self.env.context.get("ekarte_statement_email"):
            self.sudo().write(
                {"mailed_at": fields.Datetime.now(), "mail_problem": False}
            )
        return message

    def _process_attachments_for_template_post(self, mail_template):
        """The letter takes the two files along, always the same ones."""
        found = super()._process_attachments_for_template_post(mail_template)
        letter = self.env.ref("ekarte_loyalty.ekarte_clearing_mail_statement")
        if mail_template == letter:
            for statement in self:
                ids = found.setdefault(statement.id, {})
                ids.setdefault("attachment_ids", []).extend(statement._files().ids)
        return found

    def _notify_by_email_prepare_rendering_context(self, message, **values):
        """The letter's head and foot are of who sends it, not of who gets it."""
        if len(self) == 1:
            values["force_email_company"] = self._sending_company()
        return super()._notify_by_email_prepare_rendering_context(message, **values)

    # By itself, after a cycle was sent

    @api.model
    def _cron_email(self):
        """E-mail every statement that was sent and whose letter has not gone out."""
        domain = self._waiting_domain()
        waiting = self.search(domain, order="id")
        self.env["ir.cron"]._commit_progress(remaining=len(waiting))
        for statement in waiting:
            locked = statement.try_lock_for_update().filtered_domain(domain)
            if locked:
                locked._email_once()
            if not self.env["ir.cron"]._commit_progress(1):
                break

    def _waiting_domain(self):
        return [
            ("state", "not in", ("draft", "paid")),
            ("mailed_at", "=", False),
            ("mail_problem", "=", False),
        ]

    def _email_once(self):
        """Send the letter, or say on the statement why it does not go."""
        self.ensure_one()
        if self.mailed_at:
            return
        if not self._reader().email:
            self._tell_problem(
                self.env._(
                    "%(partner)s has no e-mail address.",
                    partner=self._reader().display_name,
                )
            )
            return
        try:
            with self.env.cr.savepoint():
                self._post_letter("ekarte_loyalty.ekarte_clearing_mail_statement")
        except UserError as problem:
            _logger.warning("statement %s is not e-mailed: %s", self.name, problem)
            self._tell_problem(str(problem))
        else:
            self._tell_mailed()

    def _tell_mailed(self):
        self.write({"mailed_at": fields.Datetime.now(), "mail_problem": False})

    def _post_letter(self, template):
        self.message_post_with_source(
            template,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            email_layout_xmlid=LAYOUT,
        )

    def _tell_problem(self, problem):
        self.mail_problem = problem
        self._remind_staff(self.env._("Send clearing statement"), problem)

    def action_email_again(self):
        """Let the letter go out by itself again, after what was wrong is mended."""
        self.filtered("mail_problem").mail_problem = False
        self._trigger_email()

    def _trigger_email(self):
        self.env.ref("ekarte_loyalty.ekarte_clearing_cron_email").sudo()._trigger()

    # Late payments

    @api.model
    def _cron_overdue(self):
        """Remind once of each statement that is not paid in time."""
        domain = self._late_domain()
        late = self.search(domain, order="id")
        self.env["ir.cron"]._commit_progress(remaining=len(late))
        for statement in late:
            locked = statement.try_lock_for_update().filtered_domain(domain)
            if locked:
                locked._remind_once()
            if not self.env["ir.cron"]._commit_progress(1):
                break

    def _late_domain(self):
        return [
            ("state", "=", "posted"),
            ("due_date", "<", fields.Date.context_today(self)),
            ("reminded_at", "=", False),
        ]

    def _remind_once(self):
        """Write to who owes; tell who runs clearing, also where it owes itself."""
        self.ensure_one()
        if self.reminded_at:
            return
        self.reminded_at = fields.Datetime.now()
        self._remind_staff(
            self.env._("Clearing statement is overdue"),
            self._what_is_late(),
        )
        if self.residual < 0 and self._reader().email:
            self._post_letter("ekarte_loyalty.ekarte_clearing_mail_overdue")

    def _what_is_late(self):
        if self.residual < 0:
            return self.env._(
                "%(issuer)s has not paid.", issuer=self.issuer_id.display_name
            )
        return self.env._(
            "%(issuer)s has not been paid.", issuer=self.issuer_id.display_name
        )

    def _remind_staff(self, summary, note):
        """An activity for who runs clearing, unless it stands there already."""
        self.ensure_one()
        user = self._staff()
        if not self.activity_ids.filtered(lambda one: one.summary == summary):
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=summary,
                note=note,
                user_id=user.id,
            )

    def _staff(self):
        """Whoever made the cycle; for one that made itself, an accountant."""
        maker = self.cycle_id.create_uid
        if maker != self.env.ref("base.user_root") and maker.active:
            return maker
        accountants = self.env.ref(
            "ekarte_loyalty.ekarte_loyalty_group_accountant"
        ).all_user_ids.filtered(
            lambda user: self._sending_company() in user.company_ids
        )
        return accountants.sorted("id")[:1] or self.env.ref("base.user_admin")
