"""Tills are prepared for cards: what is missing is said, made once, never twice."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .terminal_common import ADMINISTRATOR, ISSUER, OPERATOR, TerminalCase

POS_MANAGER = "point_of_sale.group_pos_manager"


@tagged("post_install", "-at_install")
class TestTills(TerminalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.companies[0]
        cls.company.currency_id = cls.network.currency_id
        cls.env["account.chart.template"].try_loading(
            "generic_coa", company=cls.company, install_demo=False
        )
        cls.company.currency_id = cls.network.currency_id
        cls.env.user.company_ids += cls.companies
        cls.env = cls.env(context={**cls.env.context, "lang": "en_US"})
        configs = cls.env["pos.config"].with_company(cls.company)
        # One by one: two at once would get the same cash box.
        for number in (1, 2):
            configs |= configs.create(
                {
                    "name": f"Tests till {number}",
                    "company_id": cls.company.id,
                    "ekarte_branch_id": cls.branches[0].id,
                }
            )
        cls.tills = configs
        cls.till = cls.tills[0]
        programs = cls.env["ekarte.program"].create(
            [
                {
                    "code": f"T-{kind}".upper().replace("_", "-"),
                    "name": f"Program {kind}",
                    "issuer_id": cls.issuers[0].id,
                    "kind": kind,
                    "state": "active",
                    **more,
                }
                for kind, more in (
                    ("gift_card", {"min_load": 5}),
                    ("credit_card", {"credit_limit": 100}),
                    ("visit_pass", {"visits": 10, "price": 30}),
                )
            ]
        )
        cls.programs = programs
        cls.setup = cls.env["ekarte.tills"]

    def _products(self):
        return self.till._ekarte_load_products().filtered("company_id")

    def test_who_does_not_sell_opens_a_branch_without_its_tills(self):
        branch = self.branches[0]
        self.assertTrue(branch.pos_config_ids)
        issuer = self.user("tills.none", ISSUER)
        seller = self.user("tills.some", f"{ISSUER},{POS_MANAGER}")
        for user, sees in ((issuer, False), (seller, True)):
            with self.subTest(sees), Form(branch.with_user(user)) as form:
                form.name = f"Renamed by {user.login}"
                self.assertEqual(form.has_tills, sees)

    def test_a_till_says_what_it_lacks(self):
        self.assertFalse(self.till.ekarte_ready)
        for words in ("lacks accounts", "Cards cannot pay", "money off", "Gift card"):
            self.assertIn(words, self.till.ekarte_missing)

    def test_a_till_without_a_branch_lacks_nothing_and_is_not_ready(self):
        self.till.ekarte_branch_id = False
        self.assertEqual(
            (self.till.ekarte_ready, self.till.ekarte_missing), (False, "")
        )

    def test_a_prepared_till_lacks_nothing(self):
        self.setup.set_up(self.tills)
        self.assertEqual(self.tills.mapped("ekarte_missing"), ["", ""])
        self.assertEqual(self.tills.mapped("ekarte_ready"), [True, True])

    def test_tills_of_a_company_share_what_was_made(self):
        self.setup.set_up(self.tills)
        method = self.tills[0]._ekarte_payment_method()
        self.assertEqual(method, self.tills[1]._ekarte_payment_method())
        tender = self.company._ekarte_account("TND")
        self.assertEqual(method.outstanding_account_id, tender)
        lines = method.journal_id.inbound_payment_method_line_ids
        self.assertEqual(lines.payment_account_id, tender)
        self.assertEqual(len(self.tills.ekarte_discount_product_id), 1)

    def test_preparing_again_makes_nothing(self):
        self.setup.set_up(self.tills)
        before = self._products()
        method = self.till._ekarte_payment_method()
        self.setup.set_up(self.tills)
        self.assertEqual(self._products(), before)
        self.assertEqual(self.till._ekarte_payment_method(), method)
        self.assertEqual(len(method.config_ids & self.tills), 2)

    def test_what_loads_cards_is_no_income_and_a_pass_is(self):
        self.setup.set_up(self.till)
        tender = self.company._ekarte_account("TND")
        products = {one.ekarte_load: one for one in self._products()}
        self.assertEqual(set(products), {"gift_card", "top_up", "credit", "pass"})
        for sort in ("gift_card", "top_up", "credit"):
            product = products[sort].with_company(self.company)
            self.assertEqual(product._get_product_accounts()["income"], tender)
            self.assertFalse(product.taxes_id)
        sold = products["pass"].with_company(self.company)
        self.assertEqual(sold.taxes_id, self.company.account_sale_tax_id)
        # 30.00 is what the customer pays: the tax is within it.
        paid = sold.taxes_id.compute_all(sold.list_price)["total_included"]
        self.assertEqual((sold.taxes_id.price_include, paid), (False, 30))
        self.assertNotEqual(sold._get_product_accounts()["income"], tender)

    def test_what_is_made_speaks_the_language_of_each_cashier(self):
        self.env["res.lang"]._activate_lang("lv_LV")
        self.setup.set_up(self.till)
        gift = self._products().filtered(lambda one: one.ekarte_load == "gift_card")
        off = self.till.ekarte_discount_product_id
        self.assertEqual((gift.name, off.name), ("Gift card", "Card discount"))
        self.assertEqual(gift.with_context(lang="lv_LV").name, "Dāvanu karte")
        self.assertEqual(off.with_context(lang="lv_LV").name, "Kartes atlaide")

    def test_a_wrong_account_and_a_wrong_tax_are_said(self):
        self.setup.set_up(self.till)
        gift = self._products().filtered(lambda one: one.ekarte_load == "gift_card")
        gift.taxes_id = self.company.account_sale_tax_id
        self.till.ekarte_discount_product_id.taxes_id = gift.taxes_id
        method = self.till._ekarte_payment_method()
        method.outstanding_account_id = self.company._ekarte_account("LGC")
        self.till.invalidate_recordset()
        for words in ("puts money on cards", "tax of its own", "not meet the settle"):
            self.assertIn(words, self.till.ekarte_missing)

    def test_an_open_session_stands_in_the_way(self):
        self.till.open_ui()
        with self.assertRaisesRegex(UserError, "Tests till 1"):
            self.setup.set_up(self.tills)

    def test_the_discount_product_is_loaded_and_not_sold_by_hand(self):
        self.setup.set_up(self.till)
        special = self.till._get_special_products()
        self.assertIn(self.till.ekarte_discount_product_id, special)
        self.assertNotIn(self._products().product_variant_ids[0], special)

    def test_who_sets_programs_and_tills_prepares_them(self):
        user = self.user("t.till.boss", f"{ISSUER},{POS_MANAGER}")
        wizard = self.setup.with_user(user).create({"config_ids": self.till.ids})
        done = wizard.action_prepare()
        self.assertEqual(done["params"]["type"], "success")
        self.assertTrue(self.till.ekarte_ready)

    def test_others_prepare_nothing(self):
        for login, groups in (("t.op", OPERATOR), ("t.issuer", ISSUER)):
            user = self.user(login, groups)
            with self.assertRaises(AccessError):
                self.setup.with_user(user).create(
                    {"config_ids": self.till.ids}
                ).action_prepare()
        far = self.user("t.far", f"{ADMINISTRATOR},{POS_MANAGER}", self.companies[1])
        with self.assertRaises(AccessError):
            self.setup.with_user(far).create(
                {"config_ids": self.till.ids}
            ).action_prepare()
        self.assertFalse(self.till.ekarte_ready)

    def test_the_settings_page_says_it(self):
        settings = self.env["res.config.settings"].with_company(self.company)
        page = settings.create({"pos_config_id": self.till.id})
        self.assertIn("Cards cannot pay", page.ekarte_till_missing)
        context = page.action_ekarte_prepare_till()["context"]
        self.assertEqual(context["default_config_ids"], self.till.ids)
