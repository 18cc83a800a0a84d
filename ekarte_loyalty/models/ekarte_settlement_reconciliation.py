"""Does the general ledger say what the card ledger says? Company by company.

V1  gift, bonus and pass liability = carrying values of the purses
V2  local credit = debts of the cards
TND the card tender account is empty after each settled day
V3  what one company claims in clearing, the other owes
"""

from collections import defaultdict
from itertools import permutations

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..units import from_minor
from .ekarte_settlement import ACCOUNTANT, ADMINISTRATOR
from .ekarte_settlement_posting import clearing_partner

BALANCES = """
    SELECT line.account_id, line.company_id, line.partner_id,
        (sum(line.balance) * 100)::bigint
    FROM account_move_line AS line
    WHERE line.parent_state = 'posted' AND line.account_id = ANY(%s)
    GROUP BY line.account_id, line.company_id, line.partner_id
"""
CARRY = """
    SELECT p.issuer, p.program, sum(p.carry)::bigint
    FROM ekarte.purse AS p
    WHERE p.carry <> 0 AND p.unit <> 'credit'
    GROUP BY p.issuer, p.program
"""
# Booked at terminals, but not in the general ledger: no settlement yet, or one that
# waits or was reversed.
CARRY_ON_THE_WAY = """
    SELECT p.issuer, p.program, sum(e.carry)::bigint
    FROM ekarte.entry AS e
    JOIN ekarte.purse AS p ON p.id = e.purse_id
    LEFT JOIN ekarte.settlement_operation AS s ON s.operation_id = e.operation_id
    LEFT JOIN ekarte_settlement AS d ON d.ledger_id = s.settlement_id
    WHERE e.carry <> 0 AND p.unit <> 'credit' AND d.state IS DISTINCT FROM 'posted'
    GROUP BY p.issuer, p.program
"""
DEBTS = """
    SELECT p.issuer, -sum(p.posted)::bigint
    FROM ekarte.purse AS p
    WHERE p.unit = 'credit'
    GROUP BY p.issuer
"""
DEBTS_ON_THE_WAY = """
    SELECT p.issuer, -sum(e.posted)::bigint
    FROM ekarte.entry AS e
    JOIN ekarte.purse AS p ON p.id = e.purse_id
    LEFT JOIN ekarte.settlement_operation AS s ON s.operation_id = e.operation_id
    LEFT JOIN ekarte_settlement AS d ON d.ledger_id = s.settlement_id
    WHERE p.unit = 'credit' AND d.state IS DISTINCT FROM 'posted'
    GROUP BY p.issuer
"""
# What posted documents say a company may claim from another issuer in clearing.
CLAIMS = """
    SELECT claim.creditor, claim.debtor, (sum(claim.amount) * 100)::bigint
    FROM (
        SELECT
            CASE WHEN event IN %(paid_in)s THEN issuer ELSE seller END AS creditor,
            CASE WHEN event IN %(paid_in)s THEN seller ELSE issuer END AS debtor,
            line.amount
        FROM ekarte_settlement_line AS line
        JOIN ekarte_settlement AS document ON document.id = line.settlement_id
        WHERE
            document.state = 'posted'
            AND line.seller <> line.issuer
            AND line.event IN %(cleared)s
    ) AS claim
    GROUP BY claim.creditor, claim.debtor
"""
# What the seller took for the issuer; at the others the issuer owes the seller.
PAID_IN_EVENTS = ("gift_load", "credit_pay")
CLEARED_EVENTS = (
    *PAID_IN_EVENTS,
    "gift_spend",
    "bonus_spend",
    "voucher_spend",
    "exchange_spend",
    "credit_spend",
)
LIABILITY_OF_KIND = {"gift_card": "LGC", "visit_pass": "LPS"}
"""The account of each kind's carrying values; all others are bonuses."""
LIABILITIES = ("LGC", "LBN", "LPS")


