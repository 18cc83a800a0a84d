"""Every night the books are compared; accountants hear of what does not agree."""

from odoo import api, models

from .ekarte_settlement import ACCOUNTANT
from .ekarte_settlement_checks import WHOLE

ACTIVITY = "ekarte_loyalty.ekarte_reconciliation_activity"


class EkarteIssuer(models.Model):
    _name = "ekarte.issuer"
    _inherit = ["ekarte.issuer", "mail.activity.mixin"]

    def _tell_red_rows(self, rows):
        """One open activity for each accountant of the issuer's company, or none."""
        self.ensure_one()
        known = self.activity_search([ACTIVITY])
        if not rows:
            known.action_feedback(feedback=self.env._("Everything agrees again."))
            return
        codes = ", ".join(sorted({row["check"] for row in rows}))
        summary = self.env._("Reconciliation differs: %(checks)s", checks=codes)
        known.write({"summary": summary})
        for user in self._accountants() - known.user_id:
            self.activity_schedule(ACTIVITY, summary=summary, user_id=user.id)

    def _accountants(self):
        """Accountants who may enter the issuer's company; the robot aside."""
        group = self.env.ref(ACCOUNTANT)
        return group.all_user_ids.filtered(
            lambda user: (
                user.active
                and not user.share
                and user != self.env.ref("base.user_root")
                and self.company_id in user.company_ids
            )
        )


class EkarteSettlement(models.Model):
    _inherit = "ekarte.settlement"

    @api.model
    def _cron_reconcile(self):
        """Compare everything; tell what is red, and what is green again."""
        issuers = self.env["ekarte.issuer"].search([("company_id", "!=", False)])
        everything = self.with_context(**{WHOLE: True})._reconciliation()
        rows = [row for row in everything if not row["ok"]]
        for issuer in issuers:
            company = issuer.company_id
            issuer._tell_red_rows(
                [row for row in rows if row["company_id"] in (False, company.id)]
            )
