"""The checks that count what is wrong; a row for each company, green at nothing.

V5  a posted cycle sums to zero, and of a paid statement nothing is left
V6  what crosses issuers has two equal and opposite lines
V7  no lot is below zero, and none that is empty has a value
V8  points given = left + used + converted + ended
V9  nothing is given back twice, nor more than was bought
V10 a document and an operation are booked once
V11 the tax in the books is that of the settled lines
V12 everything settled is in the books, on its day
V13 documents and statements are as they were sent, fees are recomputed
V14 month by month, what moved is what the books show
V15 the sealed history is as it was sealed
"""

import re
from collections import defaultdict
from functools import partial

from odoo import models

from ekarte_core import breaches, verify_seals

from ..queries import fetch
from ..units import to_minor
from .ekarte_settlement_reconciliation import LIABILITIES, counted_row, money_row

WHOLE = "ekarte_whole"
"""In the context: look again at what was found right before and is over since."""

GIVEN = ("bonus_earn", "bonus_grant", "bonus_restore")
USED = ("bonus_spend", "exchange_spend", "voucher_spend")
QUEUES = (
    ("lines_not_booked", "ekarte.settlement.line"),
    ("entries_of_another_day", "account.move"),
    ("documents_waiting", "ekarte.settlement"),
    ("documents_refused", None),
)
_OPERATION = re.compile(r"^operation (\d+)")


