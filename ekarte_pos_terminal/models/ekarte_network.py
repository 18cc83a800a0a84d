from odoo import models


class EkarteNetwork(models.Model):
    _inherit = "ekarte.network"

    def _network_terminals(self):
        """Add the registered terminals to those of the back offices."""
        terminals = self.env["ekarte.terminal"].search([], order="code")
        return super()._network_terminals() + [
            {**terminal._network_part(), "_record": terminal} for terminal in terminals
        ]

    def _live_parts(self, room):
        """Terminals are known by their id, all other parts by a code."""
        if room != "terminals":
            return super()._live_parts(room)
        return {part["id"]: part for part in self._live_document().get(room, ())}

    def _publish(self):
        version = super()._publish()
        self.env["ekarte.terminal"].invalidate_model(flush=False)
        return version
