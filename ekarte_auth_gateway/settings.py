"""Settings: read once from the environment, checked together, then frozen."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from ekarte_auth_gateway.ports import is_open
from ekarte_auth_gateway.serial import SPEED_DEFAULT, SerialPort
from ekarte_auth_gateway.tls import DOORS, TlsSettings, unknown_doors

T = TypeVar("T")

HTTP_DEFAULT = "127.0.0.1:8470"
ISO_DEFAULT = "127.0.0.1:8583"


SPEEDS = (1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200)
_LINE = re.compile(r"(?P<path>/\S+)=(?P<terminal>[0-9A-Z]{8})(@(?P<speed>\d{4,6}))?")


class SettingsInvalid(Exception):
    """One or more settings are missing or wrong; the message lists all of them."""


@dataclass(frozen=True)
class Address:
    """Where to listen; port 0 takes any free one."""

    host: str
    port: int


@dataclass(frozen=True)
class OdooSettings:
    """Where settlement documents go."""

    url: str
    database: str
    key_file: Path


@dataclass(frozen=True)
class ParametersSettings:
    """What the parameters of terminals are signed with, and how often they are made."""

    key_file: Path
    every_s: float


@dataclass(frozen=True)
class BankSettings:
    """How to deal with acquirers; which there are, the network says."""

    keys: Path
    wait_s: float
    echo_s: float
    limit_h: int


@dataclass(frozen=True)
class Settings:
    """All that the gateway is told from outside. Prints without secrets.

    The limits are described where they are used: flow/desk.py, http/service.py and
    channel/server.py. docs/TERMINALS.md and docs/OPERATIONS.md list the variables.
    """

    dsn: str = field(repr=False)
    prepare: bool
    keyring: Path
    http: Address | None
    iso: Address | None
    iso_b: Address | None
    frame: Address | None
    nexo: Address | None
    figures: Address | None
    shared_ports: bool
    serial: tuple[SerialPort, ...]
    odoo: OdooSettings | None
    parameters: ParametersSettings | None
    bank: BankSettings | None
    tls: TlsSettings | None
    settle_every_s: float
    retry_first_s: float
    retry_max_s: float
    expire_every_s: float
    seal_every_s: float
    queue_max: int
    queue_s: float
    group_max: int
    wait_s: float
    rate_max: int
    idle_s: float
    connections_max: int
    body_bytes_max: int
    frame_bytes_max: int
    printer_queue_max: int
    printer_give_up_s: float
    log_level: str


class _Reader:
    """Collects the faults, so that all are told at once."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.faults: list[str] = []

    def read(
        self, name: str, default: str | None, parse: Callable[[str], T], want: str
    ) -> T | None:
        text = self._environment.get(name, "").strip() or default
        if text is None:
            self.faults.append(f"{name} is not set: {want}")
            return None
        try:
            return parse(text)
        except ValueError:
            # The value stays out of the message: it may be a password.
            self.faults.append(f"{name} is wrong: {want}")
            return None

    def number(self, name: str, default: int, least: int, most: int) -> int:
        def parse(text: str) -> int:
            value = int(text)
            if not least <= value <= most:
                raise ValueError(text)
            return value

        want = f"a whole number from {least} to {most}"
        return self.read(name, str(default), parse, want) or 0

    def seconds(self, name: str, default: str, least: float, most: float) -> float:
        def parse(text: str) -> float:
            value = float(text)
            if not least <= value <= most:
                raise ValueError(text)
            return value

        want = f"seconds, from {least:g} to {most:g}"
        return self.read(name, default, parse, want) or 0.0


def _address(text: str) -> Address | None:
    if text == "off":
        return None
    host, _, port = text.rpartition(":")
    host = host.strip("[]")
    if not host or not 0 <= int(port) <= 65_535:
        raise ValueError(text)
    return Address(host, int(port))


