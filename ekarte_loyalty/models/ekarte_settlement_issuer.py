from odoo import fields, models

from ..in_companies import in_companies


class EkarteSettlementIssuer(models.Model):
    _inherit = "ekarte.issuer"

    missing_account_count = fields.Integer(
        string="Accounts Missing",
        compute="_compute_missing_account_count",
        compute_sudo=True,
        help="Accounts that settlements need and the company has not got.",
    )

    def _compute_missing_account_count(self):
        for issuer in self:
            company = issuer.company_id
            issuer.missing_account_count = company and (
                len(company._ekarte_missing_keys()) + (not company.ekarte_journal_id)
            )

    def action_open_accounts(self):
        """Open the accounts of the issuer's company, to be completed."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ekarte_loyalty.ekarte_accounts_action"
        )
        action["context"] = {"default_company_id": self.company_id.id}
        return in_companies(action, self.company_id)
