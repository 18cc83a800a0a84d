"""Does the general ledger say what the card ledger says? Company by company.

V1  gift, bonus, pass and pool liability = carrying values of the lots; deposits
V2  local credit, unbilled and billed = debts of the cards
TND the card tender account is empty after each settled day
V3  what one company claims in clearing, the other owes
V4  clearing in the books = open clearing lines

The other checks, which count faults, are in ekarte_settlement_checks.py.
"""

from collections import defaultdict

from odoo import api, models

from ..queries import fetch
from .ekarte_settlement_posting import clearing_partner

SQL_FILE = "reconciliation.sql"
LIABILITY_OF_KIND = {"gift_card": "LGC", "visit_pass": "LPS"}
"""The account of each kind's carrying values; all others are bonuses."""
LIABILITIES = ("LGC", "LBN", "LPS", "LPL")


class EkarteSettlement(models.Model):
    _inherit = "ekarte.settlement"

    @api.model
    def _reconciliation(self):
        """Compare the general ledger with the card ledger.

        Returns:
            rows as plain dicts: check ("V1", "V2", "TND", "V3" …), account (its key),
            company, company_id, partner, gl, expected, on_the_way, difference (minor
            units), faults, note and ok. `expected` is what the general ledger should
            say now; `on_the_way` is in the card ledger but not yet posted. Checks that
            count have `faults` instead of money, and `targets`: a model and the ids of
            what is wrong.
        """
        self.env.flush_all()
        issuers = (
            self.env["ekarte.issuer"].sudo().with_context(active_test=False).search([])
        )
        # The order of the page: company by company, clearing between them last.
        own = issuers.filtered("company_id").sorted("code")
        balances = self._gl_balances(own.company_id)
        rows = self._liability_rows(own, balances)
        rows += self._deposit_rows(own, balances)
        rows += self._debt_rows(own, balances)
        rows += [self._tender_row(issuer.company_id, balances) for issuer in own]
        rows += self._clearing_rows(own, issuers, balances)
        rows += self._counted_rows(own)
        return rows

    @api.model
    def _red_rows(self, companies):
        """Rows that do not agree, of these companies or of nobody in particular.

        A clearing cycle is not closed while there are any.
        """
        return [
            row
            for row in self._reconciliation()
            if not row["ok"] and row["company_id"] in (False, *companies.ids)
        ]

    def _gl_balances(self, companies):
        """Posted balances by (account key, company id, partner id), minor units."""
        by_account = {}
        for company in companies:
            for key in (*LIABILITIES, "ADP", "LDP", "ALC", "ALB", "TND", "CLR"):
                account = company._ekarte_account(key)
                if account:
                    by_account[account.id, company.id] = key
        accounts = [account for account, _ in by_account]
        balances = defaultdict(int)
        for account_id, company_id, partner_id, balance in self._asked(
            "balances", accounts=accounts
        ):
            key = by_account.get((account_id, company_id))
            if key:
                balances[key, company_id, partner_id or 0] += balance
        return balances

    def _asked(self, name, **values):
        """Rows of a named query of the reconciliation."""
        return fetch(self.env.cr, SQL_FILE, name, **values)

    def _liability_rows(self, own, balances):
        carried = self._by_liability("carried")
        on_the_way = self._by_liability("carried_on_the_way")
        rows = []
        for issuer in own:
            company = issuer.company_id
            for key in LIABILITIES:
                # A liability is a credit: shown positive, as the purses count it.
                gl = -_all_partners(balances, key, company)
                waiting = on_the_way[issuer.code, key]
                expected = carried[issuer.code, key] - waiting
                # Only who runs a pool has one.
                if key != "LPL" or gl or expected or waiting:
                    rows.append(money_row("V1", key, company, gl, expected, waiting))
        return rows

    def _deposit_rows(self, own, balances):
        """What members have left with an operator: here it is theirs, there owed."""
        paid, taken = defaultdict(int), defaultdict(int)
        for member, operator, amount in self._asked("deposits"):
            paid[member] += amount
            taken[operator] += amount
        rows = []
        for issuer in own:
            company = issuer.company_id
            for key, expected, sign in (
                ("ADP", paid[issuer.id], 1),
                ("LDP", taken[issuer.id], -1),
            ):
                gl = sign * _all_partners(balances, key, company)
                if gl or expected:
                    rows.append(money_row("V1", key, company, gl, expected))
        return rows

    def _by_liability(self, query):
        programs = (
            self.env["ekarte.program"].sudo().with_context(active_test=False).search([])
        )
        kinds = {program.code: program.kind for program in programs}
        pooled = dict(self._asked("pooled"))
        sums = defaultdict(int)
        for issuer, program, carry in self._asked(query):
            if program in pooled:
                sums[pooled[program], "LPL"] += carry
            else:
                sums[issuer, LIABILITY_OF_KIND.get(kinds.get(program), "LBN")] += carry
        return sums

    def _debt_rows(self, own, balances):
        """What customers owe: rows of those issuers only who ever gave credit."""
        debts = _parts_of_debts(self._asked("debts"))
        on_the_way = _parts_of_debts(self._asked("debts_on_the_way"))
        rows = []
        for issuer in own:
            company = issuer.company_id
            for key in ("ALC", "ALB"):
                gl = _all_partners(balances, key, company)
                waiting = on_the_way.get((issuer.code, key), 0)
                expected = debts.get((issuer.code, key), 0) - waiting
                if gl or expected or waiting or (issuer.code, key) in debts:
                    rows.append(money_row("V2", key, company, gl, expected, waiting))
        return rows

    def _tender_row(self, company, balances):
        return money_row(
            "TND",
            "TND",
            company,
            gl=_all_partners(balances, "TND", company),
            expected=0,
        )

    def _clearing_rows(self, own, issuers, balances):
        """Each pair twice: what the other should mean, and what the open lines say.

        An outside issuer's books are elsewhere: there its lines are the measure.
        """
        lines = defaultdict(int)
        for one, other, amount in self._asked("open_clearing"):
            lines[one, other] += amount
        rows = []
        for one in own:
            for other in issuers - one:
                mine = balances["CLR", one.company_id.id, clearing_partner(other).id]
                if other in own:
                    its_partner = clearing_partner(one).id
                    theirs = balances["CLR", other.company_id.id, its_partner]
                else:
                    theirs = lines[other.id, one.id]
                said = lines[one.id, other.id]
                if mine or theirs or said:
                    rows.append(_clearing_row("V3", one, other, mine, -theirs))
                    rows.append(_clearing_row("V4", one, other, mine, said))
            rows += self._strange_clearing(one, issuers, balances)
        return sorted(rows, key=lambda row: row["check"])

    def _strange_clearing(self, issuer, issuers, balances):
        """Clearing items that name no other issuer are nobody's debt: a fault."""
        company = issuer.company_id
        named = sum(
            balances["CLR", company.id, clearing_partner(other).id]
            for other in issuers - issuer
        )
        strange = _all_partners(balances, "CLR", company) - named
        if not strange:
            return []
        return [money_row("V3", "CLR", company, gl=strange, expected=0)]


