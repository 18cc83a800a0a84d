from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.ekarte_loyalty.units import MINOR_DIGITS, to_minor

from ekarte_core import Original

from .ekarte_checkout import approved

KIND_OF_LOAD = {
    "gift_card": "gift_card",
    "top_up": "gift_card",
    "credit": "credit_card",
    "pass": "visit_pass",
}
"""Which kind of program a product of each sort loads."""

SOLD_WITH_CARD = ("gift_card", "pass")
NOT_YET_SOLD = ("14", "78")
WRONG_AMOUNT = ("13", "61")


class EkarteCheckoutLoad(models.Model):
    """A card that an order's line sells value for: loaded when the order is stored."""

    _name = "ekarte.checkout.load"
    _description = "Card Loaded by a Till's Order"
    _order = "id desc"
    _rec_name = "masked"

    order_uuid = fields.Char("Order Key", required=True, index=True, readonly=True)
    line_uuid = fields.Char("Line Key", required=True, readonly=True)
    config_id = fields.Many2one(
        "pos.config", "Till", required=True, ondelete="restrict", readonly=True
    )
    company_id = fields.Many2one(related="config_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="config_id.currency_id")
    pos_order_id = fields.Many2one(
        "pos.order", "Order", ondelete="set null", index="btree_not_null", readonly=True
    )
    # A window on the ledger: no foreign key, and cards are never deleted there.
    card_id = fields.Many2one("ekarte.card", required=True, index=True, readonly=True)
    masked = fields.Char("Card Number", readonly=True)
    product_id = fields.Many2one(
        "product.product", required=True, ondelete="restrict", readonly=True
    )
    command = fields.Selection(
        [("activate", "Sold"), ("top_up", "Topped Up")], required=True, readonly=True
    )
    state = fields.Selection(
        [
            ("planned", "Waits for the Order"),
            ("booked", "Booked"),
            ("refunded", "Refunded"),
        ],
        required=True,
        default="planned",
        readonly=True,
    )
    amount = fields.Integer(
        "In Minor Units",
        readonly=True,
        aggregator=None,
        help="As the ledger counts.",
    )
    amount_shown = fields.Monetary("Amount", compute="_compute_amount_shown")
    booked_terminal = fields.Char(readonly=True)
    booked_batch = fields.Integer(readonly=True, aggregator=None)
    booked_number = fields.Integer(readonly=True, aggregator=None)
    refund_terminal = fields.Char(readonly=True)
    refund_batch = fields.Integer(readonly=True, aggregator=None)
    refund_number = fields.Integer(readonly=True, aggregator=None)

    _line_once = models.UniqueIndex("(line_uuid)", "This line loads a card already.")

    @api.depends("amount")
    def _compute_amount_shown(self):
        for load in self:
            load.amount_shown = load.amount / 10**MINOR_DIGITS

    # At the till: which card, and for how much

    @api.model
    def _line(self, order_uuid, line_uuid):
        """Return what this line loads so far; refuses another order's line."""
        load = self.search([("line_uuid", "=", line_uuid)])
        if load and (load.order_uuid != order_uuid or load.state != "planned"):
            raise UserError(self.env._("This line is stored already."))
        return load

    def _ask(self, config, place, found, product, amount):
        """Plan a load, or say what may be loaded where nobody named an amount.

        Args:
            place: (order, line) of what is sold.
            found: the card, None for the one that the line has.
            amount: minor units, None for the product's own price.
        """
        command = "top_up"
        if found.state == "new" and product.ekarte_load in SOLD_WITH_CARD:
            command = "activate"
        fixed = self._fixed_price(config, product)
        told = {"masked": found.masked, "command": command, "fixed": bool(fixed)}
        if not amount and not fixed:
            return {**told, "planned": False, **self._look(config, found, product)}
        amount = amount or fixed
        answer = self.env["ekarte.desk"]._try(
            command,
            config._ekarte_terminal(),
            **self._request(config, found.id, product, amount),
        )
        if approved(answer):
            self._note(config, place, found, product, command, amount)
        message = answer.message
        if answer.rc in WRONG_AMOUNT:
            message = self._look(config, found, product).get("limits") or message
        return {
            **told,
            "rc": answer.rc,
            "message": message,
            "planned": approved(answer),
            "price": amount,
        }

    def _note(self, config, place, found, product, command, amount):
        values = {
            "config_id": config.id,
            "card_id": found.id,
            "masked": found.masked,
            "product_id": product.id,
            "command": command,
            "amount": amount,
        }
        if self:
            self.write(values)
        else:
            self.create({"order_uuid": place[0], "line_uuid": place[1], **values})

    @api.model
    def _fixed_price(self, config, product):
        """Return what a load always costs, 0 where the customer names the sum."""
        parameters = self._parameters(config, product)
        if product.ekarte_load == "pass" and parameters:
            return parameters.price
        return to_minor(product.lst_price)

    @api.model
    def _parameters(self, config, product):
        """Return the terms of the program that a product loads."""
        code = self._loaded_program(config, product)
        return self.env["ekarte.desk"]._network().parameters(code) if code else None

    @api.model
    def _loaded_program(self, config, product):
        """Return the code of the program that a product loads, "" if there is none."""
        kind = KIND_OF_LOAD[product.ekarte_load]
        network = self.env["ekarte.desk"]._network()
        branch = network.branches.get(config.ekarte_branch_id.code)
        if branch is None:
            return ""
        named = product.ekarte_program_id.code
        running = network.running(branch, network.card_types)
        codes = [
            one.code
            for one in running
            if network.programs[one.code].kind == kind and named in (False, one.code)
        ]
        return codes[0] if codes else ""

    @api.model
    def _look(self, config, found, product):
        """Return what may be loaded on a card: sums, limits, what is owed."""
        answer = self.env["ekarte.desk"]._try(
            "inquire",
            config._ekarte_terminal(),
            card=self.env["ekarte.desk"]._by_id(found.id),
            operation=1,
        )
        sold_now = found.state == "new" and product.ekarte_load in SOLD_WITH_CARD
        if not approved(answer) and not (sold_now and answer.rc in NOT_YET_SOLD):
            return {"rc": answer.rc, "message": answer.message}
        look = {"rc": "00", "message": "", **self._limits(config, product, answer)}
        return {**look, "limits": self._limits_said(config, **look)}

    @api.model
    def _limits(self, config, product, answer):
        """Return the sums that may be loaded: given ones, or from least to most."""
        owed = -sum(row.value for row in answer.balances if row.unit == "credit")
        if product.ekarte_load == "credit":
            return {"denominations": [], "min": 1, "max": owed, "owed": owed}
        code = self._loaded_program(config, product)
        terms = code and self.env["ekarte.desk"]._network().parameters(code)
        if not terms or product.ekarte_load == "pass":
            return {"denominations": [], "min": 1, "max": None, "owed": None}
        has = sum(
            row.value
            for row in answer.balances
            if (row.program, row.unit) == (code, config.currency_id.name)
        )
        room = max(terms.max_balance - has, 0)
        given = [one for one in terms.denominations if one <= room]
        return {
            "denominations": given,
            "min": terms.min_load,
            "max": room if given or not terms.denominations else 0,
            "owed": None,
        }

    @api.model
    def _limits_said(self, config, denominations, **limits):
        """Say what may be loaded, for the cashier to read; "" where nothing limits."""
        least, most = limits["min"], limits["max"]
        if most is None:
            return ""
        currency = config.currency_id
        in_words = [
            currency.format(minor / 10**MINOR_DIGITS)
            for minor in denominations or (least, most)
        ]
        if limits["owed"] == 0:
            return self.env._("Nothing is owed on this card.")
        if most < least:
            return self.env._("Nothing more can be loaded on this card.")
        if denominations:
            return self.env._("May be loaded: %(sums)s.", sums=", ".join(in_words))
        return self.env._(
            "From %(least)s to %(most)s may be loaded.",
            least=in_words[0],
            most=in_words[-1],
        )

    @api.model
    def _request(self, config, card_id, product, amount):
        return {
            "card": self.env["ekarte.desk"]._by_id(card_id),
            "amount": amount,
            "currency": config.currency_id.name,
            "program": product.ekarte_program_id.code or "",
        }

    def _told(self):
        self.ensure_one()
        return {
            "line_uuid": self.line_uuid,
            "masked": self.masked,
            "command": self.command,
            "price": self.amount,
        }

    def _receipt_line(self):
        self.ensure_one()
        money = self.currency_id.format(self.amount_shown)
        return {
            "name": self.product_id.display_name,
            "masked": self.masked,
            "amount": self.amount,
            "text": money,
        }

    # With the order

    @api.model
    def _store_order(self, order):
        """Load the cards of an order's lines; refuse lines without their card."""
        lines = order._ekarte_load_lines()
        planned = self.search(
            [("order_uuid", "=", order.uuid), ("state", "=", "planned")]
        )
        by_line = {load.line_uuid: load for load in planned}
        for line in lines.filtered(lambda line: line.qty > 0):
            load = by_line.get(line.uuid)
            gross = order._ekarte_gross(line)
            if load is None or load.product_id != line.product_id or line.qty != 1:
                raise UserError(
                    self.env._(
                        "%(product)s: scan the card that it is for.",
                        product=line.product_id.display_name,
                    )
                )
            if load.amount != gross:
                raise UserError(
                    self.env._(
                        "%(product)s: the card was asked about another amount. Scan "
                        "it again.",
                        product=line.product_id.display_name,
                    )
                )
            load._book(order)
        for line in lines.filtered(lambda line: line.qty < 0):
            self._take_back(order, line)
        (planned - planned.filtered("booked_number")).unlink()

    def _book(self, order):
        number, answer = self.env["ekarte.desk"]._execute(
            self.command,
            order.config_id._ekarte_terminal(),
            batch=order.session_id._ekarte_batch(),
            reference=order.uuid[:64],
            **self._request(
                order.config_id, self.card_id.id, self.product_id, self.amount
            ),
        )
        if not approved(answer):
            raise UserError(
                self.env._(
                    "Card %(card)s cannot be loaded: %(why)s",
                    card=self.masked,
                    why=answer.message,
                )
            )
        self.write(
            {
                "state": "booked",
                "pos_order_id": order.id,
                "booked_terminal": order.config_id._ekarte_terminal(),
                "booked_batch": order.session_id._ekarte_batch(),
                "booked_number": number,
            }
        )

    @api.model
    def _take_back(self, order, line):
        """Sold value comes back: as far as it is unused, and the card is closed."""
        sold = self._sold(line.refunded_orderline_id.uuid)
        amount = -order._ekarte_gross(line)
        if not sold or sold.amount != amount:
            raise UserError(
                self.env._(
                    "%(product)s: only what a card was sold for comes back, whole.",
                    product=line.product_id.display_name,
                )
            )
        number, answer = self.env["ekarte.desk"]._execute(
            "refund",
            order.config_id._ekarte_terminal(),
            batch=order.session_id._ekarte_batch(),
            reference=order.uuid[:64],
            **sold._refund_request(),
        )
        if not approved(answer):
            raise UserError(
                self.env._(
                    "Card %(card)s cannot be taken back: %(why)s",
                    card=sold.masked,
                    why=answer.message,
                )
            )
        sold.write(
            {
                "state": "refunded",
                "refund_terminal": order.config_id._ekarte_terminal(),
                "refund_batch": order.session_id._ekarte_batch(),
                "refund_number": number,
            }
        )

    @api.model
    def _sold(self, line_uuid):
        return self.search([("line_uuid", "=", line_uuid), ("state", "=", "booked")])

    def _refund_request(self):
        self.ensure_one()
        return {
            "amount": self.amount,
            "currency": self.currency_id.name,
            "original": Original(
                terminal=self.booked_terminal,
                batch=self.booked_batch,
                operation=self.booked_number,
            ),
        }