def _serial(text: str) -> tuple[SerialPort, ...]:
    """Read ``path=terminal`` or ``path=terminal@speed``, with commas between lines."""
    if text == "off":
        return ()
    ports = []
    for part in text.split(","):
        found = _LINE.fullmatch(part.strip())
        speed = int(found["speed"] or SPEED_DEFAULT) if found else 0
        if found is None or speed not in SPEEDS:
            raise ValueError(text)
        ports.append(SerialPort(found["path"], found["terminal"], speed))
    for names in ([p.path for p in ports], [p.terminal for p in ports]):
        if len(set(names)) < len(names):
            raise ValueError(text)
    return tuple(ports)


def _switch(text: str) -> bool:
    if text not in ("on", "off"):
        raise ValueError(text)
    return text == "on"


def _file(text: str) -> Path:
    path = Path(text)
    if not path.is_file():
        raise ValueError(text)
    return path


def _secret_file(text: str) -> Path:
    path = _file(text)
    if is_open(path):
        raise ValueError(text)
    return path


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_dir():
        raise ValueError(text)
    return path


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise ValueError(text)
    return text.rstrip("/")


def _level(text: str) -> str:
    if text.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError(text)
    return text.upper()


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read all settings.

    Args:
        environment: variable names to texts; the process's own when left out.

    Raises:
        SettingsInvalid: with one line for each fault and what to do about it.
    """
    reader = _Reader(os.environ if environment is None else environment)
    listen = "host:port to listen at, or off"
    lines = "/dev/ttyS0=00000031,/dev/ttyUSB0=00000032@19200: each once; or off"
    limit = reader.number
    span = reader.seconds
    settings = Settings(
        dsn=reader.read(
            "EKARTE_DSN", None, str, "libpq connection string of the ledger's role"
        )
        or "",
        prepare=reader.read("EKARTE_PREPARE", "on", _switch, "on or off") is not False,
        keyring=reader.read(
            "EKARTE_KEYRING",
            None,
            _file,
            "path of the keyring file (python -m ekarte_core keyring PATH)",
        )
        or Path(),
        http=reader.read("EKARTE_HTTP", HTTP_DEFAULT, _address, listen),
        iso=reader.read("EKARTE_ISO", ISO_DEFAULT, _address, listen),
        iso_b=reader.read("EKARTE_ISO_B", "off", _address, listen),
        frame=reader.read("EKARTE_FRAME_TCP", "off", _address, listen),
        nexo=reader.read("EKARTE_NEXO", "off", _address, listen),
        figures=reader.read("EKARTE_METRICS", "off", _address, listen),
        shared_ports=reader.read("EKARTE_REUSE_PORT", "off", _switch, "on or off")
        or False,
        serial=reader.read("EKARTE_SERIAL", "off", _serial, lines) or (),
        odoo=_odoo(reader),
        parameters=_parameters(reader),
        bank=_bank(reader),
        tls=_tls(reader),
        settle_every_s=span("EKARTE_SETTLE_EVERY_S", "900", 0.1, 86_400),
        retry_first_s=span("EKARTE_RETRY_FIRST_S", "2", 0.05, 3600),
        retry_max_s=span("EKARTE_RETRY_MAX_S", "300", 0.05, 86_400),
        expire_every_s=span("EKARTE_EXPIRE_EVERY_S", "2", 0.05, 3600),
        seal_every_s=span("EKARTE_SEAL_EVERY_S", "10", 0.05, 3600),
        queue_max=limit("EKARTE_QUEUE_MAX", 1024, 1, 100_000),
        queue_s=span("EKARTE_QUEUE_S", "1", 0.01, 60),
        group_max=limit("EKARTE_GROUP_MAX", 128, 1, 1024),
        wait_s=span("EKARTE_WAIT_S", "4", 0.1, 60),
        rate_max=limit("EKARTE_TERMINAL_RATE_MAX", 1000, 0, 1_000_000),
        idle_s=span("EKARTE_IDLE_S", "300", 0.1, 86_400),
        connections_max=limit("EKARTE_CONNECTIONS_MAX", 4096, 1, 100_000),
        body_bytes_max=limit("EKARTE_BODY_BYTES_MAX", 65_536, 1024, 10_000_000),
        frame_bytes_max=limit("EKARTE_FRAME_BYTES_MAX", 8192, 512, 65_535),
        printer_queue_max=limit("EKARTE_PRINTER_QUEUE_MAX", 100, 1, 10_000),
        printer_give_up_s=span("EKARTE_PRINTER_GIVE_UP_S", "600", 0.1, 86_400),
        log_level=reader.read(
            "EKARTE_LOG_LEVEL", "INFO", _level, "DEBUG, INFO, WARNING or ERROR"
        )
        or "INFO",
    )
    if settings.bank is not None and not settings.prepare:
        reader.faults.append(
            "EKARTE_PREPARE: on where EKARTE_BANK_KEYS is set; a lock of the session"
            " tells who owns a bank's messages"
        )
    if reader.faults:
        raise SettingsInvalid("\n".join(reader.faults))
    return settings


def _odoo(reader: _Reader) -> OdooSettings | None:
    """Odoo is optional as a whole: without a URL the core runs alone."""
    url = reader.read(
        "EKARTE_ODOO_URL", "off", lambda t: "" if t == "off" else _url(t), "a URL"
    )
    if not url:
        return None
    database = reader.read("EKARTE_ODOO_DB", None, str, "Odoo's database name")
    key_file = reader.read(
        "EKARTE_ODOO_KEY_FILE",
        None,
        _secret_file,
        "a file that holds Odoo's API key, closed to others (chmod 640)",
    )
    return OdooSettings(url, database or "", key_file or Path())


def _parameters(reader: _Reader) -> ParametersSettings | None:
    """Without a key terminals are told nothing, and ask for everything."""
    key_file = reader.read(
        "EKARTE_PARAMETERS_KEY_FILE",
        "off",
        lambda text: None if text == "off" else _file(text),
        "path of the key file (python -m ekarte_auth_gateway parameters-key PATH)",
    )
    every_s = reader.seconds("EKARTE_PARAMETERS_EVERY_S", "5", 0.05, 3600)
    return None if key_file is None else ParametersSettings(key_file, every_s)


def _bank(reader: _Reader) -> BankSettings | None:
    """Banks are optional as a whole: without a folder for keys nobody is asked."""
    keys = reader.read(
        "EKARTE_BANK_KEYS",
        "off",
        lambda text: None if text == "off" else _folder(text),
        "a folder with <acquirer>.key files, or off",
    )
    wait_s = reader.seconds("EKARTE_BANK_WAIT_S", "6", 0.1, 60)
    echo_s = reader.seconds("EKARTE_BANK_ECHO_S", "60", 0.2, 3600)
    limit_h = reader.number("EKARTE_BANK_LIMIT_H", 72, 1, 24 * 30)
    return None if keys is None else BankSettings(keys, wait_s, echo_s, limit_h)


def _tls(reader: _Reader) -> TlsSettings | None:
    """Without a certificate all doors are open; terminals sign all the same."""

    def optional(text: str) -> Path | None:
        return None if text == "off" else _file(text)

    def doors(text: str) -> tuple[str, ...]:
        found = tuple(part.strip() for part in text.split(","))
        if unknown_doors(found):
            raise ValueError(text)
        return found

    certificate = reader.read(
        "EKARTE_TLS_CERT", "off", optional, "a file with the certificate chain in PEM"
    )
    authority = reader.read(
        "EKARTE_TLS_CLIENT_CA",
        "off",
        optional,
        "a file with the authorities of client certificates in PEM",
    )
    listed = reader.read(
        "EKARTE_TLS_DOORS", "http", doors, f"of {', '.join(DOORS)}, with commas"
    )
    if certificate is None:
        return None
    key = reader.read(
        "EKARTE_TLS_KEY",
        None,
        _secret_file,
        "a file with its key in PEM, closed to others (chmod 640)",
    )
    return TlsSettings(certificate, key or Path(), authority, listed or ())
