from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class EkarteNetworkPartMixin(models.AbstractModel):
    """A record that is one element of the network document, known by its code."""

    _name = "ekarte.network.part.mixin"
    _description = "Part of the network document"
    _inherit = ["ekarte.published.mixin"]

    # Room of the document: `$.programs[2]` is the third record of room "programs".
    _network_room = ""
    # Where the document's name of a field differs from Odoo's.
    _network_field_names = {}
    # Ledger columns that hold this record's code; a used code can never change.
    _ledger_columns = ()
    _ledger_fixed_fields = ("code",)

    publication = fields.Selection(
        [
            ("draft", "Draft"),
            ("live", "Live"),
            ("waiting", "Not published"),
        ],
        compute="_compute_publication",
        help="Live: terminals decide by this record as it stands here.",
    )
    publication_note = fields.Text(compute="_compute_publication")

    def _compute_publication(self):
        network = self.env["ekarte.network"].sudo()._get()
        # A form is read back right after it is saved: show what came of it.
        network._publish_scheduled()
        live = network._live_parts(self._network_room) if network else {}
        for record in self:
            faults = network.fault_ids.filtered(
                lambda fault, record=record: fault._is_about(record)
            )
            record.publication_note = "\n".join(faults.mapped("sentence")) or False
            if not record._origin or not record._in_network():
                record.publication = "draft"
            elif live.get(record._network_key()) == record.sudo()._network_part():
                record.publication = "live"
            else:
                record.publication = "waiting"

    def write(self, vals):
        self._check_ledger_fixed(vals)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_ledger(self):
        used = self._in_ledger()
        if used:
            raise UserError(
                self.env._(
                    "The ledger knows %(records)s: history must stay readable."
                    " Archive or end it instead of deleting it.",
                    records=", ".join(used.mapped("display_name")),
                )
            )

    def _check_ledger_fixed(self, vals):
        for name in self._ledger_fixed_fields:
            if name not in vals:
                continue
            field = self._fields[name]
            changed = self.filtered(
                lambda record, field=field: (
                    field.convert_to_write(record[field.name], record)
                    != vals[field.name]
                )
            )
            used = changed._in_ledger()
            if used:
                raise UserError(
                    self.env._(
                        "%(field)s of %(records)s cannot change any more: cards"
                        " or operations in the ledger carry it.",
                        field=field._description_string(self.env),
                        records=", ".join(used.mapped("display_name")),
                    )
                )

    def _in_ledger(self):
        """Return those of the records whose code stands in the ledger."""
        codes = [record.code for record in self if self._ledger_columns]
        if not codes:
            return self.browse()
        used = set()
        for table, column in self._ledger_columns:
            self.env.cr.execute(
                SQL(
                    "SELECT code FROM unnest(%s) AS code WHERE EXISTS"
                    " (SELECT 1 FROM %s AS known WHERE known.%s = code)",
                    codes,
                    SQL.identifier("ekarte", table),
                    SQL.identifier(column),
                )
            )
            used.update(code for (code,) in self.env.cr.fetchall())
        return self.filtered(lambda record: record.code in used)

    # What the document is made of

    def _in_network(self):
        """Say whether this record belongs into the document now."""
        self.ensure_one()
        return "active" not in self._fields or self.active

    def _network_key(self):
        """Return what identifies the record in its room of the document."""
        self.ensure_one()
        return self.code

    def _network_part(self):
        """Return this record as the document shows it; each model says how."""
        self.ensure_one()
        return {"code": self.code}

    def _network_field_label(self, path):
        """Return the field that `path` (below the record) means, as users see it."""
        names = path.replace("parameters.", "", 1).split(".")
        name = names[0].split("[")[0]
        field = self._fields.get(self._network_field_name(name))
        return field._description_string(self.env) if field else path

    def _network_field_name(self, name):
        """Return the field behind a name in the document."""
        return self._network_field_names.get(name, name)