class EkarteSettlement(models.Model):
    _inherit = "ekarte.settlement"

    def _counted_rows(self, own):
        """Rows of all checks of this file, of these issuers' companies."""
        return [
            *self._cycle_rows(own),
            *self._pair_rows(own),
            *self._lot_rows(own),
            *self._points_rows(own),
            *self._ledger_rows(own, "V9", breaches(self.env.cr, "I6")),
            *self._booked_once_rows(own),
            *self._tax_rows(own),
            *self._queue_rows(own),
            *self._document_rows(own),
            *self._rollforward_rows(own),
            *self._sealed_rows(own),
        ]

    # Faults found by the code of an issuer, or by the id of a company

    def _rows_of(self, check, own, model, found, note=""):
        """One row for each company, and one for faults of nobody who has one.

        `found`: triples of an issuer's code or a company's id, an id and a name.
        """
        companies = {issuer.code: issuer.company_id.id for issuer in own}
        of_company = defaultdict(dict)
        for owner, number, name in found:
            of_company[companies.get(owner, _company_id(owner))][number] = name
        rows = [
            counted_row(check, company, of_company.pop(company.id, {}), model, note)
            for company in own.company_id
        ]
        rest = {key: name for part in of_company.values() for key, name in part.items()}
        if rest:
            rows.append(counted_row(check, own.company_id.browse(), rest, model, note))
        return rows

    def _cycle_rows(self, own):
        wrong = self._asked("cycles_unbalanced") + self._asked("statements_not_settled")
        return self._rows_of("V5", own, "ekarte.clearing.statement", wrong)

    def _pair_rows(self, own):
        wrong = self._asked("lines_without_pair")
        return self._rows_of("V6", own, "ekarte.clearing.line", wrong)

    def _lot_rows(self, own):
        return self._rows_of("V7", own, "ekarte.lot", self._asked("lots_below_zero"))

    def _points_rows(self, own):
        wrong = defaultdict(list)
        for issuer, program, given, left, used, converted, ended in self._asked(
            "points", given=GIVEN, used=USED
        ):
            if given != left + used + converted + ended:
                wrong[issuer].append(
                    self.env._(
                        "%(program)s: given %(given)s, left %(left)s, used %(used)s, "
                        "converted %(converted)s, ended %(ended)s",
                        program=program,
                        given=given,
                        left=left,
                        used=used,
                        converted=converted,
                        ended=ended,
                    )
                )
        return [
            counted_row(
                "V8", issuer.company_id, dict(enumerate(wrong[issuer.code])), None
            )
            for issuer in own
        ]

    def _sealed_rows(self, own):
        """What was sealed since the last look; at night, and on demand, all of it."""
        chain = partial(verify_seals, whole=bool(self.env.context.get(WHOLE)))
        return self._ledger_rows(own, "V15", breaches(self.env.cr, "I10", chain))

    def _ledger_rows(self, own, check, broken):
        """An invariant of the core: what breaks it, by the seller of the operation."""
        named = {}
        other = []
        for text in broken:
            operation = _OPERATION.match(text)
            if operation:
                named[int(operation[1])] = text
            else:
                # Named by no operation: a seal, a trigger that is gone.
                other.append((None, -len(other) - 1, text))
        owners = dict(self._asked("owners_of_operations", ids=[*named]))
        found = [(owners.get(key), key, text) for key, text in named.items()]
        return self._rows_of(check, own, "ekarte.operation", found + other)

    def _booked_once_rows(self, own):
        entries = self._asked("entries_posted_twice")
        if entries:
            return self._rows_of("V10", own, "account.move", entries)
        keys = self._asked("keys_booked_twice")
        return self._rows_of("V10", own, "ekarte.operation", keys)

    def _tax_rows(self, own):
        booked, expected, wrong = defaultdict(int), defaultdict(int), defaultdict(list)
        for company_id, line, is_booked, is_expected in self._asked("taxes"):
            booked[company_id] += is_booked
            expected[company_id] += is_expected
            if is_booked != is_expected:
                wrong[company_id].append(line)
        rows = []
        for company in own.company_id:
            row = money_row(
                "V11", "VATO", company, booked[company.id], expected[company.id]
            )
            lines = wrong[company.id]
            targets = {"model": "ekarte.settlement.line", "ids": lines}
            if lines:
                # Two faults may cancel in the sum; each of them counts.
                row |= {"ok": False, "faults": len(lines), "targets": targets}
            rows.append(row)
        return rows

    def _queue_rows(self, own):
        """What waits, was posted on another day or not at all; the gravest is shown."""
        rows = {}
        for query, model in QUEUES:
            for row in self._rows_of("V12", own, model, self._asked(query)):
                found = rows.setdefault(row["company_id"], row)
                if found["ok"]:
                    rows[row["company_id"]] = row
                elif found is not row and not row["ok"]:
                    found["faults"] += row["faults"]
                    found["note"] += f", {row['note']}"
        return [*rows.values()]

    def _document_rows(self, own):
        changed = self._asked("documents_changed")
        if changed:
            return self._rows_of("V13", own, "ekarte.settlement", changed)
        # What is paid is over; the night looks at it all the same.
        states = ["sent", "agreed", "posted"]
        if self.env.context.get(WHOLE):
            states.append("paid")
        cycles = self.env["ekarte.clearing.cycle"].search([("state", "in", states)])
        statements = [
            (statement.issuer_id.code, statement.id, statement.name)
            for statement in cycles._changed_statements()
        ]
        return self._rows_of("V13", own, "ekarte.clearing.statement", statements)

    def _rollforward_rows(self, own):
        """The last closing against the books, and the first month that differs."""
        last, wrong = {}, {}
        for row in self._rollforward():
            account = row["company_id"], row["account_key"]
            last[account, row["program_code"]] = row
            if row["closing"] != row["gl"]:
                wrong.setdefault(account, row)
        sums = defaultdict(lambda: [0, 0])
        for (account, _program), row in last.items():
            sums[account][0] += to_minor(row["gl"])
            sums[account][1] += to_minor(row["closing"])
        rows = []
        for company in own.company_id:
            for key in LIABILITIES:
                account = company.id, key
                if key == "LPL" and account not in sums:
                    continue
                row = money_row("V14", key, company, *sums[account])
                rows.append(row | _first_wrong(wrong.get(account)))
        return rows

    def _rollforward(self):
        """Rows of the roll-forward, all companies, in order of months."""
        found = fetch(self.env.cr, "liability.sql", "rollforward")
        names = [column.name for column in self.env.cr.description]
        return sorted(
            (dict(zip(names, row, strict=True)) for row in found),
            key=lambda row: (row["month"], row["id"]),
        )


def _first_wrong(row):
    """What the first month that differs says of its check."""
    if not row:
        return {}
    return {
        "ok": False,
        "difference": to_minor(row["gl"]) - to_minor(row["closing"]),
        "note": f"{row['month']:%Y-%m} {row['program_code']}".strip(),
    }


def _company_id(owner):
    return owner if isinstance(owner, int) else None
