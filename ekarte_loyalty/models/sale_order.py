from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ekarte_core import Tender

from ..own_hand import OWN_HAND, by_own_hand, is_own_hand
from ..units import from_minor, to_minor
from .ekarte_document_operation import APPROVED, figures_of

OPEN_STATES = ("draft", "sent")
# Set by the server only: the card, what it shall pay, and what it said.
SERVER_FIELDS = {"ekarte_card_id", "ekarte_tender", "ekarte_quote"}
LINE_SEQUENCE = 9990


class SaleOrder(models.Model):
    """A card on a quotation: asked about the goods whenever they change."""

    _inherit = "sale.order"

    ekarte_branch_id = fields.Many2one(
        "ekarte.branch",
        "Branch",
        compute="_compute_ekarte_branch_id",
        store=True,
        readonly=False,
        domain="[('issuer_id.company_id', '=', company_id)]",
        help="Whose terminal asks the card ledger.",
    )
    ekarte_issuer_id = fields.Many2one(related="ekarte_branch_id.issuer_id")
    # A window on the ledger: no foreign key, and cards are never deleted there.
    ekarte_card_id = fields.Many2one(
        "ekarte.card",
        "Card",
        readonly=True,
        copy=False,
        index="btree_not_null",
        groups="base.group_user",
    )
    ekarte_tender = fields.Json(
        "Asked of the Card",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="Minor units still to be taken: gift, bonus, credit; a voucher's code.",
    )
    ekarte_quote = fields.Json(
        "Said by the Card", readonly=True, copy=False, groups="base.group_user"
    )
    ekarte_card_number = fields.Char("Card Number", compute="_compute_ekarte_told")
    ekarte_summary = fields.Html(
        compute="_compute_ekarte_told", sanitize=False, groups="base.group_user"
    )
    ekarte_operation_ids = fields.One2many(
        "ekarte.document.operation", "order_id", "Card Operations"
    )
    ekarte_card_payment = fields.Monetary(
        "Paid by Card",
        compute="_compute_ekarte_told",
        help="What the card pays of this order: held at confirmation, taken with the"
        " invoice.",
    )

    @api.depends("company_id")
    def _compute_ekarte_branch_id(self):
        Branch = self.env["ekarte.branch"].sudo()
        first = {}
        for order in self:
            company = order.company_id
            if company not in first:
                first[company] = Branch.search(
                    [("issuer_id.company_id", "=", company.id)], limit=1
                )
            branch = order.ekarte_branch_id
            if branch.sudo().issuer_id.company_id != company:
                order.ekarte_branch_id = first[company]

    @api.constrains("ekarte_branch_id", "company_id")
    def _check_ekarte_branch(self):
        """Nobody asks cards in another issuer's name; a domain binds browsers only."""
        for order in self:
            branch = order.sudo().ekarte_branch_id
            if branch and branch.issuer_id.company_id != order.company_id:
                raise ValidationError(
                    self.env._(
                        "This is not a branch of %(company)s.",
                        company=order.company_id.display_name,
                    )
                )

    @api.depends(
        "state",
        "amount_total",
        "ekarte_card_id",
        "ekarte_quote",
        "ekarte_tender",
        "ekarte_operation_ids.state",
    )
    @api.depends_context("lang")
    def _compute_ekarte_told(self):
        for order in self:
            own = order.sudo()
            order.ekarte_card_number = own.ekarte_card_id.number
            order.ekarte_card_payment = from_minor(own._ekarte_card_payment_minor())
            order.ekarte_summary = (
                order._ekarte_panel() if own.ekarte_card_id else False
            )

    def _ekarte_panel(self):
        """Return what the form shows of the card."""
        told = self.sudo()._ekarte_told()
        return self.env["ir.qweb"]._render("ekarte_loyalty.sale_order_card", told)

    # Where it asks

    def _ekarte_terminal(self):
        """Return the terminal that asks for this order."""
        self.ensure_one()
        return self.sudo().ekarte_branch_id._sale_terminal_id()

    def _ekarte_language(self):
        return self.env["ekarte.desk"]._language(self.partner_id)

    def _ekarte_card_ref(self):
        return self.env["ekarte.desk"]._by_id(self.sudo().ekarte_card_id.id)

    # The goods that the card is asked about

    def _ekarte_open_goods(self):
        """Return the rows of goods that no invoice has yet, as ekarte.basket wants."""
        self.ensure_one()
        rows = []
        for line in self.order_line:
            if line.display_type or line.is_downpayment or line.ekarte_role:
                continue
            ordered = line.product_uom_qty
            left = ordered - (line.qty_invoiced_posted if self.state == "sale" else 0)
            if not ordered or left <= 0:
                continue
            total = to_minor(line.price_total * left / ordered)
            rows.append((line.product_id, line.tax_ids, left, total))
        return rows

    def _ekarte_parts(self):
        basket = self.env["ekarte.basket"].sudo()
        return basket._parts(basket._goods(self._ekarte_open_goods()))

    def _ekarte_tender_asked(self, tender=None):
        """Return what is to be taken; explicitly nothing where nothing is asked."""
        asked = self.sudo().ekarte_tender if tender is None else tender
        return Tender(**(asked or {}))

    # The card: put on, taken off

    def _ekarte_check_open(self):
        for order in self:
            if order.state not in OPEN_STATES or order.locked:
                raise UserError(
                    self.env._(
                        "The card of %(order)s stays: only a quotation changes it.",
                        order=order.name,
                    )
                )

    def _ekarte_attach(self, card):
        """Put a card on a quotation; raise where the ledger does not know it here."""
        self.ensure_one()
        self.check_access("write")
        self._ekarte_check_open()
        self._ekarte_check_money()
        self._ekarte_release()
        by_own_hand(self).write(
            {"ekarte_card_id": card.id, "ekarte_tender": False, "ekarte_quote": False}
        )
        self._ekarte_requote()
        quote = self.sudo().ekarte_quote or {}
        if quote.get("rc") not in APPROVED and not self._ekarte_may_wait(quote):
            raise UserError(quote.get("message") or self.env._("Card refused."))

    def _ekarte_may_wait(self, quote):
        """Say whether a card may lie on an order that has no goods yet."""
        return not quote.get("rc")

    def _ekarte_check_money(self):
        network = self.env["ekarte.network"].sudo()._get()
        currencies = self.currency_id | self.company_id.currency_id
        if currencies != network.currency_id:
            raise UserError(
                self.env._(
                    "Cards count in %(currency)s: the order and the books must, too.",
                    currency=network.currency_id.name,
                )
            )
        if not self.ekarte_branch_id:
            raise UserError(
                self.env._(
                    "%(company)s takes no cards: it is no issuer with a branch.",
                    company=self.company_id.display_name,
                )
            )

    def _ekarte_detach(self):
        """Take the card off, with all its lines and what it holds."""
        for order in self:
            order._ekarte_release()
            by_own_hand(order.order_line.filtered("ekarte_role")).unlink()
            by_own_hand(order).write(
                {"ekarte_card_id": False, "ekarte_tender": False, "ekarte_quote": False}
            )

    def action_ekarte_remove(self):
        """Take the card off: the button."""
        self.check_access("write")
        self._ekarte_check_open()
        self._ekarte_detach()

    def action_ekarte_refresh(self):
        """Ask the card anew: the button."""
        self.check_access("write")
        self._ekarte_check_open()
        self.filtered("ekarte_card_id")._ekarte_requote()

    # Asking anew

    def _ekarte_goods_changed(self):
        """Ask anew wherever goods have changed that a card was asked about."""
        if self.env.context.get("ekarte_wait") is OWN_HAND:
            return
        for order in self.sudo().filtered("ekarte_card_id"):
            if order.state in OPEN_STATES:
                order._ekarte_requote()
            elif order.state == "sale" and not order._ekarte_drafts():
                # A draft invoice brings goods and card together when it is posted.
                order._ekarte_rehold()

    def _ekarte_requote(self):
        """Ask the card about the goods as they stand; its lines follow the answer."""
        self.ensure_one()
        parts = self._ekarte_parts()
        self._ekarte_release_unlike(parts)
        answer, refused = self._ekarte_ask(parts)
        self._ekarte_keep(answer, refused)
        approved = answer.rc in APPROVED and parts
        basket = self.env["ekarte.basket"]
        self._ekarte_set_lines(basket._money_off(parts, answer) if approved else {})

    def _ekarte_ask(self, parts):
        """Return (answer, refusal of the tender): a tender that is too much costs the
        customer no discount."""
        tender = self._ekarte_tender_asked()
        answer = self._ekarte_inquire(parts, tender)
        if answer.rc in APPROVED or not tender.any:
            return answer, None
        return self._ekarte_inquire(parts, Tender()), answer

    def _ekarte_inquire(self, parts, tender):
        more = {"tender": tender} if parts else {}
        _number, answer = (
            self.env["ekarte.desk"]
            .sudo()
            ._execute(
                "inquire",
                self._ekarte_terminal(),
                card=self._ekarte_card_ref(),
                lines=tuple(line for _taxes, line in parts),
                language=self._ekarte_language(),
                **more,
            )
        )
        return answer

    def _ekarte_keep(self, answer, refused=None):
        """Keep what the card said, for people: no code, no number."""
        told = refused or answer
        by_own_hand(self).write(
            {
                "ekarte_quote": {
                    **figures_of(answer),
                    "rc": told.rc,
                    "message": told.message,
                    "state": answer.card_state,
                    "rate_bp": answer.discount_rate,
                    "code_asked": answer.code_asked,
                    "balances": [
                        {
                            "program": one.program,
                            "kind": one.kind,
                            "unit": one.unit,
                            "value": one.value,
                            "available": one.available,
                        }
                        for one in answer.balances
                    ],
                    "vouchers": [
                        {
                            "code": one.code,
                            "program": one.program,
                            "kind": one.kind,
                            "value": one.value,
                        }
                        for one in answer.vouchers
                    ],
                }
            }
        )

    # The card's own lines

    def _ekarte_own_lines(self):
        """Return the card's lines that no invoice has yet."""
        own = self.order_line.filtered("ekarte_role")
        return own.filtered(lambda line: not line.qty_invoiced)

    def _ekarte_set_lines(self, money_off):
        """Make the card's open lines what the ledger decided, by role and taxes."""
        self.ensure_one()
        reduction = self.env["ekarte.reduction"].sudo()
        wanted = {
            (role, part["key"]): part
            for role, parts in money_off.items()
            for part in reduction._lines(self.company_id, parts)
        }
        order = by_own_hand(self)
        known = {}
        for line in order._ekarte_own_lines():
            key = (line.ekarte_role, line.ekarte_key)
            if key in wanted and key not in known:
                known[key] = line
            else:
                line.unlink()
        create = []
        for place, (key, part) in enumerate(sorted(wanted.items())):
            name = order._ekarte_line_name(key[0], part, wanted)
            if key in known:
                order._ekarte_change_line(known[key], key[0], part, name)
                continue
            product = order._ekarte_product(key[0])
            create.append(
                {
                    **self.order_line._ekarte_vals(key[0], part),
                    "order_id": self.id,
                    "product_id": product.id,
                    "name": name,
                    "sequence": LINE_SEQUENCE + place,
                }
            )
        silent = order.with_context(sale_no_log_for_new_lines=True)
        silent.env["sale.order.line"].create(create)

    def _ekarte_change_line(self, line, role, part, name):
        """Write what differs only: an order that stays as it is logs nothing."""
        vals = {**line._ekarte_vals(role, part), "name": name}
        same = (
            line.extra_tax_data == vals["extra_tax_data"]
            and line.price_unit == vals["price_unit"]
            and line.tax_ids == part["tax_ids"]
            and line.name == name
            and not line.ekarte_rest
        )
        if not same:
            line.write({**vals, "ekarte_rest": False})

    @api.model
    def _ekarte_product(self, role):
        return self.env.ref(f"ekarte_loyalty.ekarte_product_card_{role}").sudo()

    def _ekarte_line_name(self, role, part, wanted):
        """Return a line's text in the customer's language."""
        lang = self._get_lang()
        name = self._ekarte_product(role).with_context(lang=lang).name
        alone = sum(1 for key in wanted if key[0] == role) == 1
        taxes = part["tax_ids"].with_context(lang=lang)
        if alone or not taxes:
            return name
        return f"{name}\n({', '.join(taxes.mapped('name'))})"

    # What people see

    def _ekarte_card_payment_minor(self):
        """Return what the card pays of the whole order, minor units."""
        if self.state in OPEN_STATES:
            quote = self.ekarte_quote or {}
            return sum(quote.get("tendered", {}).values()) - quote.get("reduction", 0)
        stands = self.ekarte_operation_ids.filtered(
            lambda one: (
                (one.purpose == "purchase" and one.state == "booked")
                or (one.purpose == "hold" and one.state == "held")
            )
        )
        return sum(one._payment_minor() for one in stands)

    def _ekarte_programs(self, codes):
        Program = self.env["ekarte.program"].sudo().with_context(active_test=False)
        return {one.code: one.name for one in Program.search([("code", "in", codes)])}

    def _ekarte_told(self):
        """Return what the template of the card's panel shows."""
        quote = self.ekarte_quote or {}
        earned = quote.get("earned", [])
        balances = [row for row in quote.get("balances", ()) if _is_shown(row)]
        codes = [row[0] for row in earned] + [row["program"] for row in balances]
        names = self._ekarte_programs(codes)
        holds = self.ekarte_operation_ids.filtered(lambda one: one.state == "held")
        payment = self._ekarte_card_payment_minor()
        return {
            "order": self,
            "quote": quote,
            "holder": self._ekarte_holder_name(),
            "money": lambda minor: self.currency_id.format(from_minor(minor)),
            "balances": [
                (names.get(row["program"], row["program"]), self._ekarte_value(row))
                for row in balances
            ],
            "earned": [(names.get(code, code), points) for code, points in earned],
            "hold": holds[:1],
            "payment": payment,
            "left": to_minor(self.amount_total) - payment,
        }

    def _ekarte_value(self, row):
        if row["unit"] == "points":
            return self.env._("%(count)s points", count=row["value"])
        if row["unit"] == "visits":
            return self.env._("%(count)s visits", count=row["value"])
        value = row["available"] if row["unit"] == "credit" else row["value"]
        return self.currency_id.format(from_minor(value))

    def _ekarte_spendable(self):
        """Return what the card could pay here: minor units of gift, bonus, credit."""
        found = {"gift": 0, "bonus": 0, "credit": 0}
        for row in (self.ekarte_quote or {}).get("balances", ()):
            if row["unit"] == "credit":
                found["credit"] += row["available"]
            elif row["unit"] == self.currency_id.name:
                name = "gift" if row["kind"] == "gift_card" else "bonus"
                found[name] += row["available"]
        return found

    def _ekarte_holder_name(self):
        holder = self.env["ekarte.holder"].sudo()
        known = holder._of([self.ekarte_card_id.id], self.ekarte_issuer_id)
        partner = known.get(self.ekarte_card_id.id)
        return partner.display_name if partner else ""

    # Records

    @api.model_create_multi
    def create(self, vals_list):
        if not is_own_hand(self.env):
            vals_list = [
                {
                    name: value
                    for name, value in vals.items()
                    if name not in SERVER_FIELDS
                }
                for vals in vals_list
            ]
        return super().create(vals_list)

    def write(self, vals):
        if SERVER_FIELDS & vals.keys() and not is_own_hand(self.env):
            raise UserError(
                self.env._("The card of an order is set by its own dialog only.")
            )
        if "ekarte_branch_id" in vals or "company_id" in vals:
            self.filtered(
                lambda order: order.sudo().ekarte_card_id
            )._ekarte_check_open()
        if "order_line" not in vals:
            done = super().write(vals)
            if "ekarte_branch_id" in vals:
                self._ekarte_goods_changed()
            return done
        done = super(SaleOrder, self.with_context(ekarte_wait=OWN_HAND)).write(vals)
        self.with_context(ekarte_wait=None)._ekarte_goods_changed()
        return done

    def _get_copiable_order_lines(self):
        """A card is shown for each purchase: neither it nor its lines are copied."""
        return super()._get_copiable_order_lines()._without_ekarte()

    def _get_update_prices_lines(self):
        return super()._get_update_prices_lines()._without_ekarte()


def _is_shown(row):
    """Counters of turnover and the like stay inside."""
    return row["unit"] in ("points", "visits", "credit") or len(row["unit"]) == 3
