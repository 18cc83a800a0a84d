"""Tills of the demo network: shops that open, with goods and a cashier."""

from odoo import Command, api, models
from odoo.tools import convert_file

MODULE = "ekarte_pos_terminal"
DEMO_FILE = "ekarte_demo_tills.xml"
# Company, branch, name, with tables?
DEMO_TILLS = (
    ("grocer", "G1", "Centrs, Odoo kase 1", False),
    ("grocer", "G1", "Centrs, Odoo kase 2", False),
    ("fuel", "F1", "Jugla, kafejnīca", True),
)
# Number, name, price with tax, goods group, tax rate, category, barcode
DEMO_GOODS = {
    "grocer": (
        ("101", "Rudzu maize", 1.49, "food", 21, "food", "4750000001014"),
        ("102", "Piens 1 l", 1.19, "food", 21, "food", "4750000001021"),
        ("103", "Siers 250 g", 3.45, "food", 21, "food", "4750000001038"),
        ("104", "Kafija 500 g", 7.99, "food", 21, "food", "4750000001045"),
        ("105", "Āboli 1 kg", 1.69, "food", 12, "food", "4750000001052"),
        ("106", "Kartupeļi 2 kg", 1.58, "food", 12, "food", "4750000001069"),
        ("107", "Bērnu biezenis", 1.35, "food", 12, "food", "4750000001076"),
        ("108", "Lielais iepirkumu grozs", 50.00, "food", 21, "food", "4750000001083"),
        ("201", "Veļas pulveris 2 kg", 9.99, "household", 21, "home", "4750000002011"),
        ("202", "Trauku līdzeklis", 1.79, "household", 21, "home", "4750000002028"),
        ("203", "Zobu pasta", 2.89, "household", 21, "home", "4750000002035"),
        ("204", "Svece", 0.99, "household", 21, "home", "4750000002042"),
    ),
    "fuel": (
        ("301", "Kafija", 2.50, "food", 21, "cafe", "4750000003018"),
        ("302", "Hotdogs", 3.20, "food", 21, "cafe", "4750000003025"),
        ("303", "Sviestmaize", 2.90, "food", 21, "cafe", "4750000003032"),
        ("304", "Zupa", 3.60, "food", 21, "cafe", "4750000003049"),
    ),
}


class PosConfigDemo(models.Model):
    _inherit = "pos.config"

    @api.model
    def _load_demo_tills(self):
        """Open points of sale of the demo network's companies; what exists stays.

        After ekarte.network._load_demo_network. The cashiers' passwords equal their
        logins: never on a real network.
        """
        path = f"demo/{DEMO_FILE}"
        convert_file(self.env, MODULE, path, None, noupdate=True)
        tills = self.browse()
        for key, branch, name, tables in DEMO_TILLS:
            company = self.env.ref(f"ekarte_loyalty.company_{key}_demo")
            self._make_demo_goods(company, key)
            tills |= self.with_company(company)._demo_till(
                company, branch, name, tables
            )
        self.env["ekarte.tills"].set_up(
            tills.filtered(lambda till: not till.has_active_session)
        )
        return tills

    def _demo_till(self, company, branch, name, tables):
        till = self.search([("company_id", "=", company.id), ("name", "=", name)])
        if till:
            return till
        branches = self.env["ekarte.branch"]
        vals = {
            "name": name,
            "company_id": company.id,
            "ekarte_branch_id": branches.search([("code", "=", branch)]).id,
        }
        # Odoo's restaurants are another module: where it is not, a counter will do.
        if tables and "floor_ids" in self._fields:
            vals["module_pos_restaurant"] = True
        return self.create(vals)

    @api.model
    def _make_demo_goods(self, company, key):
        products = self.env["product.template"].with_company(company)
        known = products.search([("company_id", "=", company.id)])
        codes = known.mapped("default_code")
        groups = {
            group.code: group.id for group in self.env["ekarte.goods.group"].search([])
        }
        vals_list = [
            {
                "name": name,
                "default_code": code,
                "barcode": barcode,
                "list_price": price,
                "type": "consu",
                "company_id": company.id,
                "available_in_pos": True,
                "ekarte_goods_group_id": groups[group],
                "taxes_id": [Command.set(self._demo_tax(company, rate).ids)],
                "supplier_taxes_id": [Command.clear()],
                "pos_categ_ids": [
                    Command.link(self.env.ref(f"{MODULE}.pos_category_{shelf}_demo").id)
                ],
            }
            for code, name, price, group, rate, shelf, barcode in DEMO_GOODS[key]
            if code not in codes
        ]
        products.create(vals_list)

    @api.model
    def _demo_tax(self, company, rate):
        """Return the company's sale tax of a rate, else the one it sells most at."""
        taxes = self.env["account.tax"].search(
            [
                ("company_id", "=", company.id),
                ("type_tax_use", "=", "sale"),
                ("amount_type", "=", "percent"),
                ("amount", "=", rate),
            ]
        )
        domestic = taxes.filtered("is_domestic")
        return (domestic or taxes)[:1] or company.account_sale_tax_id
