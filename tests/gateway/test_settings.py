"""Settings are read once, checked together, and tell what to do."""

import os
import subprocess
import sys

import pytest

from ekarte_auth_gateway.serial import SerialPort
from ekarte_auth_gateway.settings import (
    Address,
    SettingsInvalid,
    read_settings,
)
from tests.gateway.gateway_process import ROOT


@pytest.fixture
def least(tmp_path):
    keyring = tmp_path / "keyring"
    keyring.write_text("")
    return {"EKARTE_DSN": "dbname=x password=hunter2", "EKARTE_KEYRING": str(keyring)}


def test_two_settings_are_enough(least):
    settings = read_settings(least)
    assert settings.http == Address("127.0.0.1", 8470)
    assert settings.iso == Address("127.0.0.1", 8583)
    assert settings.odoo is None
    assert settings.queue_max == 1024
    assert settings.queue_s == 1.0


def test_settings_print_without_the_password(least):
    assert "hunter2" not in repr(read_settings(least))


def test_settings_cannot_be_changed(least):
    with pytest.raises(AttributeError):
        read_settings(least).queue_max = 1


def test_all_faults_are_told_at_once_with_what_to_do():
    with pytest.raises(SettingsInvalid) as told:
        read_settings(
            {
                "EKARTE_KEYRING": "/nowhere",
                "EKARTE_HTTP": "8470",
                "EKARTE_ISO": "h:99999",
                "EKARTE_QUEUE_MAX": "many",
                "EKARTE_QUEUE_S": "never",
                "EKARTE_WAIT_S": "0",
                "EKARTE_ODOO_URL": "ftp://x",
                "EKARTE_LOG_LEVEL": "loud",
            }
        )
    lines = str(told.value).splitlines()
    assert [line.split(" ")[0] for line in lines] == [
        "EKARTE_DSN",
        "EKARTE_KEYRING",
        "EKARTE_HTTP",
        "EKARTE_ISO",
        "EKARTE_ODOO_URL",
        "EKARTE_QUEUE_MAX",
        "EKARTE_QUEUE_S",
        "EKARTE_WAIT_S",
        "EKARTE_LOG_LEVEL",
    ]
    assert "python -m ekarte_core keyring" in lines[1]


def test_odoo_needs_all_three(least, tmp_path):
    with pytest.raises(SettingsInvalid, match=r"EKARTE_ODOO_DB.*\n.*EKARTE_ODOO_KEY"):
        read_settings({**least, "EKARTE_ODOO_URL": "http://127.0.0.1:8069"})
    key = tmp_path / "key"
    key.write_text("k")
    key.chmod(0o640)
    odoo = read_settings(
        {
            **least,
            "EKARTE_ODOO_URL": "http://127.0.0.1:8069/",
            "EKARTE_ODOO_DB": "shop",
            "EKARTE_ODOO_KEY_FILE": str(key),
        }
    ).odoo
    assert odoo is not None
    assert (odoo.url, odoo.database) == ("http://127.0.0.1:8069", "shop")


def test_a_transport_may_be_off_and_a_host_may_be_ipv6(least):
    settings = read_settings({**least, "EKARTE_ISO": "off", "EKARTE_HTTP": "[::1]:80"})
    assert settings.iso is None
    assert settings.http == Address("::1", 80)


def test_serial_lines_are_named_with_their_terminals(least):
    text = "/dev/ttyS0=00000031, /dev/serial/by-id/usb-1=0000003B@19200"
    told = read_settings({**least, "EKARTE_SERIAL": text}).serial
    assert told == (
        SerialPort("/dev/ttyS0", "00000031", 9600),
        SerialPort("/dev/serial/by-id/usb-1", "0000003B", 19_200),
    )
    assert read_settings(least).serial == ()


@pytest.mark.parametrize(
    "text",
    [
        "/dev/ttyS0",
        "ttyS0=00000031",
        "/dev/ttyS0=31",
        "/dev/ttyS0=00000031@300000",
        "/dev/ttyS0=00000031,/dev/ttyS0=00000032",
        "/dev/ttyS0=00000031,/dev/ttyS1=00000031",
        "/dev/ttyS0=00000031,",
    ],
)
def test_a_line_that_is_wrong_or_stands_twice_is_told(least, text):
    with pytest.raises(SettingsInvalid, match="EKARTE_SERIAL is wrong"):
        read_settings({**least, "EKARTE_SERIAL": text})


def run(env):
    return subprocess.run(
        [sys.executable, "-m", "ekarte_auth_gateway"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_the_process_says_what_is_missing_and_ends_with_2():
    done = run({})
    assert done.returncode == 2
    assert "EKARTE_DSN is not set" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_open_keyring_is_refused_with_the_command_that_mends_it(least):
    os.chmod(least["EKARTE_KEYRING"], 0o644)
    done = run(least)
    assert done.returncode == 2
    assert "chmod 640" in done.stderr
    assert "hunter2" not in done.stderr


def test_a_taken_port_is_told(gateway, least):
    env = {
        "EKARTE_DSN": gateway.dsn,
        "EKARTE_KEYRING": gateway._env["EKARTE_KEYRING"],
        "EKARTE_HTTP": f"127.0.0.1:{gateway.http_port}",
        "EKARTE_ISO": "off",
    }
    done = run(env)
    assert done.returncode == 2
    assert "cannot listen" in done.stderr
    assert "EKARTE_HTTP" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o604])
@pytest.mark.parametrize("name", ["EKARTE_ODOO_KEY_FILE", "EKARTE_TLS_KEY"])
def test_a_key_that_others_may_read_is_refused_and_a_closed_one_taken(
    least, tmp_path, name, mode
):
    key = tmp_path / "key"
    key.write_text("k")
    given = {
        **least,
        "EKARTE_ODOO_URL": "http://127.0.0.1:8069/",
        "EKARTE_ODOO_DB": "shop",
        "EKARTE_ODOO_KEY_FILE": str(key),
        "EKARTE_TLS_CERT": str(key),
        "EKARTE_TLS_KEY": str(key),
    }
    key.chmod(mode)
    with pytest.raises(SettingsInvalid, match=rf"{name}.*\n?.*chmod 640"):
        read_settings(given)
    key.chmod(0o640)
    assert read_settings(given).tls is not None
