from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.ekarte_loyalty.units import MINOR_DIGITS

from ekarte_core import APPROVED, Original, Rc, is_copy

FORGOTTEN_AFTER_DAYS = 7
"""A card shown for a cart that never became an order is forgotten after so long."""

OFF_ROLES = ("discount", "reduction", "kept")
"""How a card lowers what an order costs, by lines of its own."""


def approved(answer):
    """Say whether the ledger did what it was asked for."""
    return Rc(answer.rc) in APPROVED


class EkarteCheckout(models.Model):
    """A card at one order of a till: what was shown, what is held, what was booked.

    The server alone writes these rows. What a browser says about discounts, holds and
    payments is compared with them when its order is stored; it never gets in here.
    """

    _name = "ekarte.checkout"
    _description = "Card at a Till's Order"
    _order = "id desc"
    _rec_name = "masked"

    order_uuid = fields.Char("Order Key", required=True, readonly=True)
    kind = fields.Selection(
        [("purchase", "Purchase"), ("refund", "Refund")],
        required=True,
        default="purchase",
        readonly=True,
    )
    role = fields.Selection(
        [("main", "Card of the order"), ("payer", "Pays only")],
        required=True,
        default="main",
        readonly=True,
    )
    state = fields.Selection(
        [
            ("open", "Shown"),
            ("held", "Held"),
            ("booked", "Booked"),
            ("released", "Let go"),
            ("uncovered", "Not Covered"),
        ],
        required=True,
        default="open",
        index=True,
        readonly=True,
    )
    config_id = fields.Many2one(
        "pos.config", "Till", required=True, ondelete="restrict", readonly=True
    )
    company_id = fields.Many2one(related="config_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="config_id.currency_id")
    session_id = fields.Many2one(
        "pos.session", ondelete="set null", index="btree_not_null", readonly=True
    )
    pos_order_id = fields.Many2one(
        "pos.order", "Order", ondelete="set null", index="btree_not_null", readonly=True
    )
    # A window on the ledger: no foreign key, and cards are never deleted there.
    card_id = fields.Many2one("ekarte.card", required=True, index=True, readonly=True)
    masked = fields.Char("Card Number", readonly=True, help="First six and last four.")
    partner_id = fields.Many2one(
        "res.partner", "Holder", ondelete="set null", readonly=True
    )
    payment_uuid = fields.Char(readonly=True)
    original_id = fields.Many2one(
        "ekarte.checkout",
        "Refund Of",
        ondelete="restrict",
        index="btree_not_null",
        readonly=True,
    )

    # Which operations of the ledger these are; the terminal is that of the time.
    hold_terminal = fields.Char(readonly=True)
    hold_batch = fields.Integer(readonly=True, aggregator=None)
    hold_number = fields.Integer(readonly=True, aggregator=None)
    hold_until = fields.Datetime(readonly=True)
    booked_terminal = fields.Char(readonly=True)
    booked_batch = fields.Integer(readonly=True, aggregator=None)
    booked_number = fields.Integer(readonly=True, aggregator=None)

    # What was approved. Amounts in minor units, as the ledger counts.
    amount = fields.Integer(readonly=True, aggregator=None)
    discount = fields.Integer(readonly=True, aggregator=None)
    reduction = fields.Integer(readonly=True, aggregator=None)
    kept = fields.Integer(readonly=True, aggregator=None)
    card_payment = fields.Integer(readonly=True, aggregator=None)
    net = fields.Integer(
        readonly=True,
        aggregator=None,
        help="What the goods of the whole order cost after the discount.",
    )
    code_given = fields.Boolean(readonly=True, help="Its access code was typed in.")
    tender = fields.Json(readonly=True)
    cart = fields.Json(readonly=True, help="The cart that was approved, line by line.")
    goods = fields.Json(readonly=True, help="The same as the ledger counted it.")
    answer = fields.Json(readonly=True, help="What the till was told.")
    receipt = fields.Json(readonly=True, help="What the receipt says.")
    offline = fields.Boolean(
        readonly=True, help="The order was closed without the ledger: no discount."
    )
    message = fields.Char(readonly=True, help="Why it is not covered.")

    purchase_amount = fields.Monetary("Purchase", compute="_compute_money")
    reduced_amount = fields.Monetary("Price Lowered By", compute="_compute_money")
    payment_amount = fields.Monetary("Paid by Card", compute="_compute_money")

    _card_once = models.UniqueIndex(
        "(order_uuid, card_id)", "The card is on this order already."
    )
    _payment_once = models.UniqueIndex(
        "(payment_uuid) WHERE payment_uuid IS NOT NULL",
        "This payment belongs to a card already.",
    )

    @api.depends("amount", "discount", "reduction", "card_payment")
    def _compute_money(self):
        for row in self:
            scale = 10**MINOR_DIGITS
            row.purchase_amount = row.amount / scale
            row.reduced_amount = (row.discount + row.reduction) / scale
            row.payment_amount = row.card_payment / scale

    # What is on an order

    @api.model
    def _rows(self, order_uuid):
        """Return the cards of an order that still count, the order's own one first."""
        rows = self.search(
            [("order_uuid", "=", order_uuid), ("state", "!=", "released")]
        )
        return rows.sorted(lambda row: (row.role != "main", row.id))

    @api.model
    def _main(self, order_uuid):
        """Return the order's own card while the order is not stored."""
        return self.search(
            [
                ("order_uuid", "=", order_uuid),
                ("role", "=", "main"),
                ("kind", "=", "purchase"),
                ("state", "in", ("open", "held")),
            ]
        )

    @api.model
    def _pays(self, order_uuid, card_id):
        """Say whether a card holds a part of this order that it only pays."""
        domain = [
            ("order_uuid", "=", order_uuid),
            ("card_id", "=", card_id),
            ("role", "=", "payer"),
            ("state", "=", "held"),
        ]
        return bool(self.search_count(domain, limit=1))

    @api.model
    def _attach(self, config, order_uuid, found, partner, role="main"):
        """Note a card at an order; whatever was the order's own card is let go."""
        row = self.search([("order_uuid", "=", order_uuid), ("card_id", "=", found.id)])
        if row.state in ("booked", "uncovered"):
            raise UserError(self.env._("This order is stored already."))
        if role == "main":
            (self._main(order_uuid) - row)._let_go()
        values = {
            "role": role,
            "config_id": config.id,
            "session_id": config.current_session_id.id,
            "masked": found.masked,
            "partner_id": partner.id,
            "offline": False,
        }
        if not row:
            return self.create(
                {"order_uuid": order_uuid, "card_id": found.id, **values}
            )
        if row.state == "released":
            values["state"] = "open"
        row.write(values)
        return row

    def _check_same_issuer(self, config):
        """Other issuers' tills have no say about a card at this order."""
        issuer = config.sudo().ekarte_branch_id.issuer_id
        for row in self:
            if row.config_id.ekarte_branch_id.issuer_id != issuer:
                raise UserError(
                    self.env._(
                        "The card was shown at %(till)s, which belongs to another "
                        "issuer.",
                        till=row.config_id.display_name,
                    )
                )

    # The ledger

    def _desk(self, command, session=None, **parts):
        """Execute one command at this row's till; return (batch, number, Answer)."""
        self.ensure_one()
        config = session.config_id if session else self.config_id
        session = session or config.current_session_id or self.session_id
        batch = session._ekarte_batch()
        parts.setdefault("reference", self.order_uuid[:64])
        parts.setdefault("currency", config.currency_id.name)
        number, answer = self.env["ekarte.desk"]._execute(
            command, config._ekarte_terminal(), batch=batch, **parts
        )
        return batch, number, answer

    def _card(self):
        self.ensure_one()
        return self.env["ekarte.desk"]._by_id(self.card_id.id)

    def _hold_key(self):
        """Name the operation that holds value, for its confirmation or reversal."""
        self.ensure_one()
        return Original(
            terminal=self.hold_terminal,
            batch=self.hold_batch,
            operation=self.hold_number,
        )

    def _give_up_hold(self):
        """Set free what is held; a hold that is over already stays over."""
        held = self.filtered(lambda row: row.state == "held")
        held._end_hold()
        held.write({"state": "open", **self._no_hold()})

    def _end_hold(self):
        """Set free what is held, but keep what was approved: the order may yet come."""
        if is_copy(self.env.cr):
            return  # the clock of gateways ends it in its time
        for row in self.filtered(lambda row: row.state == "held"):
            # Only the till that held may reverse, in a batch that is open by now.
            row.env["ekarte.desk"]._execute(
                "reverse",
                row.hold_terminal,
                batch=row.config_id.current_session_id._ekarte_batch(),
                original=row._hold_key(),
            )
            row.hold_until = fields.Datetime.now()

    @api.model
    def _no_hold(self):
        return {
            "payment_uuid": False,
            "hold_terminal": False,
            "hold_batch": 0,
            "hold_number": 0,
            "hold_until": False,
            "card_payment": 0,
            "reduction": 0,
            "tender": False,
            "answer": False,
        }

    def _let_go(self):
        """Take cards off their orders: nothing stays held, and nothing was booked."""
        live = self.filtered(lambda row: row.state in ("open", "held"))
        live._give_up_hold()
        live.write({"state": "released"})

    @api.model
    def _let_go_of_orders(self, order_uuids):
        """Set free whatever cards hold for orders that will never be."""
        if order_uuids:
            self.search(
                [
                    ("order_uuid", "in", list(order_uuids)),
                    ("state", "in", ("open", "held")),
                ]
            )._let_go()
            self.env["ekarte.checkout.load"].search(
                [("order_uuid", "in", list(order_uuids)), ("state", "=", "planned")]
            ).unlink()

    @api.autovacuum
    def _gc_forgotten(self):
        """Drop what was only shown for carts that never became orders."""
        before = fields.Datetime.now() - timedelta(days=FORGOTTEN_AFTER_DAYS)
        forgotten = self.search(
            [
                ("state", "in", ("open", "held", "released")),
                ("pos_order_id", "=", False),
                ("write_date", "<", before),
                "|",
                ("hold_until", "=", False),
                ("hold_until", "<", before),
            ],
            limit=10_000,
        )._not_on_drafts()
        forgotten._let_go()
        forgotten.unlink()

    def _not_on_drafts(self):
        """Return those of the rows whose order does not lie on the server, unpaid."""
        drafts = self.env["pos.order"].search(
            [("uuid", "in", self.mapped("order_uuid")), ("state", "=", "draft")]
        )
        kept = set(drafts.mapped("uuid"))
        return self.filtered(lambda row: row.order_uuid not in kept)
