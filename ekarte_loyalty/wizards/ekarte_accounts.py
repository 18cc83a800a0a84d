"""The accounts wizard: makes the accounts that E-karte posts to, once a company."""

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

from ..models.account_keys import ACCOUNT_KEYS, AccountKey

# Where a new code is looked for: next after the first or last account of a type.
CODE_AFTER = {
    "asset_current": ("asset_receivable", "code"),
    "asset_receivable": ("asset_receivable", "code"),
    "liability_payable": ("liability_payable", "code"),
    "liability_current": ("liability_current", "code desc"),
    "income": ("income", "code"),
    "income_other": ("income_other", "code"),
    "expense": ("expense", "code"),
}
CODE_WITHOUT_CHART = "900000"
JOURNAL_CODES = ("EKART", *(f"EKAR{n}" for n in range(2, 10)))
JOURNAL_XMLID = "ekarte_journal"


class EkarteAccounts(models.TransientModel):
    _name = "ekarte.accounts"
    _description = "E-karte Accounts of a Company"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self._default_company(),
        domain=lambda self: [("id", "in", self.env.companies.ids)],
    )
    journal_id = fields.Many2one(
        "account.journal",
        compute="_compute_proposal",
        store=True,
        readonly=False,
        domain="[('company_id', '=', company_id), ('type', '=', 'general')]",
        check_company=True,
        help="Settlements are posted here. Leave empty to have a journal made.",
    )
    sale_tax_ids = fields.Many2many(
        "account.tax",
        string="Sale Taxes",
        compute="_compute_proposal",
        store=True,
        readonly=False,
        domain="[('company_id', '=', company_id), ('type_tax_use', '=', 'sale')]",
        check_company=True,
        help="One tax for each rate that terminals sell at.",
    )
    purchase_tax_ids = fields.Many2many(
        "account.tax",
        "ekarte_accounts_purchase_tax_rel",
        string="Purchase Taxes",
        compute="_compute_proposal",
        store=True,
        readonly=False,
        domain="[('company_id', '=', company_id), ('type_tax_use', '=', 'purchase')]",
        check_company=True,
        help="One tax for each rate of what other issuers and the operator invoice.",
    )
    line_ids = fields.One2many(
        "ekarte.accounts.line",
        "wizard_id",
        compute="_compute_proposal",
        store=True,
        readonly=False,
    )
    missing_count = fields.Integer(compute="_compute_missing_count")

    @api.model
    def _default_company(self):
        """The current company, or one of those chosen that is an issuer."""
        company = self.env.company
        issuers = self.env["ekarte.issuer"].sudo().search([]).company_id
        chosen = self.env.companies & issuers
        return company if company in issuers or not chosen else chosen[0]

    @api.depends("company_id")
    def _compute_proposal(self):
        for wizard in self:
            company = wizard.company_id
            wizard.journal_id = company and wizard._found_journal()
            wizard.sale_tax_ids = company and (
                company.ekarte_sale_tax_ids or wizard._proposed_taxes("sale")
            )
            wizard.purchase_tax_ids = company and (
                company.ekarte_purchase_tax_ids or wizard._proposed_taxes("purchase")
            )
            wizard.line_ids = [Command.clear()] + [
                Command.create(vals)
                for vals in (wizard._proposed_lines() if company else [])
            ]

    @api.depends("line_ids.account_id", "journal_id")
    def _compute_missing_count(self):
        for wizard in self:
            missing = wizard.line_ids.filtered(lambda line: not line.account_id)
            wizard.missing_count = len(missing) + (not wizard.journal_id)

    @api.model
    def _set_up(self, companies):
        """Give each company every account that it still lacks.

        Changes nothing that is set already, so it may run again and again.
        """
        for company in companies:
            wizard = self.with_company(company).create({"company_id": company.id})
            wizard._apply()

    def action_apply(self):
        """Make what is missing and keep the choice on the company."""
        self.ensure_one()
        self._check_may_apply()
        self.sudo()._apply()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "The E-karte accounts of %(company)s are ready.",
                    company=self.company_id.display_name,
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _check_may_apply(self):
        """Administrators, and accountants who may change a chart of accounts."""
        user = self.env.user
        allowed = user.has_group(
            "ekarte_loyalty.ekarte_loyalty_group_administrator"
        ) or (
            user.has_group("ekarte_loyalty.ekarte_loyalty_group_accountant")
            and user.has_group("account.group_account_manager")
        )
        if not allowed or self.company_id not in self.env.companies:
            raise AccessError(
                self.env._(
                    "Only an E-karte administrator, or an accountant who may change "
                    "the chart of accounts, sets the accounts of %(company)s.",
                    company=self.company_id.display_name,
                )
            )

    def _apply(self):
        self.ensure_one()
        wizard = self.with_company(self.company_id)
        wizard._check_chart()
        vals = {
            "ekarte_sale_tax_ids": [Command.set(wizard.sale_tax_ids.ids)],
            "ekarte_purchase_tax_ids": [Command.set(wizard.purchase_tax_ids.ids)],
        }
        for line in wizard.line_ids:
            account = line.account_id or line._make_account()
            vals[AccountKey.field(line.key)] = account.id
        vals["ekarte_journal_id"] = (wizard.journal_id or wizard._make_journal()).id
        wizard.company_id.sudo().write(vals)
        wizard.company_id._ekarte_make_payment_journal()

    def _check_chart(self):
        Account = self.env["account.account"].sudo()
        if not Account.search_count(
            Account._check_company_domain(self.company_id), limit=1
        ):
            raise UserError(
                self.env._(
                    "%(company)s has no chart of accounts yet. Load one in Accounting "
                    "> Configuration > Settings, then come back.",
                    company=self.company_id.display_name,
                )
            )

    # Proposals

    def _chart(self):
        """The chart tools of the company; a branch's chart is its root's."""
        root = self.company_id.root_id
        return self.env["account.chart.template"].sudo().with_company(root)

    def _proposed_lines(self):
        taken = set()
        return [self._proposed_line(key, taken) for key in ACCOUNT_KEYS]

    def _proposed_line(self, key, taken):
        account = self._found_account(key)
        code = False
        if not account:
            code = self._free_code(ACCOUNT_KEYS[key].account_type, taken)
            taken.add(code)
        return {"key": key, "account_id": account.id, "new_code": code}

    def _found_account(self, key):
        """What the company uses, made before, or has for this purpose anyway."""
        company = self.company_id.sudo()
        spec = ACCOUNT_KEYS[key]
        account = (
            company._ekarte_account(key)
            or self._chart().ref(_xmlid(key), raise_if_not_found=False)
            or (spec.existing and company[spec.existing])
            or (spec.existing and company.root_id[spec.existing])
        )
        return account or self.env["account.account"]

    def _found_journal(self):
        company = self.company_id.sudo()
        return company.ekarte_journal_id or self._chart().with_company(company).ref(
            JOURNAL_XMLID, raise_if_not_found=False
        )

    def _free_code(self, account_type, taken):
        root = self.company_id.root_id
        Account = self.env["account.account"].sudo().with_company(root)
        wanted_type, order = CODE_AFTER[account_type]
        domain = [
            *Account._check_company_domain(root),
            ("account_type", "=", wanted_type),
        ]
        anchor = (
            self.company_id.sudo().expense_account_id
            if account_type == "expense"
            else Account.browse()
        ) or Account.search(domain, order=order, limit=1)
        start = anchor.with_company(root).code or CODE_WITHOUT_CHART
        return Account._search_new_account_code(start, {start, *taken})

    def _proposed_taxes(self, use):
        """The company's default tax, and the first domestic one of other rates."""
        company = self.company_id.sudo()
        Tax = self.env["account.tax"].sudo()
        found = company[f"account_{use}_tax_id"] | Tax.search(
            [
                *Tax._check_company_domain(company),
                ("type_tax_use", "=", use),
                ("amount", ">", 0),
                ("is_domestic", "=", True),
            ]
        )
        chosen = {}
        for tax in found:
            if tax._is_ekarte_tax(use):
                chosen.setdefault(tax._ekarte_rate_bp(), tax.id)
        return Tax.browse(chosen.values())

    def _make_journal(self):
        company = self.company_id
        Journal = self.env["account.journal"].sudo().with_company(company)
        used = set(
            Journal.with_context(active_test=False)
            .search(Journal._check_company_domain(company))
            .mapped("code")
        )
        free = [code for code in JOURNAL_CODES if code not in used]
        if not free:
            raise UserError(
                self.env._(
                    "No free journal code left in %(company)s: make a journal of type "
                    "Miscellaneous yourself and choose it here.",
                    company=company.display_name,
                )
            )
        vals = {"name": "E-karte", "code": free[0], "type": "general"}
        made = (
            self._chart()
            .with_company(company)
            ._load_data({"account.journal": {JOURNAL_XMLID: vals}})
        )
        return made["account.journal"]


