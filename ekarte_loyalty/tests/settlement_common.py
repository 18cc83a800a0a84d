"""A small union with books: two companies on the Latvian chart, one issuer outside."""

from odoo.tests import TransactionCase
from odoo.tests.common import new_test_user

DAY = "2026-11-21"
ACCOUNTANT_GROUPS = (
    "ekarte_loyalty.ekarte_loyalty_group_accountant,account.group_account_user"
)


class SettlementCase(TransactionCase):
    """Companies, issuers and branches; `document` and `post` make and take documents.

    Codes begin with T, so that the cases also run beside a loaded demo network.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context=dict(cls.env.context, tracking_disable=True))
        cls.settlements = cls.env["ekarte.settlement"]
        cls.grocer = cls._company("SIA Tests Grocer")
        cls.fuel = cls._company("SIA Tests Fuel")
        cls.env["ekarte.accounts"]._set_up(cls.grocer | cls.fuel)
        cls.books_partner = cls.env["res.partner"].create({"name": "SIA Tests Books"})
        cls.issuers = cls.env["ekarte.issuer"].create(
            [
                {"code": "TGROCER", "company_id": cls.grocer.id},
                {"code": "TFUEL", "company_id": cls.fuel.id},
                {"code": "TBOOKS", "partner_id": cls.books_partner.id},
            ]
        )
        cls.branches = cls.env["ekarte.branch"].create(
            [
                {
                    "code": "TG1",
                    "name": "Grocer Centre",
                    "issuer_id": cls.issuers[0].id,
                },
                {"code": "TF1", "name": "Fuel Jugla", "issuer_id": cls.issuers[1].id},
                {
                    "code": "TB1",
                    "name": "Books Old Town",
                    "issuer_id": cls.issuers[2].id,
                },
            ]
        )
        cls.next_id = 900_000

    @classmethod
    def _company(cls, name, chart="lv", country="base.lv", currency="base.EUR"):
        company = cls.env["res.company"].create(
            {
                "name": name,
                "country_id": cls.env.ref(country).id,
                "currency_id": cls.env.ref(currency).id,
            }
        )
        cls.env["account.chart.template"].try_loading(
            chart, company=company, install_demo=False
        )
        cls.env.user.company_ids += company
        return company

    @classmethod
    def _user(cls, login, groups, companies):
        return new_test_user(
            cls.env,
            login,
            groups=groups,
            company_id=companies[0].id,
            company_ids=[(6, 0, companies.ids)],
        )

    @classmethod
    def document(cls, *lines, **changes):
        """A settlement document of these lines, with an id of its own."""
        cls.next_id += 1
        document = {
            "format": 1,
            "id": cls.next_id,
            "created_at": "2026-11-21T22:00:00Z",
            "cutoff": "2026-11-21T22:00:00Z",
            "network_version": 1,
            "outside": ["TBOOKS"],
            "lines": [
                {**line, "line": number} for number, line in enumerate(lines, start=1)
            ],
        }
        return {**document, **changes}

    @staticmethod
    def line(event, seller="TGROCER", issuer=None, **changes):
        """One line as the core sends it; amounts in minor units."""
        branch = {"TGROCER": "TG1", "TFUEL": "TF1", "TBOOKS": "TB1"}[seller]
        return {
            "day": DAY,
            "event": event,
            "seller": seller,
            "issuer": issuer or seller,
            "branch": branch,
            "program": "" if event == "sale" else "TPROG",
            "tax_rate_bp": 2100 if event == "sale" else 0,
            "currency": "EUR",
            "operations": 1,
            "books_sales": True,
            **changes,
        }

    def take(self, *lines, **changes):
        """Hand a document in as the gateway's user does; return its settlement."""
        answer = self.settlements._take(self.document(*lines, **changes))
        return self.settlements.browse(answer["id"])

    def booked(self, settlement, company, key=None):
        """Debits (positive) by account key, in cents, of one company."""
        names = {
            company._ekarte_account(k).id: k
            for k in ("BNK", "REV", "LGC", "LBN", "TND", "CLR", "XCL")
        }
        sums = {}
        for item in settlement.move_ids.line_ids:
            if item.company_id == company:
                name = "VATO" if item.tax_line_id else names[item.account_id.id]
                sums[name] = sums.get(name, 0) + round(item.balance * 100)
        return sums if key is None else sums.get(key, 0)
