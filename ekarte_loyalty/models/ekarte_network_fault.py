from odoo import api, fields, models


class EkarteNetworkFault(models.Model):
    """One reason why the present configuration cannot be published."""

    _name = "ekarte.network.fault"
    _description = "Fault of the configuration"
    _order = "id"
    _rec_name = "sentence"

    network_id = fields.Many2one("ekarte.network", required=True, ondelete="cascade")
    path = fields.Char(required=True, help="Place in the network document.")
    res_model = fields.Char("Model", required=True)
    res_id = fields.Many2oneReference("Record Id", model_field="res_model")
    field_label = fields.Char("Field")
    message = fields.Char(required=True)
    record_name = fields.Char("Record", compute="_compute_sentence")
    sentence = fields.Char(compute="_compute_sentence")

    @api.depends("res_model", "res_id", "field_label", "message")
    def _compute_sentence(self):
        for fault in self:
            record = self.env[fault.res_model].browse(fault.res_id).exists()
            name = record.display_name or fault.path
            fault.record_name = (
                f"{record._description} {name}" if record else fault.path
            )
            where = ", ".join(filter(None, (fault.record_name, fault.field_label)))
            fault.sentence = f"{where}: {fault.message}"

    def action_open(self):
        """Open the record that is at fault."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }

    def _is_about(self, record):
        self.ensure_one()
        return self.res_model == record._name and self.res_id == record.id
