from datetime import datetime, timezone

from odoo import models
from odoo.exceptions import AccessError, UserError

from odoo.addons.ekarte_loyalty.keyring import server_keyring
from odoo.addons.ekarte_loyalty.ledger import check_ledger_is_here

from ekarte_core import CardRef, Tender, card_of, note_card

from ..till_lines import MINOR_MAX, Malformed, read_lines, uuid, whole
from .ekarte_checkout_hold import TENDERS

KINDS = {
    "scan": "barcode",
    "barcode": "barcode",
    "keyed": "keyed",
    "track1": "track1",
    "track2": "track2",
    "bank": "bank",
    "document": "document",
    "phone": "phone",
}
"""How a browser says that it read an identifier, and what the ledger calls it."""

IDENTIFIER_CHARS_MAX = 80
CODE_CHARS = range(4, 13)
ORDERS_MAX = 200
UNKNOWN = "14"


class PosConfigCard(models.Model):
    """The doors of the card at the till: what a browser of Point of Sale may ask.

    Business refusals are answers ("rc" other than "00"); an exception means that no
    honest till asks so. Nothing of what is asked is believed: the cart is compared with
    the stored order, everything else comes from the ledger.
    """

    _inherit = "pos.config"

    # 1-2. Which card, and what it gives

    def ekarte_identify(self, order_uuid, identifier, lines, offline=False):
        """Put a card on an order; return its Quote, or the partner's cards to choose.

        `offline`: the order was closed without the ledger; it will be booked for the
        card without any discount. `identifier` None: the card that it has already.
        """
        checkouts = self._ekarte_door()
        order_uuid, cart = self._ekarte_read(order_uuid, lines)
        self._ekarte_check_order(order_uuid)
        if identifier is None:
            row = checkouts._main(order_uuid)
            found = row and card_of(self.env.cr, row.card_id.id)
            partner = row.partner_id
        else:
            found, partner, refused = self._ekarte_find(identifier)
            if refused:
                return refused
        if not found:
            return self._ekarte_unknown()
        if checkouts._pays(order_uuid, found.id):
            return checkouts._refused(
                self.env._("This card pays for the order already."), rc="05"
            )
        with self.env.cr.savepoint() as savepoint:
            row = checkouts._attach(self, order_uuid, found, partner)
            quote = row._quote(cart)
            if quote["rc"] != "00":
                savepoint.rollback()
            elif offline:
                row.offline = True
        return quote

    def ekarte_quote(self, order_uuid, lines, tender=None):
        """Return what the order's card gives; with a tender it is a preview."""
        checkouts = self._ekarte_door()
        order_uuid, cart = self._ekarte_read(order_uuid, lines)
        tender = None if tender is None else _read_tender(self, tender)
        refund = checkouts._quote_refund(self, order_uuid, cart)
        if refund is not None:
            return refund
        row = checkouts._main(order_uuid)
        if not row:
            return self._ekarte_unknown()
        self._ekarte_take_over(row)
        if row.state == "held" and tender is None:
            return row.answer
        return row._quote(cart, tender)

    def ekarte_peek(self, order_uuid, identifier):
        """Look at another card, which shall pay: nothing is noted at the order."""
        checkouts = self._ekarte_door()
        order_uuid, _cart = self._ekarte_read(order_uuid, [])
        found, partner, refused = self._ekarte_find(identifier)
        if refused or not found:
            return refused or self._ekarte_unknown()
        row = checkouts.new(
            {
                "order_uuid": order_uuid,
                "config_id": self.id,
                "card_id": found.id,
                "masked": found.masked,
                "partner_id": partner.id,
            }
        )
        return row._told(row._inquire([]), [], [])

    # 3-6. Holding, letting go, telling others

    def ekarte_hold(
        self,
        order_uuid,
        payment_uuid,
        lines,
        tender,
        access_code=None,
        card=None,
        amount=None,
    ):
        """Hold what a card pays until the order is stored; see docs/TILL.md.

        With `card` and `amount` another card pays that much, and gives nothing else.
        """
        checkouts = self._ekarte_door()
        order_uuid, cart = self._ekarte_read(order_uuid, lines)
        payment_uuid = self._ekarte_shaped(uuid, payment_uuid, "payment_uuid")
        tender = _read_tender(self, tender or {})
        access_code = _read_code(self, access_code)
        self._ekarte_check_order(order_uuid)
        if card is not None:
            return self._ekarte_hold_payer(
                order_uuid, payment_uuid, tender, access_code, card, amount
            )
        refund = checkouts._quote_refund(self, order_uuid, cart)
        if refund is not None:
            held = refund["rc"] == "00"
            return {**refund, "held": held, "payment_uuid": payment_uuid}
        row = checkouts._main(order_uuid)
        if not row:
            return {**self._ekarte_unknown(), "held": False}
        self._ekarte_take_over(row)
        return row._hold(payment_uuid, cart, tender, access_code)

    def _ekarte_hold_payer(
        self, order_uuid, payment_uuid, tender, access_code, identifier, amount
    ):
        checkouts = self.env["ekarte.checkout"].sudo()
        amount = self._ekarte_shaped(whole, amount, "amount", 1, MINOR_MAX)
        found, partner, refused = self._ekarte_find(identifier)
        if refused or not found:
            return {**(refused or self._ekarte_unknown()), "held": False}
        if checkouts._main(order_uuid).card_id.id == found.id:
            return checkouts._refused(
                self.env._("This card is the order's own: take it from there.")
            )
        row = checkouts._attach(self, order_uuid, found, partner, role="payer")
        return row._hold_payer(payment_uuid, amount, tender, access_code)

    def ekarte_release(self, order_uuid, payment_uuid=None):
        """Set free what an order's cards hold, or what one payment does."""
        checkouts = self._ekarte_door()
        order_uuid, _cart = self._ekarte_read(order_uuid, [])
        rows = checkouts._rows(order_uuid).filtered(lambda row: row.state == "held")
        if payment_uuid is not None:
            self._ekarte_shaped(uuid, payment_uuid, "payment_uuid")
            rows = rows.filtered(lambda row: row.payment_uuid == payment_uuid)
        rows._check_same_issuer(self)
        rows.filtered(lambda row: row.role == "payer")._let_go()
        rows._give_up_hold()
        return {"rc": "00", "message": ""}

    def ekarte_forget(self, order_uuid):
        """Take all cards off an order that is not stored."""
        checkouts = self._ekarte_door()
        order_uuid, _cart = self._ekarte_read(order_uuid, [])
        rows = checkouts._rows(order_uuid)
        rows._check_same_issuer(self)
        rows._let_go()
        return {"rc": "00", "message": ""}

    def ekarte_move(self, order_uuid, to_uuid, lines):
        """Take an order's card along to the order that its goods join; return a Quote.

        `lines`: those of both. An order with a card keeps its own; what the first one
        held is free again.
        """
        checkouts = self._ekarte_door()
        order_uuid, _cart = self._ekarte_read(order_uuid, [])
        to_uuid, cart = self._ekarte_read(to_uuid, lines)
        self._ekarte_check_order(to_uuid)
        row = checkouts._main(order_uuid)
        if not row:
            return self._ekarte_unknown()
        row._check_same_issuer(self)
        if checkouts._main(to_uuid) or checkouts._pays(to_uuid, row.card_id.id):
            return checkouts._refused(
                self.env._(
                    "Card %(card)s was left out: an order has one card.",
                    card=row.masked,
                ),
                rc="05",
            )
        found, partner = card_of(self.env.cr, row.card_id.id), row.partner_id
        row._let_go()
        return checkouts._attach(self, to_uuid, found, partner)._quote(cart)

    def ekarte_state(self, order_uuids):
        """Return {order: {"card", "quote", "held", "loads"}} of orders not stored."""
        checkouts = self._ekarte_door()
        if not isinstance(order_uuids, (list, tuple)) or len(order_uuids) > ORDERS_MAX:
            raise self._ekarte_malformed("order_uuids")
        uuids = [self._ekarte_shaped(uuid, one, "order_uuids") for one in order_uuids]
        return checkouts._states(self, uuids)

    # 7. Selling value

    def ekarte_load(self, order_uuid, line_uuid, identifier, product_id, amount=None):
        """Note which card an order's line shall load, if the ledger would do it.

        `identifier` None: the card that the line has. `amount` None: the product's
        price; where it has none, say what may be loaded and note nothing.
        """
        self._ekarte_door()
        order_uuid, _cart = self._ekarte_read(order_uuid, [])
        line_uuid = self._ekarte_shaped(uuid, line_uuid, "line_uuid")
        product_id = self._ekarte_shaped(whole, product_id, "product_id", 1)
        if amount is not None:
            amount = self._ekarte_shaped(whole, amount, "amount", 1, MINOR_MAX)
        self._ekarte_check_order(order_uuid)
        product = self.env["product.product"].browse(product_id).exists()
        if not product.ekarte_load:
            raise self._ekarte_malformed("product_id")
        load = self.env["ekarte.checkout.load"].sudo()._line(order_uuid, line_uuid)
        if identifier is None:
            found, refused = load and card_of(self.env.cr, load.card_id.id), None
        else:
            found, _partner, refused = self._ekarte_find(identifier)
        if refused or not found:
            return refused or self._ekarte_unknown()
        place = (order_uuid, line_uuid)
        return load._ask(self.sudo(), place, found, product.sudo(), amount)

    def ekarte_unload(self, order_uuid, line_uuid):
        """Forget which card a line was to load."""
        self._ekarte_door()
        order_uuid, _cart = self._ekarte_read(order_uuid, [])
        line_uuid = self._ekarte_shaped(uuid, line_uuid, "line_uuid")
        self.env["ekarte.checkout.load"].sudo().search(
            [
                ("order_uuid", "=", order_uuid),
                ("line_uuid", "=", line_uuid),
                ("config_id", "=", self.id),
                ("state", "=", "planned"),
            ]
        ).unlink()
        return {"rc": "00", "message": ""}

    # What all doors ask

    def _ekarte_door(self):
        """Let cashiers of an open till with a branch in; return the server's rows."""
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group("point_of_sale.group_pos_user"):
            raise AccessError(self.env._("Only users of Point of Sale use cards here."))
        if not self.sudo().ekarte_branch_id:
            raise UserError(
                self.env._("%(till)s has no E-karte branch.", till=self.display_name)
            )
        if self.current_session_id.state not in ("opening_control", "opened"):
            raise UserError(self.env._("Open the till first."))
        return self.env["ekarte.checkout"].sudo()

    def _ekarte_read(self, order_uuid, lines):
        order_uuid = self._ekarte_shaped(uuid, order_uuid, "order_uuid")
        return order_uuid, self._ekarte_shaped(read_lines, lines)

    def _ekarte_shaped(self, check, *args):
        try:
            return check(*args)
        except Malformed as fault:
            raise self._ekarte_malformed(fault.field) from fault

    def _ekarte_malformed(self, field):
        return UserError(self.env._("%(field)s is not what a till sends.", field=field))

    def _ekarte_check_order(self, order_uuid):
        """An order that is stored, or another company's, takes no card any more."""
        order = self.env["pos.order"].sudo().search([("uuid", "=", order_uuid)])
        if order and (order.state != "draft" or order.company_id != self.company_id):
            raise UserError(self.env._("This order is stored already."))

    def _ekarte_take_over(self, row):
        """Move a card to the till that has the order now: what another held is free."""
        row._check_same_issuer(self)
        if row.config_id != self:
            row._give_up_hold()
            row.write({"config_id": self.id, "session_id": self.current_session_id.id})

    def _ekarte_unknown(self):
        return {"rc": UNKNOWN, "message": self.env._("This card is not known here.")}

    def _ekarte_find(self, identifier):
        """Return (card, holder, refusal or choice) for what a browser read or chose."""
        nobody = self.env["res.partner"].sudo()
        if not isinstance(identifier, dict):
            raise self._ekarte_malformed("identifier")
        # A quote that no order can book would be found out after the customer has paid.
        check_ledger_is_here(self.env)
        if "card_id" in identifier:
            return self._ekarte_chosen(identifier)
        if "partner_id" in identifier:
            return self._ekarte_of_partner(identifier)
        kind = identifier.get("kind")
        kind = KINDS.get(kind) if isinstance(kind, str) else None
        value = identifier.get("value")
        if not kind:
            raise self._ekarte_malformed("identifier.kind")
        if not isinstance(value, str) or not 0 < len(value) <= IDENTIFIER_CHARS_MAX:
            raise self._ekarte_malformed("identifier.value")
        desk = self.env["ekarte.desk"].sudo()
        found = note_card(
            self.env.cr,
            desk._network(),
            server_keyring(self.env),
            CardRef(kind=kind, value=value),
            datetime.now(timezone.utc),
        )
        if found is None:
            return None, nobody, self._ekarte_unknown()
        return found, self._ekarte_holder(found.id), None

    def _ekarte_holder(self, card_id):
        issuer = self.sudo().ekarte_branch_id.issuer_id
        holders = self.env["ekarte.holder"].sudo()._of([card_id], issuer)
        return holders.get(card_id, self.env["res.partner"].sudo())

    def _ekarte_cards_of(self, partner):
        issuer = self.sudo().ekarte_branch_id.issuer_id
        return self.env["ekarte.holder"].sudo()._cards_of(partner, issuer)

    def _ekarte_of_partner(self, identifier):
        partner = self._ekarte_partner(identifier)
        cards = self._ekarte_cards_of(partner)
        if not cards:
            message = self.env._("%(name)s has no card.", name=partner.display_name)
            return None, partner, {"rc": UNKNOWN, "message": message}
        if len(cards) > 1:
            choices = [
                {
                    "card_id": card.id,
                    "masked": card.number,
                    "types": card.membership_ids.card_type_id.mapped("name"),
                }
                for card in cards
            ]
            return None, partner, {"rc": "choose", "message": "", "choices": choices}
        return card_of(self.env.cr, cards.id), partner.sudo(), None

    def _ekarte_chosen(self, identifier):
        """A card may be named by its id only where its holder is the customer."""
        card_id = self._ekarte_shaped(
            whole, identifier.get("card_id"), "identifier.card_id", 1, 2**31 - 1
        )
        if "partner_id" in identifier:
            partner = self._ekarte_partner(identifier).sudo()
        else:
            partner = self._ekarte_holder(card_id)
        if not partner or card_id not in self._ekarte_cards_of(partner).ids:
            raise AccessError(self.env._("This customer does not hold this card."))
        return card_of(self.env.cr, card_id), partner, None

    def _ekarte_partner(self, identifier):
        partner_id = self._ekarte_shaped(
            whole, identifier["partner_id"], "identifier.partner_id", 1, 2**31 - 1
        )
        partner = self.env["res.partner"].browse(partner_id).exists()
        partner.check_access("read")
        if not partner:
            raise self._ekarte_malformed("identifier.partner_id")
        return partner


def _read_tender(config, row):
    """Return a browser's tender; refuses what is out of shape."""
    if not isinstance(row, dict) or row.keys() - {*TENDERS, "voucher"}:
        raise config._ekarte_malformed("tender")
    voucher = row.get("voucher") or ""
    if not isinstance(voucher, str) or len(voucher) > 40:
        raise config._ekarte_malformed("tender.voucher")
    amounts = {
        name: config._ekarte_shaped(
            whole, row.get(name) or 0, f"tender.{name}", 0, MINOR_MAX
        )
        for name in TENDERS
    }
    return Tender(**amounts, voucher=voucher)


def _read_code(config, code):
    if code in (None, ""):
        return None
    if not isinstance(code, str) or not code.isdigit() or len(code) not in CODE_CHARS:
        raise config._ekarte_malformed("access_code")
    return code
