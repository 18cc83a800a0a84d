from odoo import fields, models
from odoo.exceptions import UserError

PAYMENT_JOURNAL_CODES = ("EKPAY", *(f"EKPA{n}" for n in range(2, 10)))
PAYMENT_JOURNAL_XMLID = "ekarte_payment_journal"


class ResCompany(models.Model):
    """Where money paid by card is booked until it is settled."""

    _inherit = "res.company"

    ekarte_payment_journal_id = fields.Many2one(
        "account.journal",
        string="E-karte Payment Journal",
        domain="[('company_id', '=', id), ('type', '=', 'bank')]",
        check_company=True,
        copy=False,
        help="Payments by card, of sales orders and of tills. Its account is the card"
        " tender, which settlement empties.",
    )

    def _ekarte_make_payment_journal(self):
        """Give the company its payment journal if it has none; return it."""
        self.ensure_one()
        company = self.sudo()
        if not company.ekarte_payment_journal_id:
            company.ekarte_payment_journal_id = company._ekarte_new_payment_journal()
        return company.ekarte_payment_journal_id

    def _ekarte_new_payment_journal(self):
        tender = self._ekarte_account("TND")
        if not tender:
            raise UserError(
                self.env._(
                    "%(company)s has no card tender account. Run E-karte > Accounting >"
                    " Accounts.",
                    company=self.display_name,
                )
            )
        chart = self.env["account.chart.template"].with_company(self.root_id)
        known = chart.with_company(self).ref(
            PAYMENT_JOURNAL_XMLID, raise_if_not_found=False
        )
        if known:
            return known
        vals = {
            "name": "E-karte",
            "code": self._ekarte_free_journal_code(),
            "type": "bank",
            # Its own account is the card tender: nothing waits for a bank statement.
            "default_account_id": tender.id,
        }
        made = chart.with_company(self)._load_data(
            {"account.journal": {PAYMENT_JOURNAL_XMLID: vals}}
        )
        journal = made["account.journal"]
        methods = (
            journal.inbound_payment_method_line_ids
            | journal.outbound_payment_method_line_ids
        )
        methods.payment_account_id = tender
        return journal

    def _ekarte_free_journal_code(self):
        Journal = self.env["account.journal"].with_context(active_test=False)
        used = set(Journal.search(Journal._check_company_domain(self)).mapped("code"))
        free = [code for code in PAYMENT_JOURNAL_CODES if code not in used]
        if not free:
            raise UserError(
                self.env._(
                    "No free journal code left in %(company)s: make a journal of type "
                    "Bank yourself and choose it on the company.",
                    company=self.display_name,
                )
            )
        return free[0]
