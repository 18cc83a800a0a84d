"""What a ledger holds, as rows that another ledger may be compared with.

Ids, times and the terminal are left out; operations are named by batch and number,
cards by their numbers' ends, vouchers by the order in which they were given.
"""

from typing import Any

from tests.gateway.gateway_process import GatewayProcess

_OPERATION = "o.batch, o.number, o.command"
_CARD = "c.first6, c.last4"

QUERIES = {
    "operations": f"""
        SELECT {_OPERATION}, o.rc, {_CARD}, other.last4, o.issuer, o.branch, o.currency,
               o.amount, o.discount, o.amount_due, first.batch, first.number,
               o.reference
        FROM ekarte.operation o
        LEFT JOIN ekarte.card c ON c.id = o.card_id
        LEFT JOIN ekarte.card other ON other.id = o.other_card_id
        LEFT JOIN ekarte.operation first ON first.id = o.original_id
        ORDER BY o.batch, o.number""",
    "entries": f"""
        SELECT {_OPERATION}, e.line, e.account, e.event, e.program, e.unit, e.posted,
               e.held, e.carry, e.version, e.posted_after, e.held_after, {_CARD},
               e.lot_id IS NULL
        FROM ekarte.entry e
        JOIN ekarte.operation o ON o.id = e.operation_id
        LEFT JOIN ekarte.purse p ON p.id = e.purse_id
        LEFT JOIN ekarte.card c ON c.id = p.card_id
        ORDER BY o.batch, o.number, e.line""",
    "purses": f"""
        SELECT {_CARD}, p.program, p.issuer, p.unit,
               CASE WHEN v.code IS NULL THEN p.goods_group END, p.posted, p.held,
               p.credit_limit, p.carry, p.version, p.day_count, p.valid_until IS NULL
        FROM ekarte.purse p
        JOIN ekarte.card c ON c.id = p.card_id
        LEFT JOIN ekarte.voucher v ON v.code = p.goods_group
        ORDER BY c.first6, c.last4, p.program, p.unit, p.id""",
    "lots": f"""
        SELECT {_CARD}, p.program, p.unit, l.issued, l.posted, l.held, l.carry,
               l.valid_until IS NULL
        FROM ekarte.lot l
        JOIN ekarte.purse p ON p.id = l.purse_id
        JOIN ekarte.card c ON c.id = p.card_id
        ORDER BY c.first6, c.last4, p.program, p.unit, l.id""",
    "lines": f"""
        SELECT {_OPERATION}, s.line, s.goods_group, s.tax_rate_bp, s.gross, s.discount,
               s.bonus, s.tendered
        FROM ekarte.sale_line s JOIN ekarte.operation o ON o.id = s.operation_id
        ORDER BY o.batch, o.number, s.line""",
    "cards": """
        SELECT encode(c.token, 'hex'), c.kind, c.first6, c.last4, c.state,
               c.access_tries, encode(c.access_code, 'hex'), a.last4, c.facts
        FROM ekarte.card c LEFT JOIN ekarte.card a ON a.id = c.account_id
        ORDER BY 1""",
    "memberships": """
        SELECT encode(c.token, 'hex'), m.card_type, m.issuer
        FROM ekarte.membership m JOIN ekarte.card c ON c.id = m.card_id
        ORDER BY 1, 2""",
    "holds": f"""
        SELECT {_OPERATION}, h.how, ended.batch, ended.number
        FROM ekarte.hold x JOIN ekarte.operation o ON o.id = x.operation_id
        LEFT JOIN ekarte.hold_end h ON h.hold_id = x.operation_id
        LEFT JOIN ekarte.operation ended ON ended.id = h.operation_id
        ORDER BY o.batch, o.number""",
    "exceptions": f"""
        SELECT {_OPERATION}, x.line, x.kind, x.amount, x.rc
        FROM ekarte.offline_exception x
        JOIN ekarte.operation o ON o.id = x.operation_id
        ORDER BY o.batch, o.number, x.line""",
    "closes": f"""
        SELECT {_OPERATION} FROM ekarte.batch_close b
        JOIN ekarte.operation o ON o.id = b.operation_id ORDER BY 1, 2""",
}


CARDS_OF = 10  # a scenario's cards have serials from its batch times this
_LAST4 = {"purses": 1, "lots": 1, "cards": 3}


def rows_of_batches(
    rows: dict[str, list[tuple[Any, ...]]], batches: set[int]
) -> dict[str, list[tuple[Any, ...]]]:
    """Leave the rows of scenarios with these batches, without closes."""
    kept = {}
    for table, found in rows.items():
        place = _LAST4.get(table)
        if table in ("memberships", "closes"):
            continue
        if place is None:
            kept[table] = [
                row for row in found if row[0] in batches and row[2] != "close"
            ]
        else:
            kept[table] = [
                row for row in found if int(row[place][:3]) // CARDS_OF in batches
            ]
    tokens = {row[0] for row in kept["cards"]}
    kept["memberships"] = [row for row in rows["memberships"] if row[0] in tokens]
    return kept


def rows_of(gateway: GatewayProcess) -> dict[str, list[tuple[Any, ...]]]:
    return {name: gateway.sql(query) for name, query in QUERIES.items()}
