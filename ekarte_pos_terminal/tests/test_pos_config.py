"""A till of Odoo's Point of Sale belongs to a branch of its own company."""

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .terminal_common import TerminalCase


@tagged("post_install", "-at_install")
class TestPosConfig(TerminalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.companies[0]
        cls.env["account.chart.template"].try_loading(
            "generic_coa", company=cls.company, install_demo=False
        )
        cls.env.user.company_ids += cls.companies
        cls.till = (
            cls.env["pos.config"]
            .with_company(cls.company)
            .create({"name": "Tests till", "company_id": cls.company.id})
        )

    def test_a_branch_of_the_same_company_is_allowed(self):
        self.till.ekarte_branch_id = self.branches[0]
        self.assertEqual(self.branches[0].pos_config_ids, self.till)

    def test_a_branch_of_another_company_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "Tests Grocer"):
            self.till.ekarte_branch_id = self.branches[1]

    def test_the_settings_page_sets_it(self):
        settings = (
            self.env["res.config.settings"]
            .with_company(self.company)
            .create({"pos_config_id": self.till.id})
        )
        settings.pos_ekarte_branch_id = self.branches[0]
        self.assertEqual(self.till.ekarte_branch_id, self.branches[0])

    def test_the_till_still_loads_its_data(self):
        self.till.ekarte_branch_id = self.branches[0]
        names = self.env["pos.config"]._load_pos_data_fields(self.till)
        (row,) = self.till.read(names, load=False)
        self.assertEqual(row["ekarte_branch_id"], self.branches[0].id)
