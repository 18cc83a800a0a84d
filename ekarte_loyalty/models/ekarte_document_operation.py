from odoo import api, fields, models
from odoo.exceptions import UserError

from ekarte_core import Original

from ..terminal_ids import SALE_BATCH
from ..units import from_minor

APPROVED = ("00", "10")


class EkarteDocumentOperation(models.Model):
    """What a document did to a card: written once for each purpose, so that whatever
    is tried again is booked once."""

    _name = "ekarte.document.operation"
    _description = "Card Operation of a Document"
    _order = "id desc"

    res_model = fields.Char("Document Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        "Document", model_field="res_model", required=True, readonly=True
    )
    purpose = fields.Selection(
        [
            ("hold", "Hold"),
            ("purchase", "Purchase"),
            ("refund", "Return"),
            ("pay", "Payment of credit"),
            ("pay_out", "Pay-out"),
            ("charge_back", "Charge-back"),
        ],
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [
            ("held", "Held"),
            ("booked", "Booked"),
            ("ended", "Captured"),
            ("undone", "Undone"),
        ],
        required=True,
        readonly=True,
    )
    order_id = fields.Many2one(
        "sale.order", readonly=True, index="btree_not_null", ondelete="set null"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    # A window on the ledger: no foreign key, and cards are never deleted there.
    card_id = fields.Many2one("ekarte.card", required=True, readonly=True)
    terminal = fields.Char(required=True, readonly=True)
    batch = fields.Integer(required=True, readonly=True)
    number = fields.Integer("Operation", required=True, readonly=True)
    auth_code = fields.Char("Code", readonly=True)
    until = fields.Datetime("Held Until", readonly=True)
    digest = fields.Char(
        readonly=True, help="Of the goods and the tender that were asked about."
    )
    figures = fields.Json(readonly=True, help="Minor units, as the ledger decided.")
    amount = fields.Monetary(compute="_compute_money")
    discount = fields.Monetary(compute="_compute_money")
    paid = fields.Monetary("Paid by Card", compute="_compute_money")

    # The last guard against booking twice.
    _document_uniq = models.UniqueIndex(
        "(res_model, res_id, purpose) WHERE state IN ('held', 'booked')",
        "This document has been booked on the card already.",
    )
    _key_uniq = models.UniqueIndex(
        "(terminal, batch, number)", "This operation belongs to a document already."
    )

    @api.depends("figures")
    def _compute_money(self):
        for operation in self:
            figures = operation.figures or {}
            operation.amount = from_minor(figures.get("amount", 0))
            operation.discount = from_minor(figures.get("discount", 0))
            operation.paid = from_minor(operation._payment_minor())

    def _payment_minor(self):
        """Return what the card paid or got back, without price reductions."""
        figures = self.figures or {}
        tendered = sum(figures.get("tendered", {}).values())
        return tendered - figures.get("reduction", 0)

    @api.model
    def _of(self, document, purpose):
        """Return the operation of a document that stands, if there is one."""
        return self.sudo().search(
            [
                ("res_model", "=", document._name),
                ("res_id", "=", document.id),
                ("purpose", "=", purpose),
                ("state", "in", ("held", "booked")),
            ],
            limit=1,
        )

    @api.model
    def _book(self, document, purpose, order, command, digest="", **parts):
        """Execute a command for a document; return (operation, answer).

        The operation is empty where the ledger refuses.
        """
        assert not self._of(document, purpose)
        terminal = order._ekarte_terminal()
        number, answer = (
            self.env["ekarte.desk"]
            .sudo()
            ._execute(
                command,
                terminal,
                batch=SALE_BATCH,
                reference=document.display_name[:64],
                language=order._ekarte_language(),
                **parts,
            )
        )
        if answer.rc not in APPROVED:
            return self.browse(), answer
        until = answer.hold_until and answer.hold_until.replace(tzinfo=None)
        operation = self.sudo().create(
            {
                "res_model": document._name,
                "res_id": document.id,
                "purpose": purpose,
                "state": "held" if purpose == "hold" else "booked",
                "order_id": order.id,
                "company_id": order.company_id.id,
                "card_id": order.ekarte_card_id.id,
                "terminal": terminal,
                "batch": SALE_BATCH,
                "number": number,
                "auth_code": answer.auth_code,
                "until": until,
                "digest": digest,
                "figures": figures_of(answer),
            }
        )
        return operation, answer

    def _original(self):
        """Return this operation as a request names it."""
        self.ensure_one()
        return Original(batch=self.batch, operation=self.number, terminal=self.terminal)

    def _is_over(self):
        """Say whether a hold has ended by its time."""
        self.ensure_one()
        return bool(self.until) and self.until <= fields.Datetime.now()

    def _undo(self):
        """Reverse in the ledger what still stands; raise where it cannot be undone."""
        for operation in self.filtered(lambda one: one.state in ("held", "booked")):
            order = operation.order_id
            _number, answer = (
                self.env["ekarte.desk"]
                .sudo()
                ._execute(
                    "reverse",
                    operation.terminal,
                    batch=SALE_BATCH,
                    original=operation._original(),
                    language=order._ekarte_language(),
                )
            )
            if answer.rc not in APPROVED:
                raise UserError(
                    self.env._(
                        "The card operation %(code)s cannot be undone: %(why)s",
                        code=operation.auth_code,
                        why=answer.message,
                    )
                )
            operation.sudo().state = "undone"


def figures_of(answer):
    """Return the figures of an answer that documents keep: no code, no number."""
    return {
        "amount": answer.amount,
        "discount": answer.discount,
        "due": answer.amount_due,
        "reduction": answer.price_reduction,
        "kept": answer.kept,
        "tendered": dict(answer.tendered),
        "earned": [[one.program, one.points] for one in answer.earned],
        "explain": list(answer.explain),
    }
