"""What a demonstration stack needs from Odoo: data, terminals, one technical user."""

from odoo import Command, api, models
from odoo.exceptions import AccessError

from odoo.addons.ekarte_loyalty.keyring import server_keyring

GATEWAY_LOGIN = "svc.gateway"
API_KEY_NAME = "E-karte gateway"
DEMO_ISSUERS = ("GROCER", "FUEL", "BOOKS")
# id, branch, name, protocol, message authentication, seconds of a hold
DEMO_TERMINALS = (
    ("00000011", "G1", "Centrs, kase 1", "http", "hmac-sha256", 300),
    ("00000012", "G1", "Centrs, kase 2", "iso8583", "hmac-sha256", 300),
    ("00000021", "G2", "Teika, kase 1", "http", "hmac-sha256", 300),
    ("00000022", "G2", "Teika, kase 2", "iso8583", "hmac-sha256", 300),
    ("00000031", "F1", "Jugla, sūkņi", "http", "hmac-sha256", 3600),
    ("00000032", "F1", "Jugla, veikals", "iso8583", "hmac-sha256", 300),
    ("00000041", "B1", "Vecrīga, kase 1", "http", "hmac-sha256", 300),
    ("00000042", "B1", "Vecrīga, kase 2", "iso8583", "none", 300),
    ("00000051", "G3", "Vairums, kase 1", "http", "hmac-sha256", 300),
    ("00000061", "F2", "Mazgātavas kase", "http", "hmac-sha256", 300),
)
# Those that go on alone while the line is down: euros of one operation, of a card and
# day, and how many operations in a row.
DEMO_OFFLINE = {"00000011": (50, 100, 20), "00000051": (300, 500, 50)}
# Users that the demo network brings; their passwords equal their logins.
DEMO_LOGINS = (
    ("admin", "administrator"),
    ("issuer.grocer", "issuer"),
    ("operator.grocer", "operator"),
    ("accountant.grocer", "accountant"),
    ("issuer.fuel", "issuer"),
    ("accountant.fuel", "accountant"),
    ("cashier.grocer", "cashier"),
    ("cashier.fuel", "cashier"),
    ("subscriber", "subscriber"),
)


class EkarteTerminalStack(models.Model):
    _inherit = "ekarte.terminal"

    @api.model
    @api.private
    def provision_stack(self):
        """Load the demonstration and say what its other programs need to know.

        May run again: what exists stays, keys of terminals too; only the gateway's API
        key is a new one each time, and the one before ends.

        Returns:
            {"api_key", "terminals": [{"id", "branch", "protocol", "mac", "key"}],
            "logins": [{"login", "password", "role"}]}
        """
        if not self.env.su:
            raise AccessError(self.env._("A stack is set up from Odoo's shell only."))
        self.env["ekarte.network"]._load_demo_network()
        issuers = self.env["ekarte.issuer"].search([("code", "in", DEMO_ISSUERS)])
        self.env["ekarte.accounts"]._set_up(issuers.company_id)
        self.env["pos.config"]._load_demo_tills()
        terminals = self._demo_terminals()
        self.env["ekarte.network"]._get()._publish()
        return {
            "api_key": self._renew_api_key(self._gateway_user()),
            "terminals": [terminal._for_the_stack() for terminal in terminals],
            "logins": self._demo_logins(),
        }

    @api.model
    def _demo_terminals(self):
        branches = {
            branch.code: branch.id for branch in self.env["ekarte.branch"].search([])
        }
        known = self.with_context(active_test=False).search([])
        missing = [
            {
                "code": code,
                "branch_id": branches[branch],
                "name": name,
                "protocol": protocol,
                "mac": mac,
                "hold_s": hold_s,
                **_offline(code),
            }
            for code, branch, name, protocol, mac, hold_s in DEMO_TERMINALS
            if code not in known.mapped("code")
        ]
        self.create(missing)
        codes = [terminal[0] for terminal in DEMO_TERMINALS]
        return self.search([("code", "in", codes)], order="code")

    def _for_the_stack(self):
        """This terminal with its key, which counts as handed out by that."""
        self.ensure_one()
        key = server_keyring(self.env).terminal_key(self.code, self.key_version)
        self._note_key_shown(self.key_version)
        return {
            "id": self.code,
            "branch": self.branch_id.code,
            "protocol": self.protocol,
            "mac": self.mac,
            "key": key.hex(),
        }

    @api.model
    def _gateway_user(self):
        """The technical user: it may hand in settlements, and nothing else."""
        user = self.env["res.users"].search([("login", "=", GATEWAY_LOGIN)])
        group = self.env.ref("ekarte_loyalty.group_gateway")
        if not user:
            quiet = self.env["res.users"].with_context(no_reset_password=True)
            user = quiet.create({"name": "E-karte gateway", "login": GATEWAY_LOGIN})
        user.group_ids = [Command.set(group.ids)]
        return user

    @api.model
    def _renew_api_key(self, user):
        """Give the user a lasting API key; a key of that name before ends."""
        keys = self.env["res.users.apikeys"].with_user(user).sudo()
        keys.search([("user_id", "=", user.id), ("name", "=", API_KEY_NAME)]).unlink()
        return keys._generate("rpc", API_KEY_NAME, False)

    @api.model
    def _demo_logins(self):
        known = set(self.env["res.users"].search([]).mapped("login"))
        return [
            {"login": login, "password": login, "role": role}
            for login, role in DEMO_LOGINS
            if login in known
        ]


def _offline(code):
    """The limits of a terminal that may decide by itself; nothing of others."""
    if code not in DEMO_OFFLINE:
        return {}
    amount_max, card_day_max, count_max = DEMO_OFFLINE[code]
    return {
        "offline": True,
        "offline_amount_max": amount_max,
        "offline_card_day_max": card_day_max,
        "offline_count_max": count_max,
    }
