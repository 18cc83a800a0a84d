"""TLS at the doors, and terminals that are known by their client certificates."""

import hashlib
import json
import os
import signal
import ssl
from pathlib import Path

import pytest
import trustme

from ekarte_auth_gateway.nexo import api_key
from ekarte_auth_gateway.settings import SettingsInvalid, read_settings
from ekarte_auth_gateway.testing import HttpTerminal, IsoTerminal, TerminalError
from ekarte_auth_gateway.tls import Tls, TlsInvalid, TlsSettings
from ekarte_terminal.__main__ import main as software_terminal
from tests.gateway import town
from tests.gateway.conftest import publish
from tests.gateway.register import Register
from tests.gateway.shop import ask, gift_card

SHOP, OTHER = "C0000001", "C0000002"
ISO_SHOP = "C0000004"
REGISTER = "C0000005"


def _fingerprint(certificate: trustme.LeafCert) -> str:
    pem = certificate.cert_chain_pems[0].bytes().decode()
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


class Certificates:
    """An authority for the gateway's name, one for terminals, and a foreign one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority, self.of_terminals, foreign = (trustme.CA() for _ in range(3))
        self.shop, self.next_of_shop, self.other, self.pump, self.register = (
            self.of_terminals.issue_cert(f"{name}.terminals.example")
            for name in ("shop", "next.shop", "other", "pump", "register")
        )
        self.foreign = foreign.issue_cert("shop.terminals.example")
        self.of_terminals.cert_pem.write_to_path(str(folder / "terminals.pem"))
        self.renew()

    def renew(self) -> None:
        """Give the gateway a new certificate, in the same files."""
        issued = self.authority.issue_cert("127.0.0.1")
        self.serial = ssl.PEM_cert_to_DER_cert(
            issued.cert_chain_pems[0].bytes().decode()
        )
        issued.private_key_pem.write_to_path(str(self.folder / "key.pem"))
        (self.folder / "key.pem").chmod(0o600)
        for number, pem in enumerate(issued.cert_chain_pems):
            pem.write_to_path(str(self.folder / "chain.pem"), append=number > 0)

    def context(self, leaf: trustme.LeafCert | None = None) -> ssl.SSLContext:
        """What a terminal trusts, and the certificate it shows."""
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        if leaf is not None:
            leaf.configure_cert(context)
        return context

    @property
    def env(self) -> dict[str, str]:
        return {
            "EKARTE_TLS_CERT": str(self.folder / "chain.pem"),
            "EKARTE_TLS_KEY": str(self.folder / "key.pem"),
            "EKARTE_TLS_CLIENT_CA": str(self.folder / "terminals.pem"),
            "EKARTE_TLS_DOORS": "http,iso8583,nexo",
        }


@pytest.fixture
def certificates(tmp_path):
    folder = tmp_path / "tls"
    folder.mkdir()
    return Certificates(folder)


@pytest.fixture
def served(make_gateway, certificates, tmp_path):
    """A gateway with TLS, and terminals bound to certificates."""
    gateway = make_gateway(**certificates.env)
    gateway.context = certificates.context()
    both = [_fingerprint(certificates.shop), _fingerprint(certificates.next_of_shop)]
    other, own = (
        [_fingerprint(one)] for one in (certificates.other, certificates.register)
    )
    terminals = [
        *town.document()["terminals"],
        {"id": SHOP, "branch": "G1", "protocol": "http", "certificates": both},
        {"id": OTHER, "branch": "G1", "protocol": "http", "certificates": other},
        {
            "id": ISO_SHOP,
            "branch": "G1",
            "protocol": "iso8583",
            "mac": "none",
            "certificates": [_fingerprint(certificates.pump)],
        },
        {"id": REGISTER, "branch": "G1", "protocol": "nexo", "certificates": own},
    ]
    publish(gateway.dsn, tmp_path, terminals=terminals)
    gateway.start_ready()
    return gateway


def by_certificate(gateway, certificates, leaf, number=SHOP):
    """A terminal without a key: its certificate is all it has."""
    return HttpTerminal(gateway.url, number, None, certificates.context(leaf))


def iso(gateway, certificates, leaf, number=ISO_SHOP, key=None, mac="none"):
    return IsoTerminal(
        "127.0.0.1",
        gateway.iso_port,
        number,
        key,
        mac,
        context=certificates.context(leaf),
    )


def test_a_terminal_is_known_by_either_of_its_certificates(served, certificates):
    for leaf in (certificates.shop, certificates.next_of_shop):
        terminal = by_certificate(served, certificates, leaf)
        value = gift_card(terminal, 1000)
        assert ask(terminal, "sale", card=value, amount=400).rc == "00"
        terminal.close()


def test_the_certificate_of_another_terminal_is_refused(served, certificates):
    terminal = by_certificate(served, certificates, certificates.other)
    answer = ask(terminal, "echo")
    assert (terminal.last_status, answer.rc) == (401, "63")
    assert answer.field == "certificate"


def test_a_certificate_of_a_foreign_authority_does_not_come_in(served, certificates):
    terminal = by_certificate(served, certificates, certificates.foreign)
    with pytest.raises(TerminalError):
        ask(terminal, "echo")
    assert served.metric("ekarte_ledger_up") == 1


def test_a_cash_register_comes_with_its_certificate_and_needs_no_api_key(
    served, certificates
):
    def status(leaf, key="", number=REGISTER):
        context = certificates.context(leaf)
        register = Register(served.nexo_port, number, key, context)
        told, _ = register.post(json.dumps(register.message("Login")).encode())
        return told

    right_key = api_key(served.key(REGISTER))
    assert status(certificates.register) == 200
    assert status(certificates.register, right_key) == 200
    assert status(certificates.other, right_key) == 401
    assert status(None, right_key) == 401
    assert status(certificates.register, "0" * 64) == 401
    # One that is bound to no certificate has its key, and shows what it likes.
    unbound = api_key(served.key(town.NEXO_1))
    assert status(None, unbound, town.NEXO_1) == 200
    assert status(certificates.shop, "", town.NEXO_1) == 401


def test_a_key_alone_does_not_open_a_door_bound_to_certificates(served, certificates):
    key = served.key(SHOP)
    for leaf, status in ((None, 401), (certificates.other, 401)):
        terminal = HttpTerminal(served.url, SHOP, key, certificates.context(leaf))
        assert ask(terminal, "echo").rc == "63"
        assert terminal.last_status == status
        terminal.close()


def test_a_key_and_the_certificate_together_are_served(served, certificates):
    context = certificates.context(certificates.shop)
    terminal = HttpTerminal(served.url, SHOP, served.key(SHOP), context)
    assert ask(terminal, "echo").rc == "00"
    terminal.close()


def test_a_terminal_without_certificates_still_signs(served):
    terminal = served.http()
    assert ask(terminal, "echo").rc == "00"
    assert terminal.last_status == 200


def test_without_signature_and_certificate_nobody_is_served(served, certificates):
    terminal = by_certificate(served, certificates, None)
    assert ask(terminal, "echo").rc == "63"
    assert terminal.last_status == 401


def test_iso_8583_by_certificate_instead_of_a_mac(served, certificates):
    terminal = iso(served, certificates, certificates.pump)
    assert ask(terminal, "echo").rc == "00"
    terminal.close()


def test_iso_8583_without_the_certificate_is_refused(served, certificates):
    for leaf in (None, certificates.other):
        terminal = iso(served, certificates, leaf)
        answer = ask(terminal, "echo")
        assert (answer.rc, answer.field) == ("63", "DE41")
        terminal.close()


def test_plain_text_is_not_spoken_at_a_door_with_tls(served):
    terminal = IsoTerminal(
        "127.0.0.1", served.iso_port, town.ISO_1, served.key(town.ISO_1)
    )
    with pytest.raises(TerminalError):
        ask(terminal, "echo")
    terminal.close()


def test_a_door_that_is_not_named_stays_open(served):
    assert ask(served.iso(town.ISO_B, profile="B"), "echo").rc == "00"


def _shown(gateway, certificates) -> bytes:
    """The certificate that a new connection is shown."""
    pem = ssl.get_server_certificate(("127.0.0.1", gateway.http_port))
    return ssl.PEM_cert_to_DER_cert(pem)


def test_new_certificates_come_into_use_without_a_connection_lost(served, certificates):
    terminal = by_certificate(served, certificates, certificates.shop)
    assert ask(terminal, "echo").rc == "00"
    kept = terminal._connection
    certificates.renew()
    assert _shown(served, certificates) != certificates.serial
    os.kill(served.pid, signal.SIGHUP)
    served.wait_for_event("certificates read")
    assert _shown(served, certificates) == certificates.serial
    assert ask(terminal, "echo").rc == "00"
    assert terminal._connection is kept
    terminal.close()


def test_a_broken_file_leaves_the_old_certificate_in_use(served, certificates):
    before = certificates.serial
    (certificates.folder / "chain.pem").write_text("not a certificate")
    os.kill(served.pid, signal.SIGHUP)
    served.wait_for_event("certificates stay as they were")
    assert _shown(served, certificates) == before


def test_a_new_key_that_others_may_read_leaves_the_old_certificate_in_use(
    served, certificates
):
    key = certificates.folder / "key.pem"
    before = certificates.serial
    certificates.renew()
    key.chmod(0o644)
    os.kill(served.pid, signal.SIGHUP)
    served.wait_for_event("certificates stay as they were")
    assert _shown(served, certificates) == before
    key.chmod(0o640)
    os.kill(served.pid, signal.SIGHUP)
    served.wait_for_event("certificates read")
    assert _shown(served, certificates) == certificates.serial


@pytest.mark.parametrize("name", ["chain.pem", "key.pem", "terminals.pem"])
def test_a_file_that_cannot_be_used_is_named_and_not_shown(certificates, name):
    env = certificates.env
    (certificates.folder / name).write_text("5ec2e7")
    settings = TlsSettings(
        Path(env["EKARTE_TLS_CERT"]),
        Path(env["EKARTE_TLS_KEY"]),
        Path(env["EKARTE_TLS_CLIENT_CA"]),
        ("http",),
    )
    with pytest.raises(TlsInvalid, match="EKARTE_TLS_") as found:
        Tls(settings)
    assert "5ec2e7" not in str(found.value)


def test_a_certificate_needs_its_key_and_doors_have_names(certificates, keyring_file):
    env = {"EKARTE_DSN": "dbname=x", "EKARTE_KEYRING": str(keyring_file)}
    env |= certificates.env
    settings = read_settings(env).tls
    assert settings is not None
    assert settings.doors == ("http", "iso8583", "nexo")
    del env["EKARTE_TLS_KEY"]
    env["EKARTE_TLS_DOORS"] = "back"
    with pytest.raises(SettingsInvalid) as found:
        read_settings(env)
    assert "EKARTE_TLS_KEY is not set" in str(found.value)
    assert "EKARTE_TLS_DOORS is wrong" in str(found.value)


def test_the_software_terminal_shows_its_certificate(
    served, certificates, tmp_path, capsys
):
    config, own, trusted = (tmp_path / name for name in ("till.ini", "own", "trusted"))
    certificates.authority.cert_pem.write_to_path(str(trusted))
    settings = {"number": SHOP, "connect": served.url, "certificate": "own"}
    settings |= {"state": "state", "tries": "1", "ca_file": "trusted"}

    def echo(leaf, without=""):
        leaf.private_key_and_cert_chain_pem.write_to_path(str(own))
        rows = [f"{key} = {value}" for key, value in settings.items() if key != without]
        config.write_text("\n".join(["[terminal]", *rows]))
        return software_terminal(["--config", str(config), "echo"])

    approved, declined, not_sent = 0, 1, 2
    assert echo(certificates.shop) == approved
    assert echo(certificates.other) == declined, "that of another terminal"
    assert "63" in capsys.readouterr().out
    assert echo(certificates.foreign) == not_sent
    assert echo(certificates.shop, without="ca_file") == not_sent, "who is that?"