class EkarteAccountsLine(models.TransientModel):
    _name = "ekarte.accounts.line"
    _description = "E-karte Account of a Company"
    _check_company_auto = True

    wizard_id = fields.Many2one("ekarte.accounts", required=True, ondelete="cascade")
    company_id = fields.Many2one(related="wizard_id.company_id")
    key = fields.Char(required=True, readonly=True)
    name = fields.Char(string="What for", compute="_compute_name")
    account_id = fields.Many2one(
        "account.account",
        check_company=True,
        help="The account to use. Leave empty to have one made.",
    )
    new_code = fields.Char(help="Code of the account that will be made.")

    @api.depends("key")
    @api.depends_context("lang")
    def _compute_name(self):
        for line in self:
            spec = ACCOUNT_KEYS.get(line.key)
            line.name = self.env._(spec.name) if spec else ""

    def _make_account(self):
        """Create the account in the chart, named in every language in use."""
        self.ensure_one()
        spec = ACCOUNT_KEYS[self.key]
        wizard = self.wizard_id
        vals = {
            "name": self.with_context(lang="en_US").env._(spec.name),
            "code": self.new_code or wizard._free_code(spec.account_type, set()),
            "account_type": spec.account_type,
            "reconcile": spec.reconcile,
            "non_trade": spec.non_trade,
        }
        made = wizard._chart()._load_data({"account.account": {_xmlid(self.key): vals}})
        account = made["account.account"]
        for code, _name in self.env["res.lang"].get_installed():
            if code != "en_US":
                spoken = account.with_context(lang=code)
                spoken.name = spoken.env._(spec.name)
        return account


def _xmlid(key):
    return f"ekarte_{key.lower()}"
