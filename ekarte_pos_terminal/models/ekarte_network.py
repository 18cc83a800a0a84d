from odoo import models


class EkarteNetwork(models.Model):
    _inherit = "ekarte.network"

    def _network_terminals(self):
        """Add the registered terminals and the tills of Odoo's Point of Sale."""
        terminals = self.env["ekarte.terminal"].search([], order="code")
        # A closed till's purchases are refunded elsewhere: archived ones stay known.
        tills = self.env["pos.config"].with_context(active_test=False)
        tills = tills.search([("ekarte_branch_id", "!=", False)], order="id")
        return [
            *super()._network_terminals(),
            *({**one._network_part(), "_record": one} for one in terminals),
            *({**one._ekarte_network_part(), "_record": one} for one in tills),
        ]

    def _parts(self):
        parts = super()._parts()
        banks = self.env["ekarte.acquirer"].sudo().search([], order="code")
        if banks:
            parts["acquirers"] = [(bank, bank._network_part()) for bank in banks]
        return parts

    def _live_parts(self, room):
        """Terminals are known by their id, all other parts by a code."""
        if room != "terminals":
            return super()._live_parts(room)
        return {part["id"]: part for part in self._live_document().get(room, ())}

    def _publish(self):
        version = super()._publish()
        for model in ("ekarte.terminal", "ekarte.acquirer"):
            self.env[model].invalidate_model(flush=False)
        return version
