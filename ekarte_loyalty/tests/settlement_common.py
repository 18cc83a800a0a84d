"""A small union with books: two companies on the Latvian chart, one issuer outside."""

import tempfile
from datetime import datetime, timezone
from pathlib import Path

from odoo.tests import TransactionCase
from odoo.tests.common import new_test_user

from ekarte_core import (
    ACCOUNT_KEYS,
    CardRef,
    Request,
    Tender,
    decode_answer,
    execute,
    load_keyring,
    publish,
    read_network,
    write_new_keyring,
)

DAY = "2026-11-21"
TAXES = {"sale": "VATO", "purchase": "VATI"}
ACCOUNTANT_GROUPS = (
    "ekarte_loyalty.ekarte_loyalty_group_accountant,account.group_account_user"
)


class BooksCase(TransactionCase):
    """Companies with charts of accounts, and their people."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context=dict(cls.env.context, tracking_disable=True))
        cls.settlements = cls.env["ekarte.settlement"]

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


class SettlementCase(BooksCase):
    """Companies, issuers and branches; `document` and `post` make and take documents.

    Codes begin with T, so that the cases also run beside a loaded demo network.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
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
        keys = set(ACCOUNT_KEYS) - set(TAXES.values())
        names = {company._ekarte_account(key).id: key for key in keys}
        sums = {}
        for item in settlement.move_ids.line_ids:
            if item.company_id == company:
                use = item.tax_line_id.type_tax_use
                name = TAXES[use] if use else names[item.account_id.id]
                sums[name] = sums.get(name, 0) + round(item.balance * 100)
        return sums if key is None else sums.get(key, 0)


GIFT = CardRef(value="8880002000000014")
CLUB = CardRef(value="8880001000000016")
PASS = CardRef(value="8880003000000010")
CREDIT = CardRef(value="8880004000000018")
PROGRAMS = {
    "TGIFT": ("gift_card", {"accept_at": "coalition"}),
    "TBON": ("bonus_amount", {"step": 500, "convert_at": 10, "convert_to": 100}),
    "TPASS": ("visit_pass", {"visits": 10, "price": 10_000, "valid_days": 30}),
    "TCRE": (
        "credit_card",
        {"credit_limit": 10_000, "accept_at": "coalition", "credit_elsewhere": True},
    ),
}
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=timezone.utc)


def network_document():
    """The network that terminals decide by in these tests."""
    ranges = {
        "TCLUB": ("8880001000000000", "8880001999999999"),
        "TGIFT": ("8880002000000000", "8880002999999999"),
        "TPASS": ("8880003000000000", "8880003999999999"),
        "TCRED": ("8880004000000000", "8880004999999999"),
    }
    return {
        "format": 1,
        "name": "Tests",
        "coalitions": [
            {"code": "T", "name": "T", "issuers": ["TGROCER", "TFUEL", "TBOOKS"]}
        ],
        "issuers": [
            {"code": "TGROCER", "name": "Grocer"},
            {"code": "TFUEL", "name": "Fuel"},
            {"code": "TBOOKS", "name": "Books", "in_odoo": False},
        ],
        "branches": [
            {"code": "TG1", "issuer": "TGROCER", "name": "Grocer Centre"},
            {"code": "TF1", "issuer": "TFUEL", "name": "Fuel Jugla"},
            {"code": "TB1", "issuer": "TBOOKS", "name": "Books Old Town"},
        ],
        "programs": [
            {
                "code": code,
                "issuer": "TGROCER",
                "kind": kind,
                "name": code,
                "parameters": dict(parameters),
            }
            for code, (kind, parameters) in PROGRAMS.items()
        ],
        "card_types": [
            {
                "code": code,
                "issuer": "TGROCER",
                "name": code,
                # Credit is given by activation.
                "auto_register": program != "TCRE",
                "programs": [program],
                "ranges": [{"kind": "number", "from": first, "to": last}],
            }
            for (code, (first, last)), program in zip(
                ranges.items(), ("TBON", "TGIFT", "TPASS", "TCRE"), strict=True
            )
        ],
        "terminals": [
            {"id": "TTTTTTG1", "branch": "TG1"},
            {"id": "TTTTTTF1", "branch": "TF1"},
            {"id": "TTTTTTB1", "branch": "TB1"},
        ],
    }


class LedgerCase(SettlementCase):
    """Settlements that come of real operations in the card ledger."""

    now = NOW

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.network = read_network(network_document(), version=1)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "keyring"
            write_new_keyring(path)
            cls.keyring = load_keyring(path)
        cls.number = 0
        cls.env["ekarte.program"].create(
            [
                {
                    "code": code,
                    "name": code,
                    "kind": kind,
                    "issuer_id": cls.issuers[0].id,
                }
                for code, (kind, _parameters) in PROGRAMS.items()
            ]
        )

    def send(self, command, terminal, card, **more):
        """One operation of a terminal, booked in the ledger; its answer."""
        type(self).number += 1
        request = Request(
            command=command,
            terminal=terminal,
            batch=1,
            operation=self.number,
            card=card,
            **more,
        )
        (outcome,) = execute(
            self.env.cr, [request], self.network, self.keyring, self.now
        )
        answer = decode_answer(outcome.answer)
        self.assertEqual(answer.rc, "00", answer)
        return answer

    def trade(self):
        """A load, uses at three issuers, bonuses earned and converted."""
        self.send("activate", "TTTTTTG1", GIFT, amount=10_000)
        self.send("sale", "TTTTTTF1", GIFT, amount=3_000, tender=Tender(gift=3_000))
        self.send("sale", "TTTTTTG1", GIFT, amount=1_000, tender=Tender(gift=1_000))
        self.send("sale", "TTTTTTB1", GIFT, amount=2_000, tender=Tender(gift=2_000))
        self.send("sale", "TTTTTTG1", CLUB, amount=5_700)

    def settle(self):
        """Settle and return the documents that came of it."""
        before = self.settlements.search([])
        publish(self.env.cr, network_document(), self.now)
        self.settlements._cron_settle()
        return self.settlements.search([]) - before
