import json
from datetime import timedelta, timezone

from odoo import api, fields, models
from odoo.tools import format_amount

from ekarte_core import (
    APPROVED,
    CardRef,
    Line,
    NetworkInvalid,
    Request,
    Tender,
    decode_answer,
    execute,
    is_copy,
    read_network,
)

from ..keyring import server_keyring
from ..models.fault_sentences import told
from ..units import from_minor, to_minor

CARD_TYPE, TERMINAL, BATCH = "TRY", "TRY00001", 1
NUMBER = "0000000000000010"
RANGE = {"kind": "number", "from": NUMBER, "to": NUMBER, "check": "none"}
LOADED_KINDS = ("gift_card", "visit_pass", "credit_card")
VISIT_KINDS = ("attendance", "visit_pass")


class EkarteProgramTrial(models.TransientModel):
    """What would this purchase get? The ledger's own rules answer, on a card that is
    forgotten at once: all of it happens in a savepoint that is rolled back."""

    _name = "ekarte.program.trial"
    _description = "Try a Program"

    program_id = fields.Many2one("ekarte.program", required=True, ondelete="cascade")
    kind = fields.Selection(related="program_id.kind")
    issuer_id = fields.Many2one(related="program_id.issuer_id")
    currency_id = fields.Many2one(related="program_id.currency_id")
    card_type_id = fields.Many2one(
        "ekarte.card.type",
        "Together With",
        domain="[('issuer_id', '=', issuer_id)]",
        help="A card of this type: its other programs have their say too.",
    )
    branch_id = fields.Many2one(
        "ekarte.branch",
        required=True,
        domain="[('issuer_id', '=', issuer_id)]",
    )
    moment = fields.Datetime("When", required=True, default=fields.Datetime.now)
    spent = fields.Monetary(
        "Bought Before", help="In one purchase, the day before. 0: the card is new."
    )
    on_card = fields.Monetary("Loaded Before", default=50)
    amount = fields.Monetary("This Purchase", default=25)
    goods_group_id = fields.Many2one("ekarte.goods.group", "Of Goods Group")
    other_amount = fields.Monetary("Other Goods", help="Of no goods group.")

    fault = fields.Text(compute="_compute_answer")
    approved = fields.Boolean(compute="_compute_answer")
    message = fields.Char("Answer", compute="_compute_answer")
    discount = fields.Monetary(compute="_compute_answer")
    amount_due = fields.Monetary("To Pay", compute="_compute_answer")
    points = fields.Integer("Points Earned", compute="_compute_answer")
    tendered = fields.Monetary("Taken From the Card", compute="_compute_answer")
    explanation = fields.Text(compute="_compute_answer")
    balances = fields.Text("On the Card Then", compute="_compute_answer")

    @api.model
    def default_get(self, names):
        values = super().default_get(names)
        program = self.env["ekarte.program"].browse(values.get("program_id"))
        branches = program.branch_ids or self.env["ekarte.branch"].search(
            [("issuer_id", "=", program.issuer_id.id)], limit=1
        )
        values["branch_id"] = branches[:1].id
        values["card_type_id"] = program.card_type_ids[:1].id
        return values

    @api.depends(
        *("program_id", "card_type_id", "branch_id", "moment", "spent", "on_card"),
        *("amount", "goods_group_id", "other_amount"),
    )
    def _compute_answer(self):
        for trial in self:
            fault, answer = trial._ask()
            approved = bool(answer) and answer.rc in APPROVED
            trial.fault = fault
            trial.approved = approved
            trial.message = answer and answer.message
            trial.discount = from_minor(answer.discount if approved else 0)
            trial.amount_due = from_minor(answer.amount_due if approved else 0)
            trial.points = sum(one.points for one in answer.earned) if approved else 0
            trial.tendered = from_minor(
                sum(answer.tendered.values()) if approved else 0
            )
            trial.explanation = answer and "\n".join(answer.explain)
            trial.balances = approved and trial._balance_lines(answer)

    def _balance_lines(self, answer):
        programs = self.env["ekarte.program"].sudo().search([])
        names = {program.code: program.name for program in programs}
        measure = self.env["ekarte.purse"]._fields["measure"]
        measures = dict(measure._description_selection(self.env))
        lines = []
        for one in answer.balances:
            money = one.unit == "turnover" or one.unit not in measures
            value = one.value
            text = (
                format_amount(self.env, from_minor(value), self.currency_id)
                if money
                else f"{value}"
            )
            what = measures.get(one.unit, "")
            lines.append(f"{names.get(one.program, one.program)}: {text} {what}")
        return "\n".join(lines)

    def _ask(self):
        """Return (fault, answer to the last thing that the customer does)."""
        self.ensure_one()
        self._check_own()
        requests = self._requests()
        if not (self.program_id and self.branch_id and requests):
            return False, None
        try:
            network = read_network(self._draft())
        except NetworkInvalid as refusal:
            return self._sentences(self.program_id, refusal.faults), None
        if is_copy(self.env.cr):
            return self.env._(
                "This Odoo has a copy of the card ledger to read: there is no card to "
                "try a program on. Replay Past Sales works here."
            ), None
        now = self.moment.replace(tzinfo=timezone.utc)
        if not requests[1:]:
            return False, self._run(network, [(requests[0], now)])
        yesterday = now - timedelta(days=1)
        return False, self._run(
            network, [(requests[0], yesterday), *((one, now) for one in requests[1:])]
        )

    def _check_own(self):
        """What is tried is read with all rights: see first that the user may."""
        for tried in (self.program_id, self.branch_id, self.card_type_id):
            tried._origin.check_access("read")

    def _run(self, network, steps):
        """Decide one after the other, and leave nothing behind."""
        # A savepoint of the cursor alone: the form being edited stays in the cache.
        with self.env.cr.savepoint(flush=False) as savepoint:
            for request, now in steps:
                (outcome,) = execute(
                    self.env.cr, [request], network, server_keyring(self.env), now
                )
            answer = decode_answer(outcome.answer)
            savepoint.rollback()
        return answer

    @api.model
    def _sentences(self, program, faults):
        """Return each fault in people's words, its field named as the form does."""
        lines = []
        for path, text in faults:
            place = path.partition("].")[2]
            label = program._network_field_label(place) if place else program.name
            lines.append(f"{label}: {told(self.env, text)}")
        return "\n".join(dict.fromkeys(lines))

    def _requests(self):
        """Return what the customer does: before, and now."""
        kind, now = self.kind, self._purchase()
        steps = []
        if kind in LOADED_KINDS:
            steps.append(("activate", self._load()))
        elif to_minor(self.spent):
            steps.append(("sale", {"amount": to_minor(self.spent)}))
        if kind in VISIT_KINDS:
            steps.append(("check_in", {}))
        elif now:
            steps.append(("sale", now))
        return [
            Request(
                command=command,
                terminal=TERMINAL,
                batch=BATCH,
                operation=number,
                card=CardRef(value=NUMBER),
                slip="none",
                language=self.env["ekarte.desk"]._language(),
                **parts,
            )
            for number, (command, parts) in enumerate(steps, 1)
        ]

    def _load(self):
        """Return what is asked for when the card is sold or handed out."""
        if self.kind == "credit_card":
            return {}
        pass_price = self.program_id.price
        load = pass_price if self.kind == "visit_pass" else self.on_card
        return {"amount": to_minor(load)}

    def _purchase(self):
        amount, other = to_minor(self.amount), to_minor(self.other_amount)
        lines = [
            Line(group=group, amount=part)
            for group, part in ((self.goods_group_id.code or "", amount), ("", other))
            if part > 0
        ]
        if not lines:
            return None
        whole = sum(line.amount for line in lines)
        parts = {"lines": tuple(lines)}
        if self.kind == "gift_card":
            parts["tender"] = Tender(gift=min(whole, to_minor(self.on_card)))
        elif self.kind == "credit_card":
            parts["tender"] = Tender(credit=whole)
        return parts

    def _draft(self):
        """Return the network as configured, with this program running for one card."""
        network = self.env["ekarte.network"].sudo()._get()
        document = json.loads(network._body())
        program = self.program_id.sudo()._network_part()
        programs = [
            part for part in document["programs"] if part["code"] != program["code"]
        ]
        document["programs"] = [*programs, program]
        running = {part["code"] for part in document["programs"]}
        beside = self.card_type_id.sudo().program_ids.filtered(
            lambda one: one.code in running and one.code != program["code"]
        )
        document["card_types"].append(
            {
                "code": CARD_TYPE,
                "issuer": program["issuer"],
                "name": CARD_TYPE,
                "ranges": [RANGE],
                "programs": [*beside.mapped("code"), program["code"]],
                "auto_register": self.kind not in LOADED_KINDS,
            }
        )
        document["terminals"].append(
            {
                "id": TERMINAL,
                "branch": self.branch_id.sudo().code,
                "name": TERMINAL,
                "protocol": "odoo",
                "mac": "none",
            }
        )
        return document
