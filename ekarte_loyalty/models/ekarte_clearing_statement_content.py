"""What a clearing statement says: the same rows for paper, spreadsheet and portal."""

from typing import NamedTuple

from odoo import models
from odoo.tools import SQL

# What a clearing line is to its readers: a line against its own side is a refund.
KIND = SQL(
    """
    CASE
        WHEN line.origin <> 'booked' THEN line.origin
        WHEN line.event = 'gift_load' THEN 'sold'
        WHEN line.event LIKE %s THEN 'credit'
        WHEN line.event = 'exchange_spend' THEN 'exchange'
        WHEN line.event NOT IN (
            'gift_spend', 'bonus_spend', 'voucher_spend', 'pass_use'
        ) THEN 'other'
        WHEN (line.amount < 0) = (line.side = 'pay') THEN 'used'
        ELSE 'refunded'
    END
    """,
    r"credit\_%",
)
SUMS = """
    SELECT
        line.program_id,
        line.other_id,
        %(kind)s AS kind,
        line.state = 'disputed' AS disputed,
        count(DISTINCT nullif(line.operation_id, 0))
        + coalesce(sum(settled.operations) FILTER (WHERE line.operation_id = 0), 0),
        sum(line.nominal),
        coalesce(sum(line.amount) FILTER (WHERE line.side = 'receive'), 0),
        coalesce(-sum(line.amount) FILTER (WHERE line.side = 'pay'), 0)
    FROM ekarte_clearing_line AS line
    JOIN ekarte_settlement_line AS settled ON settled.id = line.settlement_line_id
    WHERE line.statement_id = %(statement)s
    GROUP BY 1, 2, 3, 4
"""
OPERATIONS = """
    SELECT
        line.program_id,
        line.other_id,
        %(kind)s AS kind,
        line.state = 'disputed',
        line.id,
        coalesce(line.token, ''),
        line.day,
        line.operation_id,
        line.branch_id,
        line.nominal,
        line.amount
    FROM ekarte_clearing_line AS line
    WHERE line.statement_id = %(statement)s AND %(filter)s
    ORDER BY 6, 7, 8, 5
    LIMIT %(limit)s OFFSET %(offset)s
"""
COUNT = """
    SELECT count(*)
    FROM ekarte_clearing_line AS line
    WHERE line.statement_id = %(statement)s AND %(filter)s
"""


class Key(NamedTuple):
    """Which lines make up a sum: ids of program and counterparty, kind; None: any."""

    program: int | None = None
    other: int | None = None
    kind: str | None = None

    @property
    def sql(self):
        """The condition that finds them."""
        wanted = (
            (SQL("coalesce(line.program_id, 0)"), self.program),
            (SQL("line.other_id"), self.other),
            (KIND, self.kind),
        )
        parts = [SQL("(%s) = %s", *one) for one in wanted if one[1] is not None]
        return SQL(" AND ").join([SQL("TRUE"), *parts])


EVERY = Key()


class Sum(NamedTuple):
    """What crossed with one counterparty in one program, of one kind.

    On the side on which it happened, refunds below zero: so the columns sum to the
    statement's figures.
    """

    program: str
    counterparty: str
    kind: str
    operations: int
    nominal: float
    receive: float
    pay: float
    key: Key

    @property
    def amount(self):
        """Above zero: to receive."""
        return self.receive - self.pay


class Operation(NamedTuple):
    """One clearing line, as its owner sees it; the card is its token."""

    line: int
    token: str
    day: object
    operation: int
    branch: str
    program: str
    counterparty: str
    kind: str
    nominal: float
    amount: float
    disputed: bool


class EkarteClearingStatementContent(models.Model):
    _inherit = "ekarte.clearing.statement"

    def _kinds(self):
        return {
            "used": self.env._("Used"),
            "refunded": self.env._("Refunded"),
            "credit": self.env._("Credit"),
            "sold": self.env._("Gift cards sold for another"),
            "exchange": self.env._("Exchanged for goods"),
            "other": self.env._("Other"),
            "reversed": self.env._("Settlement reversed"),
            "ruled": self.env._("Dispute upheld"),
        }

    def _sums(self, disputed=False):
        """Lines by program, counterparty and kind; disputed ones, or all others."""
        rows = self._select(SUMS)
        names = self._names(rows)
        return sorted(
            Sum(
                *names(row[:3]),
                int(row[4]),
                *map(float, row[5:]),
                key=Key(row[0] or 0, row[1], row[2]),
            )
            for row in rows
            if bool(row[3]) is disputed
        )

    def _operation_count(self, key=EVERY):
        """How many lines there are."""
        return self._select(COUNT, filter=key.sql)[0][0]

    def _operations(self, limit=None, offset=0, key=EVERY):
        """Lines of the statement, card by card; all, or those of one sum."""
        rows = self._select(OPERATIONS, limit=limit, offset=offset, filter=key.sql)
        names = self._names(rows)
        branches = self._display_names("ekarte.branch", {row[8] for row in rows})
        found = []
        for (
            *named,
            disputed,
            line,
            token,
            day,
            operation,
            branch,
            nominal,
            amount,
        ) in rows:
            found.append(
                Operation(
                    line,
                    token,
                    day,
                    operation,
                    branches.get(branch, ""),
                    *names(named),
                    float(nominal),
                    float(amount),
                    disputed,
                )
            )
        return found

    def _select(self, query, **values):
        self.ensure_one()
        self.env["ekarte.clearing.line"].flush_model()
        return self.env.execute_query(
            SQL(query, kind=KIND, statement=self.id, **values)
        )

    def _names(self, rows):
        """Return what gives the names of a row's program, counterparty and kind."""
        programs = self._display_names("ekarte.program", {row[0] for row in rows})
        others = self._display_names("ekarte.issuer", {row[1] for row in rows})
        kinds = self._kinds()
        return lambda row: (
            programs.get(row[0], ""),
            others.get(row[1], ""),
            kinds[row[2]],
        )

    def _display_names(self, model, ids):
        records = self.env[model].browse([key for key in ids if key])
        return {record.id: record.display_name for record in records}
