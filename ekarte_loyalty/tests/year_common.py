"""The books of the year: three companies here, one member outside, and its nights."""

import json
import tempfile
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path

from odoo import Command

from ekarte_core import (
    build_settlement,
    clock,
    load_keyring,
    network_version,
    pending_settlements,
    publish,
    read_network,
    read_settlement,
    settlement_accepted,
    write_new_keyring,
)

from ..units import from_minor
from .settlement_common import BooksCase
from .year_network import BOOKS, BRANCHES, GROCER, IN_ODOO, PROGRAMS, document

# What a shop's own register knows of a line: money that was moved by card.
TENDERED = {"sale": "tendered", "gift_load": "amount", "credit_pay": "amount"}


class YearCase(BooksCase):
    """Companies and a published network; `night` and `settle` end a day."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.companies = {code: cls._company(f"SIA {code}") for code in IN_ODOO}
        for company in cls.companies.values():
            cls.env["ekarte.accounts"]._set_up(company)
        cls.all_companies = cls.env["res.company"].union(*cls.companies.values())
        cls.outside = cls.env["res.partner"].create({"name": f"SIA {BOOKS}"})
        cls.issuers = {code: cls._issuer(code) for code in (*IN_ODOO, BOOKS)}
        cls._masters()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "keyring"
            write_new_keyring(path)
            cls.keyring = load_keyring(path)
        cls.events = Counter()

    @classmethod
    def _issuer(cls, code):
        company = cls.companies.get(code)
        books = (
            {"company_id": company.id} if company else {"partner_id": cls.outside.id}
        )
        return cls.env["ekarte.issuer"].create({"code": code, **books})

    @classmethod
    def _masters(cls):
        """What Odoo knows of the network: branches, programs, the coalition."""
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
        cls.coalition = cls.env["ekarte.coalition"].create(
            {
                "code": "Y",
                "name": "A year",
                "issuer_ids": [
                    Command.link(issuer.id) for issuer in cls.issuers.values()
                ],
                "operator_id": cls.issuers[GROCER].id,
                "fee_rate": 1.5,
            }
        )

    def published(self, moment):
        """Publish the network; return it as terminals decide by it."""
        publish(self.env.cr, document(), moment)
        return read_network(document(), version=network_version(self.env.cr))

    def night(self, network, moment):
        """All that the clock does: holds, lots, periods and statements."""
        while any(clock(self.env.cr, network, self.keyring, moment).values()):
            pass

    def settle(self, network, moment):
        """Settle what was booked, enter what the registers report; return the rows.

        Rows are those of the reconciliation that do not agree.
        """
        cr = self.env.cr
        # Nobody else does so inside of one transaction.
        cr.execute("ANALYZE ekarte.operation, ekarte.entry, ekarte.sale_line")
        build_settlement(cr, network, moment, moment)
        for number, body in pending_settlements(cr):
            answer = self.settlements._take(json.loads(body))
            settlement = self.settlements.browse(answer["id"])
            self.assertEqual(answer["state"], "posted", settlement.reason)
            settlement_accepted(cr, number, "{}", moment)
            parsed = read_settlement(body)
            self.events.update(line.event for line in parsed.lines)
            self._enter_registers(parsed)
        return self.settlements._red_rows(self.all_companies)

    def clear(self, day):
        """Clear what was settled up to a day, and pay all of it; return the cycle."""
        cycle = self.env["ekarte.clearing.cycle"].create(
            {
                "coalition_id": self.coalition.id,
                "currency_id": self.env.ref("base.EUR").id,
                "date_to": day,
            }
        )
        cycle.action_collect()
        cycle.action_send()
        cycle.statement_ids.action_agree()
        cycle.action_post()
        for statement in cycle.statement_ids:
            if statement.issuer_residual:
                self._pay(statement.action_pay())
            if statement.residual:
                self._pay(statement.action_pay_as_operator())
        return cycle

    def _pay(self, opened):
        """Register a payment as the wizard's form does."""
        wizard = self.env["account.payment.register"].with_context(**opened["context"])
        wizard.create({})._create_payments()

    def _enter_registers(self, parsed):
        """What registers tell of card money: taken for sold cards, given for goods."""
        sums = Counter()
        for line in parsed.lines:
            company = self.companies.get(line.seller)
            if company and not line.books_sales and line.event in TENDERED:
                sign = 1 if line.event == "sale" else -1
                cents = getattr(line, TENDERED[line.event])
                sums[company, line.day] += sign * cents
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