class EkarteSettlement(models.Model):
    _inherit = "ekarte.settlement"

    @api.model
    def _reconciliation(self):
        """Compare the general ledger with the card ledger.

        Returns:
            rows as plain dicts: check ("V1", "V2", "TND", "V3"), account (its key),
            company, company_id, partner, gl, expected, on_the_way, difference (minor
            units) and ok. `expected` is what the general ledger should say now;
            `on_the_way` is in the card ledger but not yet posted.
        """
        self.env.flush_all()
        issuers = (
            self.env["ekarte.issuer"].sudo().with_context(active_test=False).search([])
        )
        # The order of the page: company by company, clearing between them last.
        own = issuers.filtered("company_id").sorted("code")
        balances = self._gl_balances(own.company_id)
        rows = self._liability_rows(own, balances)
        rows += self._debt_rows(own, balances)
        rows += [self._tender_row(issuer.company_id, balances) for issuer in own]
        rows += self._clearing_rows(own, issuers, balances)
        return rows

    def _gl_balances(self, companies):
        """Posted balances by (account key, company id, partner id), minor units."""
        by_account = {}
        for company in companies:
            for key in (*LIABILITIES, "ALC", "TND", "CLR"):
                account = company._ekarte_account(key)
                if account:
                    by_account[account.id, company.id] = key
        self.env.cr.execute(SQL(BALANCES, [account for account, _ in by_account]))
        balances = defaultdict(int)
        for account_id, company_id, partner_id, balance in self.env.cr.fetchall():
            key = by_account.get((account_id, company_id))
            if key:
                balances[key, company_id, partner_id or 0] += balance
        return balances

    def _liability_rows(self, own, balances):
        carried = self._by_liability(CARRY)
        on_the_way = self._by_liability(CARRY_ON_THE_WAY)
        return [
            _row(
                "V1",
                key,
                issuer.company_id,
                # A liability is a credit: shown positive, as the purses count it.
                gl=-_all_partners(balances, key, issuer.company_id),
                expected=carried[issuer.code, key] - on_the_way[issuer.code, key],
                on_the_way=on_the_way[issuer.code, key],
            )
            for issuer in own
            for key in LIABILITIES
        ]

    def _by_liability(self, query):
        programs = (
            self.env["ekarte.program"].sudo().with_context(active_test=False).search([])
        )
        kinds = {program.code: program.kind for program in programs}
        self.env.cr.execute(SQL(query))
        sums = defaultdict(int)
        for issuer, program, carry in self.env.cr.fetchall():
            key = LIABILITY_OF_KIND.get(kinds.get(program), "LBN")
            sums[issuer, key] += carry
        return sums

    def _debt_rows(self, own, balances):
        """What customers owe: rows of those issuers only who ever gave credit."""
        self.env.cr.execute(SQL(DEBTS))
        debts = dict(self.env.cr.fetchall())
        self.env.cr.execute(SQL(DEBTS_ON_THE_WAY))
        on_the_way = dict(self.env.cr.fetchall())
        rows = []
        for issuer in own:
            company = issuer.company_id
            gl = _all_partners(balances, "ALC", company)
            if gl or issuer.code in debts:
                waiting = on_the_way.get(issuer.code, 0)
                expected = debts.get(issuer.code, 0) - waiting
                rows.append(_row("V2", "ALC", company, gl, expected, waiting))
        return rows

    def _tender_row(self, company, balances):
        return _row(
            "TND",
            "TND",
            company,
            gl=_all_partners(balances, "TND", company),
            expected=0,
        )

    def _clearing_rows(self, own, issuers, balances):
        """Both sides of each pair: what the one has, and what the other should mean.

        An outside issuer's books are elsewhere: there the documents are the measure.
        """
        self.env.cr.execute(SQL(CLAIMS, paid_in=PAID_IN_EVENTS, cleared=CLEARED_EVENTS))
        claims = defaultdict(int)
        for creditor, debtor, amount in self.env.cr.fetchall():
            claims[creditor, debtor] += amount
        rows = []
        for one, other in permutations(own, 2):
            mine = balances["CLR", one.company_id.id, clearing_partner(other).id]
            theirs = balances["CLR", other.company_id.id, clearing_partner(one).id]
            if mine or theirs:
                rows.append(_clearing_row(one, other, gl=mine, expected=-theirs))
        for one in own:
            for other in issuers - own:
                mine = balances["CLR", one.company_id.id, clearing_partner(other).id]
                expected = claims[one.code, other.code] - claims[other.code, one.code]
                if mine or expected:
                    rows.append(_clearing_row(one, other, gl=mine, expected=expected))
            rows += self._strange_clearing(one, issuers, balances)
        return rows

    def _strange_clearing(self, issuer, issuers, balances):
        """Clearing items that name no other issuer are nobody's debt: a fault."""
        company = issuer.company_id
        named = sum(
            balances["CLR", company.id, clearing_partner(other).id]
            for other in issuers - issuer
        )
        strange = _all_partners(balances, "CLR", company) - named
        return [_row("V3", "CLR", company, gl=strange, expected=0)] if strange else []


