import pytz

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..units import to_basis_points, to_clock


class EkarteBranch(models.Model):
    _name = "ekarte.branch"
    _description = "Branch"
    _inherit = ["ekarte.network.part.mixin", "mail.thread"]
    _order = "issuer_id, sequence, code"

    _network_room = "branches"
    _network_field_names = {
        "issuer": "issuer_id",
        "tax_rate_bp": "tax_rate",
    }
    _ledger_columns = (("operation", "branch"),)
    _ledger_fixed_fields = ("code", "issuer_id")

    sequence = fields.Integer(default=10)
    code = fields.Char(
        required=True,
        tracking=True,
        help="Short name in the network and in the ledger: A-Z, 0-9, - _",
    )
    name = fields.Char(required=True)
    issuer_id = fields.Many2one(
        "ekarte.issuer",
        required=True,
        ondelete="restrict",
        index=True,
        default=lambda self: self.env["ekarte.issuer"]._default_issuer(),
    )
    address = fields.Char()
    time_zone = fields.Selection(
        lambda self: [(zone, zone) for zone in pytz.common_timezones],
        required=True,
        default="Europe/Riga",
    )
    cutoff = fields.Float(
        "Day Ends At",
        help="Local time at which a business day ends; 0:00 is midnight.",
    )
    books_sales = fields.Boolean(
        "Odoo Books the Sales",
        default=True,
        tracking=True,
        help="Off: the shop's own cash register reports revenue and tax by other means,"
        " and settlement posts the loyalty half only.",
    )
    tax_rate = fields.Float("Tax Rate, %", digits=(5, 2), default=21, tracking=True)
    company_id = fields.Many2one(related="issuer_id.company_id")
    analytic_account_id = fields.Many2one(
        "account.analytic.account",
        ondelete="restrict",
        groups="analytic.group_analytic_accounting",
        domain="[('company_id', 'in', (False, company_id))]",
        help="Income and cost of what is settled at this branch are counted here.",
    )
    active = fields.Boolean(default=True)

    _code_uniq = models.UniqueIndex("(code)", "This branch code is taken.")

    @api.constrains("analytic_account_id", "issuer_id")
    def _check_analytic_account_id(self):
        for branch in self.sudo():
            company = branch.analytic_account_id.company_id
            if company and company != branch.company_id:
                raise ValidationError(
                    self.env._(
                        "%(account)s belongs to another company than %(branch)s.",
                        account=branch.analytic_account_id.display_name,
                        branch=branch.display_name,
                    )
                )

    def _network_part(self):
        return {
            "code": self.code,
            "issuer": self.issuer_id.code,
            "name": self.name,
            "address": self.address or "",
            "time_zone": self.time_zone,
            "cutoff": to_clock(self.cutoff),
            "books_sales": self.books_sales,
            "tax_rate_bp": to_basis_points(self.tax_rate),
        }
