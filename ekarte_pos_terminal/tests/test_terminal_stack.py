"""Provisioning of the demonstration stack: twice is as good as once."""

import json

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .terminal_common import ADMINISTRATOR, TerminalCase


@tagged("post_install", "-at_install")
class TestTerminalStack(TerminalCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first = cls.provision()  # loads two charts of accounts: once is enough

    @classmethod
    def provision(cls):
        return cls.env["ekarte.terminal"].provision_stack()

    def call(self, key, body):
        with mute_logger("odoo.http"):
            return self.url_open(
                "/json/2/ekarte.settlement/receive",
                data=json.dumps(body),
                headers={
                    "Content-Type": "application/json",
                    "Authorization": f"Bearer {key}",
                },
            ).status_code

    def test_it_gives_what_the_other_programs_need(self):
        given = json.loads(json.dumps(self.first))
        terminals = {terminal["id"]: terminal for terminal in given["terminals"]}
        self.assertEqual(
            {code: terminal["branch"] for code, terminal in terminals.items()},
            {
                "00000011": "G1",
                "00000012": "G1",
                "00000021": "G2",
                "00000022": "G2",
                "00000031": "F1",
                "00000032": "F1",
                "00000041": "B1",
                "00000042": "B1",
                "00000051": "G3",
                "00000061": "F2",
            },
        )
        self.assertEqual(terminals["00000042"]["mac"], "none")
        self.assertEqual(
            terminals["00000031"]["key"],
            self.keyring.terminal_key("00000031", 1).hex(),
        )
        roles = {login["role"] for login in given["logins"]}
        own = {"administrator", "issuer", "operator", "accountant", "cashier"}
        self.assertEqual(roles, own | {"subscriber"})

    def test_its_tills_are_ready_and_have_goods_of_two_tax_rates(self):
        tills = self.env["pos.config"].search([("ekarte_branch_id.code", "=", "G1")])
        self.assertEqual(len(tills), 2)
        self.assertEqual(tills.mapped("ekarte_missing"), ["", ""])
        company = tills.company_id
        goods = self.env["product.template"].search(
            [("company_id", "=", company.id), ("ekarte_goods_group_id", "!=", False)]
        )
        groups = set(goods.ekarte_goods_group_id.mapped("code"))
        self.assertEqual(groups, {"food", "household"})
        bread = goods.filtered(lambda one: one.default_code == "101")
        prices = bread.taxes_id.compute_all(
            bread.list_price, currency=company.currency_id
        )
        self.assertEqual(prices["total_included"], 1.49)

    def test_twice_it_makes_no_second_till(self):
        before = self.env["pos.config"].search_count([])
        goods = self.env["product.template"].search_count([])
        self.provision()
        self.assertEqual(self.env["pos.config"].search_count([]), before)
        self.assertEqual(self.env["product.template"].search_count([]), goods)

    def test_a_cashier_opens_a_till_of_the_own_company_only(self):
        cashier = self.env["res.users"].search([("login", "=", "cashier.grocer")])
        seen = self.env["pos.config"].with_user(cashier).search([])
        self.assertEqual(set(seen.ekarte_branch_id.sudo().mapped("code")), {"G1"})
        seen[0].open_ui()
        self.assertTrue(seen[0].has_active_session)

    def test_the_companies_have_their_accounts_and_the_terminals_are_live(self):
        issuers = self.env["ekarte.issuer"].search([("code", "in", ["GROCER", "FUEL"])])
        for company in issuers.company_id:
            self.assertFalse(company._ekarte_missing_keys())
        self.assertEqual(self.published()["00000031"]["hold_s"], 3600)

    def test_twice_it_keeps_terminals_and_keys_and_renews_the_api_key(self):
        first, second = self.first, self.provision()
        self.assertEqual(first["terminals"], second["terminals"])
        self.assertNotEqual(first["api_key"], second["api_key"])
        self.assertEqual(self.call(first["api_key"], {"document": {}}), 401)
        self.assertEqual(self.call(second["api_key"], {"document": {}}), 422)

    def test_nobody_but_the_shell_may(self):
        administrator = self.user("test.admin", ADMINISTRATOR)
        with self.assertRaises(AccessError):
            self.env["ekarte.terminal"].with_user(administrator).provision_stack()
        self.assertTrue(self.provision()["api_key"])