def _all_partners(balances, key, company):
    return sum(
        balance
        for (its_key, company_id, _partner), balance in balances.items()
        if (its_key, company_id) == (key, company.id)
    )


def _clearing_row(one, other, gl, expected):
    return _row(
        "V3",
        "CLR",
        one.company_id,
        gl=gl,
        expected=expected,
        partner=clearing_partner(other),
    )


def _row(check, account, company, gl, expected, on_the_way=0, partner=None):
    return {
        "check": check,
        "account": account,
        "company": company.name,
        "company_id": company.id,
        "partner": partner.name if partner else "",
        "partner_id": partner.id if partner else False,
        "gl": gl,
        "expected": expected,
        "on_the_way": on_the_way,
        "difference": gl - expected,
        "ok": gl == expected,
    }


class EkarteReconciliation(models.TransientModel):
    _name = "ekarte.reconciliation"
    _description = "E-karte Reconciliation"
    _order = "id"

    check_kind = fields.Selection(
        [
            ("V1", "Liability equals the card ledger"),
            ("V2", "Credit equals the debts of cards"),
            ("TND", "Card tender is empty"),
            ("V3", "Clearing agrees"),
        ],
        string="Check",
        readonly=True,
    )
    account_key = fields.Selection(
        [
            ("LGC", "Gift cards"),
            ("LBN", "Bonuses"),
            ("LPS", "Visit passes"),
            ("ALC", "Local credit"),
            ("TND", "Card tender"),
            ("CLR", "Clearing"),
        ],
        string="Account",
        readonly=True,
    )
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one("res.partner", string="With", readonly=True)
    gl = fields.Monetary(string="General Ledger", readonly=True, aggregator=None)
    expected = fields.Monetary(
        string="Should Be",
        readonly=True,
        aggregator=None,
        help="What the card ledger, or the other side of clearing, says.",
    )
    on_the_way = fields.Monetary(
        readonly=True,
        aggregator=None,
        help="In the card ledger, but not settled and posted yet.",
    )
    difference = fields.Monetary(readonly=True, aggregator=None)
    ok = fields.Boolean(string="Agrees", readonly=True)

    @api.model
    def action_open(self):
        """Compare now; accountants see the rows of the companies they have chosen."""
        if not self.env.user.has_group(ACCOUNTANT):
            raise AccessError(self.env._("The reconciliation is for accountants."))
        rows = self.env["ekarte.settlement"].sudo()._reconciliation()
        if not self.env.user.has_group(ADMINISTRATOR):
            rows = [row for row in rows if row["company_id"] in self.env.companies.ids]
        shown = self.sudo().create([self._vals(row) for row in rows])
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Reconciliation"),
            "res_model": self._name,
            "view_mode": "list",
            "domain": [("id", "in", shown.ids)],
            "help": self.env._(
                "<p class='o_view_nocontent_smiling_face'>Nothing to compare</p>"
                "<p>Choose a company that is an issuer, at the top right.</p>"
            ),
            "target": "main",
        }

    @staticmethod
    def _vals(row):
        money = ("gl", "expected", "on_the_way", "difference")
        return {
            "check_kind": row["check"],
            "account_key": row["account"],
            "company_id": row["company_id"],
            "partner_id": row["partner_id"],
            "ok": row["ok"],
            **{name: from_minor(row[name]) for name in money},
        }
