from odoo import api, fields, models

from .fault_sentences import told


class EkarteNetworkFault(models.Model):
    """One reason why the present configuration cannot be published."""

    _name = "ekarte.network.fault"
    _description = "Fault of the configuration"
    _order = "id"
    _rec_name = "sentence"

    network_id = fields.Many2one("ekarte.network", required=True, ondelete="cascade")
    path = fields.Char(required=True, help="Place in the network document.")
    place = fields.Char(help="The same below the record.")
    res_model = fields.Char("Model", required=True)
    res_id = fields.Many2oneReference("Record Id", model_field="res_model")
    message = fields.Char("As the Core Says It", required=True)
    record_name = fields.Char("Record", compute="_compute_sentence")
    field_label = fields.Char("Field", compute="_compute_sentence")
    explanation = fields.Char("What Is Wrong", compute="_compute_sentence")
    sentence = fields.Char(compute="_compute_sentence")

    @api.depends("res_model", "res_id", "path", "place", "message")
    @api.depends_context("lang")
    def _compute_sentence(self):
        for fault in self:
            record = self.env[fault.res_model].browse(fault.res_id).exists()
            kind = self.env["ir.model"]._get(fault.res_model).name
            fault.record_name = (
                f"{kind} {record.display_name}" if record else fault.path
            )
            fault.field_label = fault._field_label(record)
            fault.explanation = told(self.env, fault.message)
            where = ", ".join(filter(None, (fault.record_name, fault.field_label)))
            fault.sentence = f"{where}: {fault.explanation}"

    def _field_label(self, record):
        if hasattr(record, "_network_field_label"):
            return record._network_field_label(self.place or "")
        return self.place

    def action_open(self):
        """Open the record that is at fault."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }

    def _is_about(self, records):
        self.ensure_one()
        return self.res_model == records._name and self.res_id in records.ids

    def _signature(self):
        """Return what makes it the same fault in another document."""
        self.ensure_one()
        return (self.res_model, self.res_id, self.place, self.message)
