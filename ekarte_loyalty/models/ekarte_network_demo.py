from odoo import Command, api, models
from odoo.tools import convert_file

MODULE = "ekarte_loyalty"


class EkarteNetwork(models.Model):
    _inherit = "ekarte.network"

    @api.model
    def _load_demo_network(self):
        """Enter the demo network: three issuers, four branches, users for each role.

        For demo data, and for stacks whose database is made without it. What exists
        already stays as it is. Passwords equal the logins: never on a real network.
        """
        self._load_demo_file("ekarte_demo_companies.xml")
        companies = self.env.ref(f"{MODULE}.company_grocer_demo") | self.env.ref(
            f"{MODULE}.company_fuel_demo"
        )
        for company in companies:
            self._load_demo_chart(company)
            self._load_demo_warehouse(company)
        self.env.ref("base.user_admin").company_ids = [
            Command.link(company.id) for company in companies
        ]
        self._load_demo_file("ekarte_demo_network.xml")
        self._load_demo_file("ekarte_demo_programs.xml")
        self._load_demo_file("ekarte_demo_users.xml")
        network = self._get()
        if network.name == "E-karte":
            network.write(
                {"name": "Baltā karte", "currency_id": self.env.ref("base.EUR").id}
            )

    def _load_demo_file(self, name):
        convert_file(self.env, MODULE, f"demo/{name}", None, noupdate=True)

    def _load_demo_chart(self, company):
        """Give a company the Latvian chart; where that is missing, the plain one."""
        if company.chart_template:
            return
        latvian = self.env["ir.module.module"].search_count(
            [("name", "=", "l10n_lv"), ("state", "=", "installed")], limit=1
        )
        chart = "lv" if latvian else "generic_coa"
        self.env["account.chart.template"]._load(chart, company, install_demo=False)

    def _load_demo_warehouse(self, company):
        """Give a company a warehouse where Odoo keeps stock: orders ask for one."""
        if "stock.warehouse" not in self.env:
            return
        warehouses = self.env["stock.warehouse"].sudo()
        if not warehouses.search_count([("company_id", "=", company.id)], limit=1):
            warehouses.create(
                {
                    "name": company.name,
                    "code": f"EK{company.id}",
                    "company_id": company.id,
                    "partner_id": company.partner_id.id,
                }
            )
