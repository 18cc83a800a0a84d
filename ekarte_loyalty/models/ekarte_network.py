import json
import re
from datetime import datetime, timezone

from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL, format_datetime

from ekarte_core import (
    NetworkInvalid,
    NetworkMissing,
    current_network,
    network_version,
    publish,
    read_network,
)

from ..ledger import bring_ledger_up_to_date
from ..units import MINOR_DIGITS

FORMAT = 1
ROOMS = {
    "coalitions": "ekarte.coalition",
    "issuers": "ekarte.issuer",
    "branches": "ekarte.branch",
    "goods_groups": "ekarte.goods.group",
    "programs": "ekarte.program",
    "card_types": "ekarte.card.type",
}
"""Rooms of the network document and the models that fill them."""

FAULT_PATH = re.compile(r"\$\.(\w+)\[(\d+)\]\.?(.*)")
SCHEDULED = "ekarte_loyalty.publication"


class EkarteNetwork(models.Model):
    """The one network of this database: what is configured and what is live."""

    _name = "ekarte.network"
    _description = "Loyalty network"

    name = fields.Char(required=True)
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        ondelete="restrict",
        default=lambda self: self._default_currency_id(),
    )
    published_version = fields.Integer(
        readonly=True, help="The last version that came from this configuration."
    )
    fault_ids = fields.One2many("ekarte.network.fault", "network_id", "Faults")
    live_version = fields.Integer(compute="_compute_live", compute_sudo=True)
    live_since = fields.Datetime(compute="_compute_live", compute_sudo=True)
    state = fields.Selection(
        [
            ("empty", "Nothing to publish yet"),
            ("live", "Live"),
            ("faulty", "Cannot be published"),
            ("waiting", "Changes wait for publication"),
            ("foreign", "Live version came from elsewhere"),
        ],
        compute="_compute_live",
        compute_sudo=True,
    )
    status = fields.Text(compute="_compute_status", compute_sudo=True)
    issuer_count = fields.Integer(compute="_compute_counts", compute_sudo=True)
    branch_count = fields.Integer(compute="_compute_counts", compute_sudo=True)
    program_count = fields.Integer(compute="_compute_counts", compute_sudo=True)
    card_type_count = fields.Integer(compute="_compute_counts", compute_sudo=True)
    terminal_count = fields.Integer(compute="_compute_counts", compute_sudo=True)

    def init(self):
        """Follow the core when the add-on is updated; a new one comes by its hook."""
        super().init()
        bring_ledger_up_to_date(self.env)

    def _default_currency_id(self):
        own = self.env.company.currency_id
        return own if own.decimal_places == MINOR_DIGITS else self.env.ref("base.EUR")

    def _compute_live(self):
        for network in self:
            network._publish_scheduled()
            version = network_version(self.env.cr)
            current = self.env["ekarte.network.version"].sudo().browse(version)
            network.live_version = version
            network.live_since = current.published_at if version else False
            network.state = network._publication_state(version)

    @api.depends("state")
    @api.depends_context("lang", "tz")
    def _compute_status(self):
        for network in self:
            version = network.live_version
            since = format_datetime(self.env, network.live_since)
            live = self.env._(
                "Version %(version)s is live since %(since)s.",
                version=version,
                since=since,
            )
            network.status = f"{network._status_sentence()} {live if version else ''}"

    def _status_sentence(self):
        return {
            "empty": self.env._(
                "Nothing to publish yet: create the first issuer and its branch. What"
                " the ledger may have loaded from a file goes on serving until then."
            ),
            "live": self.env._(
                "Terminals decide by the configuration as it stands here."
            ),
            "faulty": self.env._(
                "The configuration cannot be published. Mend what is listed below, and"
                " it is published by itself. Until then terminals go on as before."
            ),
            "waiting": self.env._("Changes wait for publication."),
            "foreign": self.env._(
                "What is live did not come from here: it was loaded from a file, or"
                " belongs to a copied ledger. The next change made here takes its"
                " place."
            ),
        }[self.state]

    def _publication_state(self, version):
        if self.fault_ids:
            return "faulty"
        if not self._is_configured():
            return "empty"
        if version and version != self.published_version:
            return "foreign"
        try:
            live = current_network(self.env.cr).document
            if live == read_network(self._body()).document:
                return "live"
        except (NetworkInvalid, NetworkMissing):
            return "waiting"
        return "waiting"

    def _compute_counts(self):
        for network in self:
            document = network._live_document()
            network.issuer_count = len(document.get("issuers", ()))
            network.branch_count = len(document.get("branches", ()))
            network.program_count = len(document.get("programs", ()))
            network.card_type_count = len(document.get("card_types", ()))
            network.terminal_count = len(document.get("terminals", ()))

    @api.constrains("currency_id")
    def _check_currency_id(self):
        for network in self:
            if network.currency_id.decimal_places != MINOR_DIGITS:
                raise ValidationError(
                    self.env._("The ledger counts in hundredths of the currency.")
                )

    @api.model_create_multi
    def create(self, vals_list):
        if self.search_count([]) + len(vals_list) > 1:
            raise UserError(self.env._("A database holds one network."))
        networks = super().create(vals_list)
        self._schedule_publication()
        return networks

    def write(self, vals):
        result = super().write(vals)
        if {"name", "currency_id"} & set(vals):
            self._schedule_publication()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("The network stays; change it instead."))

    def action_publish(self):
        """Publish now what is configured: the button, and what the nightly job does."""
        self.ensure_one()
        self.check_access("write")
        before = network_version(self.env.cr)
        after = self.sudo()._publish()
        if self.fault_ids:
            kind, text = "danger", self.env._("The configuration has faults.")
        elif after == before:
            kind, text = (
                "info",
                self.env._("Version %(version)s is already live.", version=after),
            )
        else:
            kind, text = (
                "success",
                self.env._("Version %(version)s is live.", version=after),
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": kind,
                "message": text,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    @api.model
    def _action_open(self):
        """Open the one network there is."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Network"),
            "res_model": self._name,
            "res_id": self._get().id,
            "views": [(False, "form")],
            "path": "ekarte-network",
        }

    def action_open_versions(self):
        return self._action_window("ekarte_network_version_action")

    def action_open_issuers(self):
        return self._action_window("ekarte_issuer_action")

    def action_open_branches(self):
        return self._action_window("ekarte_branch_action")

    def action_open_programs(self):
        return self._action_window("ekarte_program_action")

    def action_open_card_types(self):
        return self._action_window("ekarte_card_type_action")

    def _action_window(self, name):
        return self.env["ir.actions.act_window"]._for_xml_id(f"ekarte_loyalty.{name}")

    @api.model
    def _get(self):
        """Return the network of this database."""
        return self.search([], limit=1)

    @api.model
    def _cron_publish(self):
        self._get()._publish()

    # Publication: once at the end of each transaction that changed the configuration

    @api.model
    def _schedule_publication(self):
        """Publish at the end of this transaction, once, whatever else changes in it."""
        precommit = self.env.cr.precommit
        if SCHEDULED in precommit.data:
            return
        precommit.data[SCHEDULED] = self.env.uid
        precommit.add(self.sudo()._publish_scheduled)

    @api.model
    def _publish_scheduled(self):
        uid = self.env.cr.precommit.data.pop(SCHEDULED, None)
        network = self.sudo()._get()
        if uid is None or not network:
            return
        # Rules of the user must not hide any part of the network.
        network = network.with_user(api.SUPERUSER_ID).with_context(lang=None)
        known = [fault._signature() for fault in network.fault_ids]
        network._publish()
        fresh = network.fault_ids.filtered(
            lambda fault: fault._signature() not in known
        )
        if not fresh:
            return
        faults = fresh.with_env(self.env).mapped("sentence")
        user = self.env["res.users"].browse(uid)
        if not user.has_group("ekarte_loyalty.ekarte_loyalty_group_administrator"):
            # One issuer's slip must not keep the others from publishing.
            raise UserError("\n".join(faults))
        user._bus_send(
            "simple_notification",
            {
                "type": "warning",
                "sticky": True,
                "title": self.env._("Saved, but not published"),
                "message": "\n".join(faults[:3]),
            },
        )

    def _publish(self):
        """Publish the configuration if it is sound; return the live version.

        Faults are kept on the network, and the version before stays live. The row lock
        makes publications follow each other: whoever came second starts again (Odoo's
        retry) and then sees what the first one changed.
        """
        self.ensure_one()
        self.env.flush_all()
        self.env.cr.execute(
            SQL("SELECT id FROM ekarte_network WHERE id = %s FOR UPDATE", self.id)
        )
        before = network_version(self.env.cr)
        if not self._is_configured():
            # Nothing entered yet: what was loaded from a file goes on serving.
            self._keep_faults([])
            return before
        try:
            version = publish(self.env.cr, self._body(), datetime.now(timezone.utc))
        except NetworkInvalid as refusal:
            self._keep_faults(refusal.faults)
            return before
        self._keep_faults([])
        if version != self.published_version:
            self.published_version = version
        for model in (*ROOMS.values(), self._name):
            self.env[model].invalidate_model()
        return version

    def _is_configured(self):
        return bool(self.env["ekarte.issuer"].sudo().search_count([], limit=1))

    # The document

    def _network_terminals(self):
        """Return the terminals as the document's dicts; other add-ons extend this.

        A dict may carry its record under "_record", so that a fault leads to it.
        """
        back_offices = []
        for issuer in self.env["ekarte.issuer"].search([], order="id"):
            part = issuer._back_office_part()
            if part:
                back_offices.append({**part, "_record": issuer})
        return back_offices

    def _room_records(self, room):
        """Return the records of a room in the document's order: as they were made."""
        records = self.env[ROOMS[room]].search([], order="id")
        return records.filtered(lambda record: record._in_network())

    def _parts(self):
        """Return {room: [(record, part)]} of all that belongs into the document."""
        network = self.sudo()
        parts = {
            room: [
                (record, record._network_part())
                for record in network._room_records(room)
            ]
            for room in ROOMS
        }
        parts["terminals"] = [
            (
                terminal.get("_record", self),
                {name: value for name, value in terminal.items() if name != "_record"},
            )
            for terminal in network._network_terminals()
        ]
        return parts

    def _body(self, parts=None):
        """Return the network document of what is configured now, as JSON."""
        rooms = (parts or self._parts()).items()
        document = {
            "format": FORMAT,
            "name": self.name,
            "currency": self.currency_id.name,
            **{room: [part for _record, part in rows] for room, rows in rooms},
        }
        return json.dumps(document, ensure_ascii=False)

    def _live_document(self):
        """Return the live document as a dict; empty when nothing is live."""
        version = network_version(self.env.cr)
        if not version:
            return {}
        return json.loads(
            self.env["ekarte.network.version"].sudo().browse(version).body
        )

    def _live_parts(self, room):
        """Return {key: part} of one room of the live document."""
        return {part["code"]: part for part in self._live_document().get(room, ())}

    # Faults: of the document, told as faults of records

    def _fault_values(self, path, message, parts):
        """Return a fault of the document as one of a record and its field."""
        match = FAULT_PATH.fullmatch(path)
        record, place = self, path.removeprefix("$.")
        if match and match[1] in parts:
            record = parts[match[1]][int(match[2])][0]
            place = match[3]
        return {
            "path": path,
            "place": place,
            "res_model": record._name,
            "res_id": record.id,
            "message": message,
        }

    def _keep_faults(self, faults):
        parts = self._parts() if faults else {}
        values = [self._fault_values(*fault, parts) for fault in faults]
        names = ("path", "place", "res_model", "res_id", "message")
        if values != [{name: row[name] for name in names} for row in self.fault_ids]:
            self.fault_ids = [
                Command.clear(),
                *(Command.create(one) for one in values),
            ]

    def _refuse_faults_of(self, records):
        """Raise when these records have faults that keep them from being published."""
        parts = self._parts()
        try:
            found = read_network(self._body(parts)).guards()
        except NetworkInvalid as refusal:
            found = refusal.faults
        faults = [
            self.env["ekarte.network.fault"].new(self._fault_values(*fault, parts))
            for fault in found
        ]
        own = [fault.sentence for fault in faults if fault._is_about(records)]
        if own:
            raise UserError("\n".join(own))
