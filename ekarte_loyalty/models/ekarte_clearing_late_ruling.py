"""A ruling that is late: the operator's people hear of it, once."""

from odoo import api, fields, models

ACTIVITY = "ekarte_loyalty.ekarte_ruling_activity"
LETTER = "ekarte_loyalty.ekarte_clearing_mail_ruling"
LAYOUT = "mail.mail_notification_light"


class EkarteClearingDispute(models.Model):
    _inherit = "ekarte.clearing.dispute"

    late_told_on = fields.Date(
        "Late, Told On",
        readonly=True,
        copy=False,
        help="When the operator's people were told that the ruling is late.",
    )

    @api.model
    def _cron_rule(self):
        """Rulings past their day are asked for; silence rules in nobody's favour."""
        super()._cron_rule()
        today = fields.Date.context_today(self)
        late = self.search(
            [
                ("state", "=", "answered"),
                ("ruling_due", "<", today),
                ("late_told_on", "=", False),
            ]
        )
        for dispute in late:
            dispute._ask_for_ruling()

    def _ask_for_ruling(self):
        """Leave an activity for each of the operator's people, and write to them."""
        self.ensure_one()
        people = self._operator_people()
        for user in people:
            self.activity_schedule(
                ACTIVITY,
                summary=self.env._("The ruling is late"),
                date_deadline=self.ruling_due,
                user_id=user.id,
            )
        # An operator that keeps no company here has people elsewhere: its address.
        outside = self.operator_id.partner_id.filtered("email")
        readers = people.partner_id or outside
        if readers:
            self.message_post_with_source(
                LETTER,
                partner_ids=readers.ids,
                message_type="comment",
                subtype_xmlid="mail.mt_note",
                email_layout_xmlid=LAYOUT,
            )
        self.late_told_on = fields.Date.context_today(self)

    def _operator_people(self):
        """Accountants of the operator; nobody there: whoever runs the network."""
        company = self.operator_id.company_id
        if not company:
            return self.env["res.users"]
        people = self.operator_id._accountants()
        return people or self.env.ref("base.user_admin")

    def _close(self, state, who):
        done = super()._close(state, who)
        self.activity_feedback([ACTIVITY])
        return done
