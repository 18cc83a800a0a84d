"""An issuer with books who gives credit: its accountant, a debtor, the clock."""

from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import patch

from odoo import Command
from odoo.tests import new_test_user

from .common import NOON, NetworkCase

TAB_CARD = "9980005000000012"
CLOCK = "odoo.addons.ekarte_loyalty.models.ekarte_network_clock"
SCHEDULE = "odoo.addons.ekarte_loyalty.models.ekarte_settlement_schedule"
DESK = "odoo.addons.ekarte_loyalty.models.ekarte_desk"


class CreditCase(NetworkCase):
    """The test grocer on the Latvian chart, with a credit program and gift cards."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        for company in (cls.grocer_company, cls.fuel_company):
            company.country_id = cls.env.ref("base.lv")
            cls.env["account.chart.template"].try_loading(
                "lv", company=company, install_demo=False
            )
        cls.env["ekarte.accounts"]._set_up(cls.grocer_company | cls.fuel_company)
        cls.accountant = cls._bookkeeper("t.books", cls.grocer_company)
        cls.bank = cls.env["account.journal"].search(
            [("company_id", "=", cls.grocer_company.id), ("type", "=", "bank")], limit=1
        )

    @classmethod
    def _bookkeeper(cls, login, company):
        return new_test_user(
            cls.env,
            login=login,
            groups="base.group_user,account.group_account_user,"
            "ekarte_loyalty.ekarte_loyalty_group_accountant",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    @classmethod
    def _make_programs(cls):
        super()._make_programs()
        cls.tab = cls._program(
            "T-TAB", cls.grocer, "credit_card", credit_limit=100, due_days=10
        )

    @classmethod
    def _make_card_types(cls):
        super()._make_card_types()
        cls.tab_type = cls._card_type("T-TABC", cls.grocer, cls.tab, "9980005")

    def _card(self, number):
        return (
            self.env["ekarte.card"]
            .with_user(self.accountant)
            .search(
                [("last4", "=", number[-4:]), ("number", "=like", f"{number[:6]}%")]
            )
        )

    def _owing(self, amount=3000):
        """A card of the grocer's that owes so much, minor units."""
        self.assertEqual(self._send(self.grocer, "activate", TAB_CARD).rc, "00")
        self.assertEqual(self._send(self.grocer, "sale", TAB_CARD, amount).rc, "00")
        return self._card(TAB_CARD)

    def _tick(self, **later):
        """Let the clock do what is due at a later moment."""
        moment = NOON + timedelta(**later)
        progress = self._in_time()
        clock = patch(f"{CLOCK}.datetime", SimpleNamespace(now=lambda _zone: moment))
        self.env.cr.flush()
        with clock, progress:
            self.env["ekarte.network"]._cron_clock()
        self.env.invalidate_all()

    def _in_time(self):
        """Nothing is committed in a test; a job goes on as if it had time."""
        cron = type(self.env["ir.cron"])
        return patch.object(cron, "_commit_progress", return_value=60)

    def _at(self, **later):
        """Let the back office stand at a later moment."""
        moment = NOON + timedelta(**later)
        return patch(f"{DESK}.datetime", SimpleNamespace(now=lambda _zone: moment))

    def _office(self, card, command, user=None, **values):
        user = user or self.accountant
        return (
            self.env["ekarte.card.office"]
            .with_user(user)
            .with_company(user.company_id)
            .with_context(lang="en_US")
            .create(
                {
                    "card_id": card.id,
                    "command": command,
                    "reason": "no. 4",
                    "date": "2026-11-20",
                    **values,
                }
            )
        )

    def _do(self, card, command, **values):
        office = self._office(card, command, **values)
        office.action_do()
        return office

    def _book(self):
        """Settle all there is."""
        moment = NOON + timedelta(days=100)
        later = SimpleNamespace(now=lambda _zone: moment)
        with patch(f"{SCHEDULE}.datetime", later):
            self.env["ekarte.settlement"]._cron_settle()

    def _settle(self):
        """Settle all there is, and see that the books agree with the cards."""
        self._book()
        settled = self.env["ekarte.settlement"].search([])
        self.assertEqual(
            set(settled.mapped("state")), {"posted"}, settled.mapped("reason")
        )
        mine = self.grocer_company | self.fuel_company
        red = [
            row
            for row in self.env["ekarte.settlement"].sudo()._reconciliation()
            if not row["ok"] and row["company_id"] in mine.ids
        ]
        self.assertEqual(red, [])

    def _gl(self, key, company=None):
        """Balance of an account, minor units."""
        company = company or self.grocer_company
        items = self.env["account.move.line"].search(
            [
                ("account_id", "=", company._ekarte_account(key).id),
                ("parent_state", "=", "posted"),
                ("company_id", "=", company.id),
            ]
        )
        return round(sum(items.mapped("balance")) * 100)

    def _entry(self, office):
        key = f"card/{office._terminal()}/1/{office.number}"
        return self.env["account.move"].search([("ekarte_key", "=", key)])

    def _operation(self, card, command):
        return (
            self.env["ekarte.operation"]
            .with_user(self.accountant)
            .search([("card_id", "=", card.id), ("command", "=", command)], limit=1)
        )
