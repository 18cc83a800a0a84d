"""The books of the year: three companies here, one member outside, and its nights."""

import json
from collections import Counter
from contextlib import contextmanager
from datetime import datetime, timezone
from types import SimpleNamespace
from unittest.mock import patch

from freezegun.api import freeze_time

from odoo import Command
from odoo.tools import SQL

from ekarte_core import (
    build_settlement,
    clock,
    fold_exposure,
    network_version,
    pending_settlements,
    publish,
    read_network,
    read_settlement,
    seal,
    settlement_accepted,
)

from ..keyring import server_keyring
from ..models.ekarte_settlement_checks import WHOLE
from ..units import from_minor
from .credit_common import DESK
from .settlement_common import ACCOUNTANT_GROUPS, BooksCase
from .year_network import (
    BOOKS,
    BRANCHES,
    EVERYONE,
    GROCER,
    IN_ODOO,
    PROGRAMS,
    REGISTERS,
    document,
)

# What a shop's own register knows of a line: money that was moved by card.
TENDERED = {"sale": "tendered", "gift_load": "amount", "credit_pay": "amount"}
STATISTICS_TARGET = 20
"""Coarse, and quick: tables grow tenfold in a month, then hardly."""


class YearCase(BooksCase):
    """Companies and a published network; `night` and `settle` end a day."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Terminals go by the document of this year, not by what is configured here.
        network = type(cls.env["ekarte.network"])
        cls.startClassPatcher(patch.object(network, "_schedule_publication"))
        cls.companies = {code: cls._company(f"SIA {code}") for code in IN_ODOO}
        for company in cls.companies.values():
            cls.env["ekarte.accounts"]._set_up(company)
        cls.all_companies = cls.env["res.company"].union(*cls.companies.values())
        cls.accountant = cls._user(
            "year.accountant", ACCOUNTANT_GROUPS, cls.all_companies
        )
        cls.outside = cls.env["res.partner"].create({"name": f"SIA {BOOKS}"})
        cls.issuers = {code: cls._issuer(code) for code in EVERYONE}
        cls.offices = {
            code: issuer._back_office_id() for code, issuer in cls.issuers.items()
        }
        cls._masters()
        cls.keyring = server_keyring(cls.env)

    def setUp(self):
        super().setUp()
        self.events, self.settled, self.compared = Counter(), 0, 0

    @classmethod
    def _issuer(cls, code):
        company = cls.companies.get(code)
        books = (
            {"company_id": company.id} if company else {"partner_id": cls.outside.id}
        )
        currency = cls.env.ref("base.EUR")
        return cls.env["ekarte.issuer"].create(
            {"code": code, "books_currency_id": currency.id, **books}
        )

    @classmethod
    def _masters(cls):
        """What Odoo knows of the network: branches and programs."""
        cls.env["ekarte.branch"].create(
            [
                {"code": code, "name": code, "issuer_id": cls.issuers[issuer].id}
                for code, issuer in BRANCHES.items()
            ]
        )
        cls.env["ekarte.program"].create(
            [
                {
                    "code": code,
                    "name": code,
                    "kind": kind,
                    "issuer_id": cls.issuers[issuer].id,
                }
                for code, (issuer, kind, _parameters) in PROGRAMS.items()
            ]
        )

    def _coalition(self, members):
        return self.env["ekarte.coalition"].create(
            {
                "code": "Y",
                "name": "A year",
                "issuer_ids": [Command.link(self.issuers[code].id) for code in members],
                "operator_id": self.issuers[GROCER].id,
                "fee_rate": 1.5,
            }
        )

    def published(self, moment, members, **more):
        """Publish the network; return it as terminals decide by it."""
        self._analyze()
        body = document(members, self.offices, **more)
        publish(self.env.cr, body, moment)
        return read_network(body, version=network_version(self.env.cr))

    def _analyze(self):
        """Tell the planner how much there is: nobody else sees this transaction.

        It also keeps the autovacuum away, which would find the tables empty and say so.
        """
        self.env.flush_all()
        cr = self.env.cr
        cr.execute(
            "SELECT set_config('default_statistics_target', %s, true)",
            [str(STATISTICS_TARGET)],
        )
        cr.execute(
            "SELECT schema.nspname, relation.relname"
            " FROM pg_class AS relation"
            " INNER JOIN pg_namespace AS schema ON schema.oid = relation.relnamespace"
            " WHERE relation.relkind = 'r' AND (schema.nspname = 'ekarte'"
            " OR relation.relname LIKE 'ekarte%%'"
            " OR relation.relname LIKE 'account\\_move%%')"
        )
        tables = [SQL.identifier(*name) for name in cr.fetchall()]
        cr.execute(SQL("ANALYZE %s", SQL(", ").join(tables)))

    @contextmanager
    def at(self, moment):
        """Odoo's clocks stand at a moment; the core is told it, as it always is."""
        desk = SimpleNamespace(now=lambda _zone: moment)
        frozen = freeze_time(moment, ignore=["ekarte_core"])
        with frozen, patch(f"{DESK}.datetime", desk):
            yield

    def night(self, network, moment):
        """All that the clock does: holds, lots, periods, statements, seals."""
        while any(clock(self.env.cr, network, self.keyring, moment).values()):
            pass
        fold_exposure(self.env.cr, moment)
        while seal(self.env.cr, moment, whole=False):
            pass

    def settle(self, network, moment):
        """Settle what was booked, and enter what the registers report."""
        cr = self.env.cr
        self._analyze()
        build_settlement(cr, network, moment, moment)
        for number, body in pending_settlements(cr):
            answer = self.settlements._take(json.loads(body))
            settlement = self.settlements.browse(answer["id"])
            self.assertEqual(answer["state"], "posted", settlement.reason)
            settlement_accepted(cr, number, "{}", moment)
            parsed = read_settlement(body)
            self.events.update(line.event for line in parsed.lines)
            self._enter_registers(parsed)
            self.settled += 1

    def agrees(self, when, waiting=frozenset(), *, whole=False):
        """Assert that every check of the reconciliation is green, or is waiting.

        `whole`: as at night, all seals and all that is paid.
        """
        rows = self.settlements.with_context(**{WHOLE: whole})._reconciliation()
        mine = (False, *self.all_companies.ids)
        rows = [row for row in rows if row["company_id"] in mine]
        self.compared += len(rows)
        red = [row for row in rows if not row["ok"] and row["check"] not in waiting]
        self.assertFalse(red, when)

    def _enter_registers(self, parsed):
        """What registers tell of card money: taken for sold cards, given for goods."""
        sums = Counter()
        for line in parsed.lines:
            if line.branch in REGISTERS and line.event in TENDERED:
                sign = 1 if line.event == "sale" else -1
                cents = getattr(line, TENDERED[line.event])
                sums[self.companies[line.seller], line.day] += sign * cents
        for (company, day), cents in sums.items():
            self._enter(company, day, {"TND": cents, "BNK": -cents})

    def _enter(self, company, day, amounts):
        items = [
            Command.create(
                {
                    "account_id": company._ekarte_account(key).id,
                    "balance": from_minor(cents),
                    "tax_ids": [Command.clear()],
                }
            )
            for key, cents in amounts.items()
        ]
        move = self.env["account.move"].create(
            {
                "company_id": company.id,
                "journal_id": company.ekarte_journal_id.id,
                "date": day,
                "line_ids": items,
            }
        )
        move._post(soft=False)


def midnight(day):
    """The beginning of a day, as a moment."""
    return datetime(day.year, day.month, day.day, tzinfo=timezone.utc)
