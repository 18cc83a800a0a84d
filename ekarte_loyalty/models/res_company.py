from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .account_keys import ACCOUNT_KEYS, AccountKey


def _account(label):
    return fields.Many2one(
        "account.account", string=label, check_company=True, copy=False
    )


class ResCompany(models.Model):
    _inherit = "res.company"

    ekarte_journal_id = fields.Many2one(
        "account.journal",
        string="E-karte Journal",
        domain="[('company_id', '=', id), ('type', '=', 'general')]",
        check_company=True,
        copy=False,
    )
    ekarte_sale_tax_ids = fields.Many2many(
        "account.tax",
        "res_company_ekarte_sale_tax_rel",
        string="Sale Taxes of Terminals",
        domain="[('company_id', '=', id), ('type_tax_use', '=', 'sale')]",
        help="One sale tax for each rate that terminals sell at. Its account and tax "
        "grids take the output tax of settled sales.",
        copy=False,
    )
    ekarte_bnk_account_id = _account("Takings of Terminals (BNK)")
    ekarte_rev_account_id = _account("Sales (REV)")
    ekarte_lgc_account_id = _account("Gift Card Liability (LGC)")
    ekarte_lbn_account_id = _account("Bonus Deferral (LBN)")
    ekarte_lps_account_id = _account("Visit Pass Deferral (LPS)")
    ekarte_alc_account_id = _account("Local Credit, Unbilled (ALC)")
    ekarte_alb_account_id = _account("Local Credit, Billed (ALB)")
    ekarte_clr_account_id = _account("Union Clearing (CLR)")
    ekarte_aru_account_id = _account("Due from the Union (ARU)")
    ekarte_apu_account_id = _account("Due to the Union (APU)")
    ekarte_tnd_account_id = _account("Card Tender (TND)")
    ekarte_xcl_account_id = _account("Cross-redemption Difference (XCL)")
    ekarte_rbk_account_id = _account("Breakage (RBK)")
    ekarte_xpm_account_id = _account("Loyalty Promotion (XPM)")
    ekarte_xfe_account_id = _account("Clearing Fee Paid (XFE)")
    ekarte_rfe_account_id = _account("Clearing Fee Earned (RFE)")

    @api.constrains("ekarte_sale_tax_ids")
    def _check_ekarte_sale_tax_ids(self):
        for company in self:
            rates = set()
            for tax in company.ekarte_sale_tax_ids:
                if not tax._is_ekarte_sale_tax():
                    raise ValidationError(
                        self.env._(
                            "%(tax)s cannot take sales of terminals: it must be a "
                            "sale tax in percent whose whole amount goes to one line.",
                            tax=tax.display_name,
                        )
                    )
                rate_bp = tax._ekarte_rate_bp()
                if rate_bp in rates:
                    raise ValidationError(
                        self.env._(
                            "%(company)s has two sale taxes of %(rate)s %% for "
                            "terminals: keep one for each rate.",
                            company=company.display_name,
                            rate=f"{rate_bp / 100:g}",
                        )
                    )
                rates.add(rate_bp)

    def _ekarte_account(self, key):
        """The company's account of a key; empty where none is set."""
        self.ensure_one()
        return self[AccountKey.field(key)]

    def _ekarte_sale_tax(self, rate_bp):
        """The company's sale tax of a rate in basis points; empty where none is."""
        self.ensure_one()
        return self.ekarte_sale_tax_ids.filtered(
            lambda tax: tax._ekarte_rate_bp() == rate_bp
        )[:1]

    def _ekarte_missing_keys(self):
        """Keys of the accounts this company has not got yet."""
        self.ensure_one()
        return [key for key in ACCOUNT_KEYS if not self._ekarte_account(key)]
