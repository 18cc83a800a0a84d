from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..terminal_ids import odoo_terminal_id

SLIP_LANGUAGES = ("lv", "ru", "en", "et")


class EkarteIssuer(models.Model):
    _name = "ekarte.issuer"
    _description = "Issuer"
    _inherit = ["ekarte.network.part.mixin", "mail.thread"]
    _order = "name, id"

    _network_room = "issuers"
    _network_field_names = {"currency": "books_currency_id"}
    _ledger_columns = (
        ("membership", "issuer"),
        ("purse", "issuer"),
        ("operation", "issuer"),
    )

    code = fields.Char(
        required=True,
        tracking=True,
        help="Short name in the network and in the ledger: A-Z, 0-9, - _",
    )
    name = fields.Char(
        required=True,
        compute="_compute_name",
        store=True,
        readonly=False,
        precompute=True,
    )
    company_id = fields.Many2one(
        "res.company",
        ondelete="restrict",
        tracking=True,
        help="The issuer keeps its books here: settlement posts into this company.",
    )
    partner_id = fields.Many2one(
        "res.partner",
        "Outside Partner",
        ondelete="restrict",
        tracking=True,
        help="The issuer keeps its books elsewhere: we only settle accounts with it.",
    )
    language = fields.Selection(
        [
            ("lv", "Latvian"),
            ("ru", "Russian"),
            ("et", "Estonian"),
            ("en", "English"),
        ],
        default="lv",
        required=True,
        help="Of slips and of answers to terminals.",
    )
    books_currency_id = fields.Many2one(
        "res.currency",
        "Currency of the Books",
        ondelete="restrict",
        help="Empty: the network's.",
    )
    exposure_limit = fields.Monetary(currency_field="limit_currency_id")
    limit_currency_id = fields.Many2one(
        "res.currency", compute="_compute_limit_currency_id", compute_sudo=True
    )
    slip_header = fields.Text(
        translate=True, help="Printed above each slip, line by line."
    )
    slip_footer = fields.Text(
        translate=True, help="Printed below each slip, line by line."
    )
    slip_barcode = fields.Selection(
        [("none", "None"), ("qr", "QR code"), ("code128", "Barcode")],
        string="Code on Slips",
        required=True,
        default="none",
        help="The number of the operation, for a till that scans it at a refund.",
    )
    branch_ids = fields.One2many("ekarte.branch", "issuer_id", "Branches")
    program_ids = fields.One2many("ekarte.program", "issuer_id", "Programs")
    card_type_ids = fields.One2many("ekarte.card.type", "issuer_id", "Card Types")
    coalition_ids = fields.Many2many("ekarte.coalition", string="Coalitions")
    branch_count = fields.Integer(compute="_compute_counts")
    program_count = fields.Integer("Programs Running", compute="_compute_counts")
    card_count = fields.Integer("Cards", compute="_compute_ledger_counts")
    operation_count = fields.Integer(
        "Operations Today", compute="_compute_ledger_counts"
    )
    active = fields.Boolean(default=True)

    _code_uniq = models.UniqueIndex("(code)", "This issuer code is taken.")
    _company_uniq = models.UniqueIndex(
        "(company_id) WHERE company_id IS NOT NULL",
        "This company already is an issuer.",
    )
    _company_xor_partner = models.Constraint(
        "CHECK ((company_id IS NULL) <> (partner_id IS NULL))",
        "An issuer is either a company of this database or an outside partner.",
    )

    @api.depends("company_id", "partner_id")
    def _compute_name(self):
        for issuer in self:
            contact = issuer.company_id.partner_id or issuer.partner_id
            issuer.name = issuer.name or contact.name

    @api.depends("books_currency_id")
    def _compute_limit_currency_id(self):
        currency = self.env["ekarte.network"]._get().currency_id
        for issuer in self:
            issuer.limit_currency_id = issuer.books_currency_id or currency

    @api.depends("branch_ids.active", "program_ids.state")
    def _compute_counts(self):
        for issuer in self:
            issuer.branch_count = len(issuer.branch_ids)
            issuer.program_count = len(
                issuer.program_ids.filtered(lambda program: program.state == "active")
            )

    def _compute_ledger_counts(self):
        cards = dict(
            self.env["ekarte.membership"]._read_group(
                [("issuer_id", "in", self.ids)],
                ["issuer_id"],
                ["card_id:count_distinct"],
            )
        )
        operations = dict(
            self.env["ekarte.operation"]._read_group(
                [
                    ("issuer_id", "in", self.ids),
                    ("business_day", "=", fields.Date.context_today(self)),
                ],
                ["issuer_id"],
                ["__count"],
            )
        )
        for issuer in self:
            issuer.card_count = cards.get(issuer, 0)
            issuer.operation_count = operations.get(issuer, 0)

    @api.onchange("company_id")
    def _onchange_company_id(self):
        if self.company_id:
            self.partner_id = False

    @api.onchange("partner_id")
    def _onchange_partner_id(self):
        if self.partner_id:
            self.company_id = False

    @api.model
    def _default_issuer(self):
        """Return the issuer whose books the current company keeps, if there is one."""
        return self.search([("company_id", "=", self.env.company.id)], limit=1)

    def write(self, vals):
        self._check_identity_change(vals)
        return super().write(vals)

    def _check_identity_change(self, vals):
        # An issuer's own user may change what it prints, not who it is.
        if not {"code", "company_id", "partner_id"} & set(vals) or self.env.su:
            return
        if not self.env.user.has_group(
            "ekarte_loyalty.ekarte_loyalty_group_administrator"
        ):
            raise AccessError(
                self.env._("Only the administrator may change who an issuer is.")
            )

    def action_open_branches(self):
        return self._action_open("ekarte_loyalty.ekarte_branch_action")

    def action_open_programs(self):
        return self._action_open("ekarte_loyalty.ekarte_program_action")

    def action_open_card_types(self):
        return self._action_open("ekarte_loyalty.ekarte_card_type_action")

    def action_open_operations(self):
        return self._action_open("ekarte_loyalty.ekarte_operation_action")

    def action_open_cards(self):
        action = self._action_open("ekarte_loyalty.ekarte_card_action")
        action["domain"] = [("membership_ids.issuer_id", "=", self.id)]
        return action

    def _action_open(self, xmlid):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        action["domain"] = [("issuer_id", "=", self.id)]
        action["context"] = {"default_issuer_id": self.id}
        return action

    def _network_part(self):
        part = {
            "code": self.code,
            "name": self.name,
            "in_odoo": bool(self.company_id),
            # Whoever asks: the text that stands where a language has none of its own.
            **self.with_context(lang=None)._slip_part(),
            "language": self.language,
            "currency": self.books_currency_id.name or "",
        }
        part["slip_texts"] = self._slip_texts(part)
        part["slip_barcode"] = self.slip_barcode
        return part

    def _slip_part(self):
        """Return header and footer in the language of the context, line by line."""
        return {
            "slip_header": (self.slip_header or "").splitlines(),
            "slip_footer": (self.slip_footer or "").splitlines(),
        }

    def _slip_texts(self, part):
        """Return what differs in other languages of slips, where Odoo has them."""
        texts = {}
        for lang, _name in self.env["res.lang"].get_installed():
            told = self.with_context(lang=lang)._slip_part()
            header, footer = told["slip_header"], told["slip_footer"]
            usual = (part["slip_header"], part["slip_footer"])
            if lang[:2] in SLIP_LANGUAGES and (header, footer) != usual:
                texts[lang[:2]] = {"header": header, "footer": footer}
        return texts

    # The back office: operators of the issuer act on cards through a terminal of it

    def _back_office_branch(self):
        self.ensure_one()
        return self.env["ekarte.branch"].search([("issuer_id", "=", self.id)], limit=1)

    def _back_office_id(self):
        """Return the terminal id of the issuer's back office: BO and six of base 36."""
        self.ensure_one()
        return odoo_terminal_id("BO", self.id)

    def _back_office_part(self):
        """Return the back office as a terminal of the document; None: no branch yet."""
        branch = self._back_office_branch()
        if not branch:
            return None
        return {
            "id": self._back_office_id(),
            "branch": branch.code,
            "name": "Odoo",
            "protocol": "odoo",
            "mac": "none",
        }

    def _act(self, command, card, reference, **more):
        """Execute one command of the issuer's back office; return the core's Answer."""
        self.ensure_one()
        _number, answer = self.env["ekarte.desk"]._execute(
            command,
            self._back_office_id(),
            batch=1,
            card=card,
            reference=reference,
            **more,
        )
        return answer
