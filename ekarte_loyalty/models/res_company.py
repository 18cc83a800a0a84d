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
    ekarte_purchase_tax_ids = fields.Many2many(
        "account.tax",
        "res_company_ekarte_purchase_tax_rel",
        string="Purchase Taxes of Clearing",
        domain="[('company_id', '=', id), ('type_tax_use', '=', 'purchase')]",
        help="One purchase tax for each rate at which other issuers and the operator "
        "invoice this company. Its account and tax grids take the input tax.",
        copy=False,
    )
    ekarte_bnk_account_id = _account("Takings of Terminals (BNK)")
    ekarte_rev_account_id = _account("Sales (REV)")
    ekarte_lgc_account_id = _account("Gift Card Liability (LGC)")
    ekarte_lbn_account_id = _account("Bonus Deferral (LBN)")
    ekarte_lps_account_id = _account("Visit Pass Deferral (LPS)")
    ekarte_lgx_account_id = _account("Gift Card Breakage Expected (LGX)")
    ekarte_lbx_account_id = _account("Bonus Breakage Expected (LBX)")
    ekarte_lpl_account_id = _account("Pool of Bonuses (LPL)")
    ekarte_alc_account_id = _account("Local Credit, Unbilled (ALC)")
    ekarte_alb_account_id = _account("Local Credit, Billed (ALB)")
    ekarte_alw_account_id = _account("Allowance for Local Credit (ALW)")
    ekarte_clr_account_id = _account("Union Clearing (CLR)")
    ekarte_aru_account_id = _account("Due from the Union (ARU)")
    ekarte_apu_account_id = _account("Due to the Union (APU)")
    ekarte_ari_account_id = _account("Union: Due from Members (ARI)")
    ekarte_api_account_id = _account("Union: Due to Members (API)")
    ekarte_adp_account_id = _account("Deposit with the Union (ADP)")
    ekarte_ldp_account_id = _account("Union: Deposits of Members (LDP)")
    ekarte_tnd_account_id = _account("Card Tender (TND)")
    ekarte_xcl_account_id = _account("Cross-redemption Difference (XCL)")
    ekarte_rbk_account_id = _account("Breakage (RBK)")
    ekarte_xpm_account_id = _account("Loyalty Promotion (XPM)")
    ekarte_xls_account_id = _account("Losses of Cards and Clearing (XLS)")
    ekarte_xec_account_id = _account("Cost of Bad Local Credit (XEC)")
    ekarte_xfe_account_id = _account("Clearing Fee Paid (XFE)")
    ekarte_rfe_account_id = _account("Clearing Fee Earned (RFE)")

    @api.constrains("ekarte_sale_tax_ids", "ekarte_purchase_tax_ids")
    def _check_ekarte_taxes(self):
        for company in self:
            company._check_one_tax_a_rate("ekarte_sale_tax_ids", "sale")
            company._check_one_tax_a_rate("ekarte_purchase_tax_ids", "purchase")

    def _check_one_tax_a_rate(self, field, use):
        rates = set()
        for tax in self[field]:
            if not tax._is_ekarte_tax(use):
                raise ValidationError(
                    self.env._(
                        "%(tax)s cannot be used for E-karte: it must be a tax in "
                        "percent, due on invoice, whose whole amount goes to one "
                        "line.",
                        tax=tax.display_name,
                    )
                )
            rate_bp = tax._ekarte_rate_bp()
            if rate_bp in rates:
                raise ValidationError(
                    self.env._(
                        "%(company)s has two taxes of %(rate)s %% for E-karte: keep "
                        "one for each rate.",
                        company=self.display_name,
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

    def _ekarte_purchase_tax(self, rate_bp):
        """The company's purchase tax of a rate in basis points; empty where none is."""
        self.ensure_one()
        return self.ekarte_purchase_tax_ids.filtered(
            lambda tax: tax._ekarte_rate_bp() == rate_bp
        )[:1]

    def _ekarte_missing_keys(self):
        """Keys of the accounts this company has not got yet."""
        self.ensure_one()
        return [key for key in ACCOUNT_KEYS if not self._ekarte_account(key)]
