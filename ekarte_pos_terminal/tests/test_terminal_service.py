"""How a terminal is served, as people enter it and as the network has it."""

import psycopg2

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ekarte_core import current_network

from .terminal_common import ADMINISTRATOR, ISSUER, OPERATOR, TerminalCase

PRINT = "0123456789abcdef" * 4


@tagged("post_install", "-at_install")
class TestTerminalService(TerminalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bank = cls.env["ekarte.acquirer"].create(
            {"code": "TBANK", "name": "Bank", "host": "bank.example", "port": 9000}
        )

    def part(self):
        """What the network has of the till and not of the pump, which is as ever."""
        network = self.published()
        self.assertEqual(self.terminal.publication, "live")
        usual, basic = network["T0000031"], {"id", "branch", "name", "protocol", "mac"}
        return {
            name: value
            for name, value in network["T0000011"].items()
            if name not in basic and value != usual[name]
        }

    def test_a_new_terminal_is_as_the_network_takes_for_granted(self):
        self.assertEqual(self.part(), {})

    def test_all_that_is_set_is_published(self):
        self.terminal.write(
            {
                "protocol": "iso8583",
                "profile": "B",
                "mac": "aes-cmac",
                "pump": True,
                "certificate": PRINT,
                "slip_columns": 48,
                "printer": "tcp://192.0.2.7:9100",
                "printer_profile": "TM-T88III",
                "closes_itself": True,
                "close_at": 23.75,
                "offline": True,
                "offline_amount_max": 49.99,
                "offline_card_day_max": 100,
                "offline_count_max": 20,
                "acquirer_id": self.bank.id,
                "bank_terminal": "LV000017",
                "bank_acceptor": "4711",
            }
        )
        self.assertEqual(
            self.part(),
            {
                "profile": "B",
                "pump": True,
                "certificates": [PRINT],
                "columns": 48,
                "printer": "tcp://192.0.2.7:9100",
                "printer_profile": "TM-T88III",
                "close_at": "23:45",
                "offline": {
                    "amount_max": 4999,
                    "card_day_max": 10000,
                    "count_max": 20,
                    "age_h_max": 24,
                    "stop_list_age_h_max": 24,
                },
                "bank": "TBANK",
                "bank_terminal": "LV000017",
                "bank_acceptor": "4711",
            },
        )
        compiled = current_network(self.env.cr)
        self.assertEqual(compiled.terminal("T0000011").offline.amount_max, 4999)
        self.assertEqual(compiled.acquirers["TBANK"].port, 9000)

    def test_every_protocol_and_kind_of_mac_is_known_to_the_core(self):
        fields = self.env["ekarte.terminal"]._fields
        for name in ("protocol", "mac", "profile"):
            for value, _label in fields[name].selection:
                with self.subTest(f"{name} {value}"):
                    self.terminal[name] = value
                    self.published()

    def test_fingerprints_are_taken_as_tools_show_them(self):
        pasted = ":".join(f"{byte:02X}" for byte in bytes.fromhex(PRINT))
        self.terminal.certificate = pasted
        self.assertEqual(self.terminal.certificate, PRINT)
        for wrong in (PRINT[1:], PRINT + "0", "g" * 64):
            with self.subTest(wrong), self.assertRaises(ValidationError):
                self.terminal.certificate = wrong

    def test_printers_are_addresses_that_the_gateway_can_open(self):
        for right in ("serial:///dev/ttyUSB0?baud=9600", "tcp://printer:9100", False):
            self.terminal.printer = right
        for wrong in (
            *("printer", "tcp://printer", "serial:///etc/passwd", "lpt1"),
            *("tcp://printer:0", "tcp://printer:65536"),
        ):
            with self.subTest(wrong), self.assertRaises(ValidationError):
                self.terminal.printer = wrong

    def test_limits_are_checked_where_they_are_entered(self):
        for name, inside, outside in (
            ("slip_columns", (24, 64), (23, 65)),
            ("offline_count_max", (0, 100_000), (-1, 100_001)),
            ("offline_age_h_max", (1, 8784), (0, 8785)),
            ("offline_amount_max", (0, 1.5), (-0.01,)),
            ("close_at", (0, 23.99), (-0.01, 24)),
        ):
            for value in inside:
                self.terminal[name] = value
                self.env.flush_all()
            for value in outside:
                with (
                    self.subTest(f"{name} {value}"),
                    mute_logger("odoo.sql_db"),
                    self.assertRaises(psycopg2.errors.CheckViolation),
                    self.cr.savepoint(),
                ):
                    self.terminal[name] = value
                    self.env.flush_all()

    def test_a_bank_needs_the_numbers_that_it_gave(self):
        numbers = {"bank_terminal": "LV000017", "bank_acceptor": "4711"}
        self.terminal.write({"acquirer_id": self.bank.id, **numbers})
        for name in numbers:
            with self.subTest(name), self.assertRaises(ValidationError):
                self.terminal[name] = False

    def test_an_archived_bank_leaves_the_network_and_its_terminals_go_on(self):
        self.terminal.write(
            {"acquirer_id": self.bank.id, "bank_terminal": "1", "bank_acceptor": "1"}
        )
        self.assertEqual(self.part()["bank"], "TBANK")
        self.bank.active = False
        self.assertEqual(self.part(), {})

    def test_a_certificate_of_two_terminals_is_a_fault_that_names_one(self):
        (self.terminal | self.pump).certificate = PRINT
        self.network._publish()
        (fault,) = self.network.fault_ids
        self.assertIn(fault.res_id, (self.terminal | self.pump).ids)
        self.assertIn("Certificate", fault.sentence)

    def test_a_pump_holds_for_an_hour_unless_told_otherwise(self):
        form = Form(self.env["ekarte.terminal"])
        form.pump = True
        self.assertEqual(form.hold_s, 3600)
        form = Form(self.env["ekarte.terminal"])
        form.hold_s = 600
        form.pump = True
        self.assertEqual(form.hold_s, 600)

    def test_banks_are_checked_and_published_when_they_change(self):
        self.published()
        self.assertEqual(self.bank.publication, "live")
        self.bank.port = 9001
        self.env.cr.precommit.run()
        (live,) = self.network._live_document()["acquirers"]
        self.assertEqual(live, self.bank._network_part())
        self.assertEqual((live["host"], live["port"]), ("bank.example", 9001))
        for name, wrong in (("host", "bank example"), ("institution", "12a")):
            with self.subTest(name), self.assertRaises(ValidationError):
                self.bank[name] = wrong

    def test_only_administrators_change_banks(self):
        issuer = self.user("test.issuer", ISSUER)
        self.assertEqual(self.bank.with_user(issuer).name, "Bank")
        with self.assertRaises(AccessError):
            self.bank.with_user(issuer).host = "elsewhere"
        with self.assertRaises(AccessError):
            self.bank.with_user(self.user("test.operator", OPERATOR)).read(["name"])
        administrator = self.user("test.admin", ADMINISTRATOR)
        self.bank.with_user(administrator).host = "elsewhere"
