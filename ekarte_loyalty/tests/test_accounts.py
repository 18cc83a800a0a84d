"""The accounts wizard: any chart, once, and never over somebody's choice."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tests.common import new_test_user

from odoo.addons.ekarte_loyalty.models.account_keys import ACCOUNT_KEYS

from .settlement_common import ACCOUNTANT_GROUPS, SettlementCase

MANAGER_GROUPS = (
    "ekarte_loyalty.ekarte_loyalty_group_accountant,account.group_account_manager"
)


@tagged("post_install", "-at_install")
class TestAccounts(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.wizards = cls.env["ekarte.accounts"]
        # Loading a chart takes seconds: one Latvian company serves every test.
        cls.latvian = cls._company("lv", "base.lv")

    @classmethod
    def _company(cls, chart, country):
        return SettlementCase._company.__func__(
            cls, f"Tests {chart}", chart=chart, country=country
        )

    def assert_complete(self, company):
        self.assertFalse(company._ekarte_missing_keys())
        accounts = [company._ekarte_account(key) for key in ACCOUNT_KEYS]
        codes = [account.with_company(company).code for account in accounts]
        self.assertEqual(len(set(codes)), len(ACCOUNT_KEYS))
        self.assertTrue(all(codes))
        for key, spec in ACCOUNT_KEYS.items():
            if not spec.existing:
                account = company._ekarte_account(key)
                self.assertEqual(account.account_type, spec.account_type)
                self.assertEqual(account.reconcile, spec.reconcile)
        self.assertEqual(company.ekarte_journal_id.type, "general")
        self.assertEqual(company.ekarte_journal_id.company_id, company)

    def test_latvian_chart_gets_every_account_and_the_three_rates(self):
        company = self.latvian
        self.wizards._set_up(company)
        self.assert_complete(company)
        self.assertEqual(
            company.ekarte_rev_account_id.code, False
        )  # of another company
        self.assertEqual(
            company.ekarte_rev_account_id.with_company(company).code, "6110"
        )
        self.assertEqual(company.ekarte_bnk_account_id, company.transfer_account_id)
        self.assertEqual(
            sorted(tax._ekarte_rate_bp() for tax in company.ekarte_sale_tax_ids),
            [500, 1200, 2100],
        )
        self.assertEqual(company._ekarte_sale_tax(2100), company.account_sale_tax_id)
        self.assertEqual(
            company._ekarte_purchase_tax(2100), company.account_purchase_tax_id
        )
        for rate in (500, 1200, 2100):
            parts = company._ekarte_sale_tax(rate).invoice_repartition_line_ids
            self.assertTrue(parts.account_id)
            self.assertTrue(parts.tag_ids)

    def test_generic_chart_gets_every_account_too(self):
        company = self._company("generic_coa", "base.us")
        self.wizards._set_up(company)
        self.assert_complete(company)
        self.assertTrue(company.ekarte_sale_tax_ids)

    def test_twice_changes_nothing(self):
        company = self.latvian
        self.wizards._set_up(company)
        before = company.read()[0]
        accounts = self.env["account.account"].search_count([])
        journals = self.env["account.journal"].search_count([])
        company.ekarte_lgc_account_id.name = "Renamed by the accountant"
        self.wizards._set_up(company)
        after = company.read()[0]
        names = [name for name in before if name.startswith("ekarte_")]
        self.assertEqual(
            {name: before[name] for name in names if name != "ekarte_lgc_account_id"},
            {name: after[name] for name in names if name != "ekarte_lgc_account_id"},
        )
        self.assertEqual(
            company.ekarte_lgc_account_id.name, "Renamed by the accountant"
        )
        self.assertEqual(self.env["account.account"].search_count([]), accounts)
        self.assertEqual(self.env["account.journal"].search_count([]), journals)

    def test_an_account_taken_off_the_company_is_found_again(self):
        company = self.latvian
        self.wizards._set_up(company)
        account = company.ekarte_lgc_account_id
        company.ekarte_lgc_account_id = False
        self.wizards._set_up(company)
        self.assertEqual(company.ekarte_lgc_account_id, account)

    def test_codes_and_journals_in_use_are_left_alone(self):
        company = self.latvian
        self.env["account.journal"].create(
            {
                "name": "Theirs",
                "code": "EKART",
                "type": "general",
                "company_id": company.id,
            }
        )
        proposal = self.wizards.with_company(company).create({"company_id": company.id})
        wanted = proposal.line_ids.filtered(lambda line: line.key == "LGC").new_code
        self.env["account.account"].with_company(company).create(
            {"name": "Theirs", "code": wanted, "account_type": "liability_current"}
        )
        self.wizards._set_up(company)
        self.assert_complete(company)
        self.assertEqual(company.ekarte_journal_id.code, "EKAR2")
        self.assertNotEqual(
            company.ekarte_lgc_account_id.with_company(company).code, wanted
        )

    def test_a_chosen_account_and_code_are_used(self):
        company = self.latvian
        chosen = (
            self.env["account.account"]
            .with_company(company)
            .create(
                {"name": "Mine", "code": "5998", "account_type": "liability_current"}
            )
        )
        wizard = self.wizards.with_company(company).create({"company_id": company.id})
        lines = {line.key: line for line in wizard.line_ids}
        lines["LGC"].account_id = chosen
        lines["LBN"].new_code = "5999"
        wizard.action_apply()
        self.assertEqual(company.ekarte_lgc_account_id, chosen)
        self.assertEqual(
            company.ekarte_lbn_account_id.with_company(company).code, "5999"
        )

    def test_new_accounts_are_named_in_every_language_in_use(self):
        self.env["res.lang"]._activate_lang("lv_LV")
        company = self.latvian
        self.wizards._set_up(company)
        account = company.ekarte_lgc_account_id
        self.assertEqual(account.with_context(lang="en_US").name, "Gift card liability")
        self.assertTrue(account.with_context(lang="lv_LV").name)

    def test_without_a_chart_it_says_what_to_do(self):
        company = self.env["res.company"].create({"name": "Tests bare"})
        self.env.user.company_ids += company
        with self.assertRaisesRegex(UserError, "chart of accounts"):
            self.wizards._set_up(company)

    def test_two_taxes_of_one_rate_are_refused(self):
        company = self.latvian
        self.wizards._set_up(company)
        service = self.env["account.tax"].search(
            [
                ("company_id", "=", company.id),
                ("type_tax_use", "=", "sale"),
                ("amount", "=", 21),
                ("id", "not in", company.ekarte_sale_tax_ids.ids),
            ]
        )
        usable = service.filtered(lambda tax: tax._is_ekarte_tax("sale"))[:1]
        with self.assertRaisesRegex(ValidationError, "one for each rate"):
            company.ekarte_sale_tax_ids += usable
        company.ekarte_sale_tax_ids -= company._ekarte_sale_tax(2100)
        company.ekarte_sale_tax_ids += usable
        self.assertEqual(company._ekarte_sale_tax(2100), usable)

    def test_a_tax_that_splits_is_refused(self):
        company = self.latvian
        self.wizards._set_up(company)
        tax = company._ekarte_sale_tax(2100).copy({"name": "On payment"})
        tax.write(
            {
                "tax_exigibility": "on_payment",
                "cash_basis_transition_account_id": company.ekarte_bnk_account_id.id,
            }
        )
        company.ekarte_sale_tax_ids -= company._ekarte_sale_tax(2100)
        with self.assertRaisesRegex(ValidationError, "cannot be used for E-karte"):
            company.ekarte_sale_tax_ids += tax

    def test_who_may_set_accounts(self):
        company = self.latvian

        def apply(login, groups):
            user = new_test_user(
                self.env,
                login,
                groups=groups,
                company_id=company.id,
                company_ids=[(6, 0, company.ids)],
            )
            wizard = self.wizards.with_user(user).with_company(company)
            wizard.create({"company_id": company.id}).action_apply()

        with self.assertRaises(AccessError):
            apply("test.operator", "ekarte_loyalty.ekarte_loyalty_group_issuer")
        with self.assertRaises(AccessError):
            apply("test.accountant", ACCOUNTANT_GROUPS)
        self.assertTrue(company._ekarte_missing_keys())
        apply("test.manager", MANAGER_GROUPS)
        self.assert_complete(company)

    def test_another_companys_accounts_stay_out_of_reach(self):
        mine, other = self.latvian, self._company("generic_coa", "base.us")
        manager = new_test_user(
            self.env,
            "test.manager",
            groups=MANAGER_GROUPS,
            company_id=mine.id,
            company_ids=[(6, 0, mine.ids)],
        )
        wizard = self.wizards.with_user(manager).create({"company_id": mine.id})
        wizard.sudo().company_id = other
        with self.assertRaises(AccessError):
            wizard.action_apply()


@tagged("post_install", "-at_install")
class TestAccountsGenericChart(SettlementCase):
    """The worked figures on a chart that knows nothing of Latvia."""

    @classmethod
    def _company(cls, name, chart="generic_coa", country="base.us", **more):
        company = super()._company(name, chart=chart, country=country, **more)
        company.currency_id = cls.env.ref("base.EUR")  # the chart made it dollars
        account = cls.env["account.account"].search(
            [
                *cls.env["account.account"]._check_company_domain(company),
                ("account_type", "=", "liability_current"),
            ],
            limit=1,
        )
        tax = cls.env["account.tax"].create(
            {
                "name": "21%",
                "amount": 21,
                "type_tax_use": "sale",
                "company_id": company.id,
                "country_id": company.account_fiscal_country_id.id,
            }
        )
        for is_refund in (False, True):
            tax._ekarte_parts(is_refund, "tax").account_id = account
        return company

    def test_gift_card_used_elsewhere(self):
        settlement = self.take(
            self.line("sale", "TFUEL", amount=3000, tendered=3000),
            self.line("gift_spend", "TFUEL", "TGROCER", amount=3000, carry=3000),
        )
        self.assertEqual(settlement.state, "posted", settlement.reason)
        self.assertEqual(
            self.booked(settlement, self.fuel),
            {"TND": 0, "REV": -2479, "VATO": -521, "CLR": 3000},
        )
        self.assertEqual(
            self.booked(settlement, self.grocer), {"LGC": 3000, "CLR": -3000}
        )

    def test_a_tax_without_an_account_stays_with_the_revenue(self):
        tax = self.fuel._ekarte_sale_tax(2100)
        for is_refund in (False, True):
            tax._ekarte_parts(is_refund, "tax").account_id = False
        settlement = self.take(self.line("sale", "TFUEL", amount=3000))
        self.assertEqual(
            settlement.move_ids.line_ids.filtered("tax_line_id").account_id,
            self.fuel.ekarte_rev_account_id,
        )
