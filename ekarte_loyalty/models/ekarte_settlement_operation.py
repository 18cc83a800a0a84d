from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

# Which operations stand behind a line: those of its settlement, day and branch that
# made an entry of its event and program, or sold goods at its tax rate. Where there are
# several such lines, they differ in their terms, or one of them is what was sold at
# terminals of Odoo's own.
BEHIND_LINES = """
    SELECT o.id
    FROM ekarte_settlement_line AS line
    JOIN ekarte_settlement AS document ON document.id = line.settlement_id
    JOIN ekarte.settlement_operation AS s ON s.settlement_id = document.ledger_id
    JOIN ekarte.operation AS o ON o.id = s.operation_id
    WHERE
        line.id = ANY(%s)
        AND o.business_day = line.day
        AND o.branch = line.branch
        AND CASE
            WHEN line.event = 'sale' THEN EXISTS (
                SELECT FROM ekarte.sale_line AS l
                WHERE l.operation_id = o.id AND l.tax_rate_bp = line.tax_rate_bp
            )
            ELSE EXISTS (
                SELECT FROM ekarte.entry AS e
                JOIN ekarte.purse AS p ON p.id = e.purse_id
                WHERE
                    e.operation_id = o.id
                    AND e.event = line.event
                    AND e.program = coalesce(line.program, '')
                    AND p.issuer = line.issuer
            )
        END
        AND (
            line.event = 'sale'
            OR NOT EXISTS (
                SELECT FROM ekarte_settlement_line AS other
                WHERE
                    other.settlement_id = line.settlement_id
                    AND (other.day, other.event, other.seller, other.issuer)
                    = (line.day, line.event, line.seller, line.issuer)
                    AND (other.branch, coalesce(other.program, ''))
                    = (line.branch, coalesce(line.program, ''))
                    AND (
                        (other.tax_rate_bp, other.price_bp)
                        <> (line.tax_rate_bp, line.price_bp)
                        OR (other.liable, other.as_payment)
                        IS DISTINCT FROM (line.liable, line.as_payment)
                    )
            )
            OR EXISTS (
                SELECT FROM ekarte.settled AS n
                WHERE
                    n.operation_id = o.id
                    AND (n.event, n.program, n.issuer)
                    = (line.event, coalesce(line.program, ''), line.issuer)
                    AND (n.tax_rate_bp, n.price_bp) = (line.tax_rate_bp, line.price_bp)
                    AND (n.liable, n.as_payment)
                    = (coalesce(line.liable, ''), coalesce(line.as_payment, FALSE))
            )
        )
        AND (
            NOT EXISTS (
                SELECT FROM ekarte_settlement_line AS other
                WHERE
                    other.settlement_id = line.settlement_id
                    AND other.books_sales <> line.books_sales
                    AND (other.day, other.event, other.seller, other.issuer)
                    = (line.day, line.event, line.seller, line.issuer)
                    AND (other.branch, other.tax_rate_bp, other.currency)
                    = (line.branch, line.tax_rate_bp, line.currency)
                    AND coalesce(other.program, '') = coalesce(line.program, '')
            )
            OR line.books_sales <> EXISTS (
                SELECT FROM ekarte.odoo_terminal AS t
                WHERE t.version = o.network_version AND t.terminal = o.terminal
            )
        )
"""


class EkarteSettlementOperation(models.Model):
    _inherit = "ekarte.operation"

    settlement_line_id = fields.Many2one(
        "ekarte.settlement.line",
        store=False,
        search="_search_settlement_line_id",
        help="Finds the operations behind a line of a settlement.",
    )

    def _search_settlement_line_id(self, operator, value):
        if operator != "in":
            return NotImplemented
        Line = self.env["ekarte.settlement.line"]
        # Only lines that this user may read lead to operations.
        lines = Line.search([("id", "in", [key for key in value if key])])
        Line.flush_model()
        lines.settlement_id.flush_recordset(["ledger_id"])
        return Domain.custom(
            to_sql=lambda _model, alias, _query: SQL(
                "%s IN (%s)", SQL.identifier(alias, "id"), SQL(BEHIND_LINES, lines.ids)
            )
        )