def _parts_of_debts(rows):
    """{(issuer, account key): minor units} of what cards owe, unbilled and billed."""
    found = {}
    for issuer, debt, billed in rows:
        found[issuer, "ALC"] = debt - billed
        if billed:
            found[issuer, "ALB"] = billed
    return found


def _all_partners(balances, key, company):
    return sum(
        balance
        for (its_key, company_id, _partner), balance in balances.items()
        if (its_key, company_id) == (key, company.id)
    )


def _clearing_row(check, one, other, gl, expected):
    return money_row(
        check,
        "CLR",
        one.company_id,
        gl=gl,
        expected=expected,
        partner=clearing_partner(other),
    )


def money_row(check, account, company, gl, expected, on_the_way=0, partner=None):
    """A row that compares two sums of money, minor units."""
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
        "faults": 0,
        "note": "",
        "targets": None,
        "ok": gl == expected,
    }


def counted_row(check, company, found, model, note=""):
    """A row that counts what is wrong: `found` is {id: name} of `model`.

    `company` is empty where a fault is nobody's in particular.
    """
    return {
        **money_row(check, "", company, 0, 0),
        "company": company.name or "",
        "faults": len(found),
        "note": note or ", ".join([*found.values()][:NOTED_MAX]),
        "targets": {"model": model, "ids": [*found][:TARGETS_MAX]},
        "ok": not found,
    }


NOTED_MAX = 5
TARGETS_MAX = 1000
