from odoo import api, models
from odoo.exceptions import UserError

from odoo.addons.ekarte_loyalty.units import to_minor

from .ekarte_checkout import approved


class EkarteCheckoutStore(models.Model):
    """The order is stored: what was approved is compared with it, then booked.

    Both happen in the transaction that stores the order. What does not fit refuses the
    whole order; what the ledger refuses only now, after the customer has left, leaves
    the order stored and the row `uncovered`.
    """

    _inherit = "ekarte.checkout"

    @api.model
    def _store_order(self, order):
        """Check an order's card lines and payments, and book what its cards do."""
        self._check_total(order)
        cart = order._ekarte_cart()
        bought, returned, _loads = self._sorted_out(order.config_id, cart)
        originals = self._originals(returned)
        if originals:
            self._store_refund(order, returned, originals)
        else:
            self._store_purchase(order, bought)
        self.env["ekarte.checkout.load"]._store_order(order)

    @api.model
    def _store_purchase(self, order, cart):
        rows = self._rows(order.uuid).filtered(lambda row: row.kind == "purchase")
        rows._check_same_issuer(order.config_id)
        self._check_not_overpaid(order, cart)
        rows._check_payments(order)
        main = rows.filtered(lambda row: row.role == "main")
        payers = rows.filtered(lambda row: row.role == "payer" and row.state == "held")
        main._check_lines(order, cart)
        if not main and order._ekarte_off():
            raise UserError(self.env._("This order has no card to give a discount."))
        main._book_main(order, cart)
        cost = main.amount - main.discount or sum(line.gross for line in cart)
        for payer in payers:
            payer._capture(order)
        (main | payers).net = cost

    @api.model
    def _check_total(self, order):
        """Odoo takes an order for paid by the total that the browser tells."""
        total = sum(order._ekarte_gross(line) for line in order.lines)
        # Taxes of the whole order may be rounded otherwise than line by line.
        if abs(to_minor(order.amount_total) - total) > len(order.lines):
            raise UserError(self.env._("The order's total is not what its lines cost."))

    @api.model
    def _check_not_overpaid(self, order, cart):
        """No card pays more than the goods cost: its value is not to be had in cash."""
        off = sum(order._ekarte_off().values())
        cost = sum(line.gross for line in cart) - off
        if sum(order._ekarte_payments().values()) > max(cost, 0):
            raise UserError(self.env._("Cards pay more than the goods cost."))

    def _check_payments(self, order):
        """Every payment by card is held, at exactly its amount; the rest is let go."""
        held = {
            row.payment_uuid: row.card_payment for row in self if row.state == "held"
        }
        paid = order._ekarte_payments()
        for uuid, amount in paid.items():
            if held.get(uuid) != amount and (amount or uuid in held):
                raise UserError(
                    self.env._(
                        "A payment by card is not what the card approved. Remove it "
                        "and take it again."
                    )
                )
        unused = self.filtered(
            lambda row: (
                row.state == "held"
                and row.card_payment
                and row.payment_uuid not in paid
            )
        )
        unused._drop_hold()

    def _drop_hold(self):
        """Set free holds whose payment was taken off the order again."""
        self.filtered(lambda row: row.role == "payer")._let_go()
        for row in self.filtered(lambda row: row.state == "held"):
            cart = row._approved_cart()
            row._give_up_hold()
            row._quote(cart)

    def _check_lines(self, order, cart):
        """Our own lines are, to the cent and by tax, what the ledger approved."""
        stored = order._ekarte_off()
        for row in self:
            if not stored and row.state == "open":
                continue  # accrual only: nothing is taken off
            if row.offline or not row._same_cart(cart):
                raise UserError(
                    self.env._("The cart has changed since the card was asked.")
                )
            if stored != by_tax((row.answer or {}).get("off_lines", ())):
                raise UserError(
                    self.env._("The discount is not what the card approved.")
                )

    # Booking

    def _book_main(self, order, cart):
        for row in self:
            if row.state == "held":
                row._capture(order)
                continue
            without = not order._ekarte_off()
            if without or not row.goods:
                row.write(
                    {
                        "cart": row._as_json(cart),
                        "goods": row._goods(cart),
                        "reduction": 0,
                        "card_payment": 0,
                    }
                )
            if not row.goods:
                row.state = "released"
                continue
            row._sell(order, without)

    def _sell(self, order, without):
        """Book a purchase that nothing is held for."""
        batch, number, answer = self._in_customers_words()._desk(
            "sale",
            order.session_id,
            card=self._card(),
            lines=self._core_lines(self.goods),
            tender=self._tender_of(None),
            no_discount=without,
        )
        if not approved(answer):
            # The customer has left with the discount that the card had when shown.
            self._not_covered(order, answer.message, lost=not without)
            return
        shown = 0 if without else self.discount
        note = ""
        if answer.discount != shown:
            note = self.env._(
                "The till gave %(shown)s off, the ledger counted %(counted)s.",
                shown=self._money(shown),
                counted=self._money(answer.discount),
            )
        self._note_booked(order, batch, number, answer, message=note, discount=shown)

    def _capture(self, order):
        """Book what was held; a hold that is over is tried as a new purchase."""
        original = self._hold_key()
        batch, number, answer = self._in_customers_words()._desk(
            "confirm", order.session_id, original=original
        )
        if not approved(answer):
            batch, number, answer = self._capture_late(order)
        if approved(answer):
            self._note_booked(order, batch, number, answer)
        else:
            self._not_covered(order, answer.message)

    def _capture_late(self, order):
        """Do it all anew; whatever comes out otherwise is left undone."""
        parts = {"lines": self._core_lines(self.goods)}
        if self.role == "payer":
            parts = {"amount": self.amount}
        with self.env.cr.savepoint() as savepoint:
            batch, number, answer = self._in_customers_words()._desk(
                "sale",
                order.session_id,
                card=self._card(),
                tender=self._tender_of(self.tender),
                **parts,
            )
            if approved(answer) and not self._is_as_held(answer):
                savepoint.rollback()
                answer = type(answer)(
                    rc="51",
                    message=self.env._("The card gives something else by now."),
                )
        return batch, number, answer

    def _is_as_held(self, answer):
        return (answer.discount, answer.price_reduction, self._card_pays(answer)) == (
            self.discount,
            self.reduction,
            self.card_payment,
        )

    def _in_customers_words(self):
        return self._of_holder()

    def _note_booked(self, order, batch, number, answer, **values):
        self.write(
            {
                "state": "booked",
                "pos_order_id": order.id,
                "session_id": order.session_id.id,
                "booked_terminal": order.config_id._ekarte_terminal(),
                "booked_batch": batch,
                "booked_number": number,
                "amount": answer.amount,
                "discount": answer.discount,
                "receipt": self._receipt_of(answer),
                **values,
            }
        )

    def _not_covered(self, order, message, lost=True):
        """Keep what nobody covers in a list; where nothing is lost, let go."""
        self.write(
            {
                "state": "uncovered" if lost else "released",
                "pos_order_id": order.id,
                "session_id": order.session_id.id,
                "message": message,
            }
        )

    # What stands on a stored order stays what was booked

    @api.model
    def _check_stored(self, orders):
        """Refuse paid orders whose card lines or payments nobody booked."""
        rows = self.search(
            [
                ("order_uuid", "in", orders.mapped("uuid")),
                ("state", "in", ("booked", "uncovered")),
            ]
        )
        for order in orders:
            mine = rows.filtered(lambda row, order=order: row.order_uuid == order.uuid)
            booked = sum(mine.mapped("card_payment"))
            off = {}
            for row in mine.filtered(lambda row: row.role == "main"):
                off = order._ekarte_off() and by_tax(
                    (row.answer or {}).get("off_lines", ())
                )
            if (
                sum(order._ekarte_payments().values()) != booked
                or order._ekarte_off() != off
            ):
                raise UserError(
                    self.env._(
                        "Card payments and card discounts of %(order)s are not what "
                        "the card ledger booked.",
                        order=order.display_name,
                    )
                )


def by_tax(off_lines):
    """Return {(role, tax set): minor units} of lines that take money off."""
    sums = {}
    for line in off_lines:
        place = (line["role"], line["key"])
        sums[place] = sums.get(place, 0) + line["minor"]
    return {place: minor for place, minor in sums.items() if minor}
