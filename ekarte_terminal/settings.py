"""What the terminal is told: a file of plain lines, and options that stand above it.

    [terminal]
    number = 00000011
    connect = http://127.0.0.1:8470
    key_file = terminal.key

Paths are relative to the file. The key itself never stands here.
"""

import configparser
import os
import re
import ssl
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from ekarte_core import language_of
from ekarte_terminal.chip import TYPES

SECTION = "terminal"
_PATHS = ("key_file", "state", "ca_file", "certificate", "chip_key_file")
_PUBLIC_KEY_BYTES = 32
_NUMBER = re.compile(r"[0-9A-Z]{8}")


class SettingsInvalid(Exception):
    """A setting is missing or wrong; the message names it and says what to do."""


@dataclass(frozen=True)
class Settings:
    """How this terminal is called, reached and equipped.

    Attributes:
        number: eight signs, as in the network.
        connect: http(s)://host:port, iso://host:port?profile=B&mac=aes-cmac,
            frame://host:port, serial:///dev/ttyUSB0?baud=9600.
        key_file: the terminal's key, 64 hexadecimal digits; '' none.
        state: folder of the journal.
        printer: tcp://host:port or serial:///dev/ttyX; '' the screen.
        reader: serial:///dev/ttyX?baud=9600 of a card reader or scanner; '' keyboard.
        columns: of the paper.
        ca_file: whom to trust, for https.
        certificate: the terminal's own, key and certificate in one PEM file.
        tries: how often a message is sent in silence, `pause_s` apart.
        wait_s: for each answer.
        branch: where it stands, as in the network; '' it decides nothing alone.
        parameters_keys: public keys that parameters are signed with.
        chip_reader: words in the name of a PC/SC reader of chip cards; '' none.
        chip_type: which memory card is read and written, of chip.TYPES.
        chip_key_file: the issuer's key of chip cards, 64 hexadecimal digits.
    """

    number: str
    connect: str
    state: Path
    key_file: Path | None = None
    language: str = "en"
    currency: str = "EUR"
    printer: str = ""
    printer_profile: str = "default"
    reader: str = ""
    columns: int = 32
    ca_file: Path | None = None
    certificate: Path | None = None
    tries: int = 3
    pause_s: float = 1.0
    wait_s: float = 15.0
    branch: str = ""
    parameters_keys: tuple[bytes, ...] = ()
    chip_reader: str = ""
    chip_type: str = "sle4442"
    chip_key_file: Path | None = None
    key: bytes | None = field(default=None, repr=False)

    def context(self) -> ssl.SSLContext | None:
        """Return whom to trust and who it is itself, None without https."""
        if not self.connect.startswith("https:"):
            return None
        context = ssl.create_default_context(
            cafile=None if self.ca_file is None else str(self.ca_file)
        )
        if self.certificate is not None:
            context.load_cert_chain(self.certificate)
        return context


def load_settings(file: Path | None, options: Mapping[str, str]) -> Settings:
    """Read the file, put the options on top, read the key.

    Raises:
        SettingsInvalid: naming the setting.
    """
    told: dict[str, str] = {}
    if file is not None:
        told = {
            name: str(file.parent / Path(value).expanduser())
            if name in _PATHS
            else value
            for name, value in _section(file).items()
        }
    told |= {name: value for name, value in options.items() if value}
    unknown = told.keys() - {field.name for field in fields(Settings)} | (
        told.keys() & {"key"}
    )
    if unknown:
        raise SettingsInvalid(f"no such setting: {', '.join(sorted(unknown))}")
    return _settings(told)


def _section(file: Path) -> dict[str, str]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        with file.open(encoding="utf-8") as lines:
            parser.read_file(lines)
    except OSError as fault:
        raise SettingsInvalid(f"{file}: {fault.strerror}") from fault
    except (configparser.Error, UnicodeError) as fault:
        kind = type(fault).__name__
        raise SettingsInvalid(f"{file} cannot be read: {kind}") from None
    if not parser.has_section(SECTION):
        raise SettingsInvalid(f"{file} has no section [{SECTION}]")
    return dict(parser[SECTION])


def _settings(told: Mapping[str, str]) -> Settings:
    number = told.get("number", "")
    if not _NUMBER.fullmatch(number):
        raise SettingsInvalid("number: eight signs of 0-9 A-Z, as in the network")
    if not told.get("connect"):
        raise SettingsInvalid("connect: where the gateway is, http://host:8470")
    key_file = _path(told, "key_file")
    state = _path(told, "state") or _usual_state(number)
    language = told.get("language", "en")
    if language_of(language) != language:
        raise SettingsInvalid("language: lv, ru, en or et")
    chip_type = told.get("chip_type", "sle4442")
    if chip_type not in TYPES:
        raise SettingsInvalid(f"chip_type: one of {', '.join(TYPES)}")
    chip_key_file = _path(told, "chip_key_file")
    if bool(told.get("chip_reader")) != (chip_key_file is not None):
        raise SettingsInvalid("chip_reader and chip_key_file belong together")
    return Settings(
        number=number,
        connect=told["connect"],
        state=state,
        key_file=key_file,
        language=language,
        currency=told.get("currency", "EUR"),
        printer=told.get("printer", ""),
        printer_profile=told.get("printer_profile", "default"),
        reader=told.get("reader", ""),
        columns=_count(told, "columns", 32, 24, 64),
        ca_file=_path(told, "ca_file"),
        certificate=_path(told, "certificate"),
        tries=_count(told, "tries", 3, 1, 20),
        pause_s=_count(told, "pause_s", 1, 0, 60),
        wait_s=_count(told, "wait_s", 15, 1, 120),
        branch=told.get("branch", ""),
        parameters_keys=_public_keys(told),
        chip_reader=told.get("chip_reader", ""),
        chip_type=chip_type,
        chip_key_file=chip_key_file,
        key=None if key_file is None else read_key(key_file),
    )


def _path(told: Mapping[str, str], name: str) -> Path | None:
    text = told.get(name, "")
    return Path(text).expanduser().resolve() if text else None


def _usual_state(number: str) -> Path:
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "ekarte-terminal" / number


def _count(
    told: Mapping[str, str], name: str, usual: int, least: int, most: int
) -> int:
    text = told.get(name, str(usual))
    if not text.isdecimal() or not least <= int(text) <= most:
        raise SettingsInvalid(f"{name}: a number from {least} to {most}")
    return int(text)


def _public_keys(told: Mapping[str, str]) -> tuple[bytes, ...]:
    words = told.get("parameters_keys", "").replace(",", " ").split()
    try:
        keys = tuple(bytes.fromhex(word) for word in words)
    except ValueError:
        keys = (b"",)
    if any(len(key) != _PUBLIC_KEY_BYTES for key in keys):
        raise SettingsInvalid("parameters_keys: as `parameters-key` prints them")
    if bool(keys) != bool(told.get("branch")):
        raise SettingsInvalid("branch and parameters_keys belong together")
    if keys and not told.get("key_file"):
        raise SettingsInvalid("branch: to decide alone it needs a key_file")
    return keys


def read_key(file: Path) -> bytes:
    """Return the terminal's key from a file that only its owner may read.

    Raises:
        SettingsInvalid: the file is missing, open to others, or holds no key.
    """
    try:
        mode = file.stat().st_mode
        text = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError) as fault:
        raise SettingsInvalid(
            f"key_file {file} cannot be read: {type(fault).__name__}"
        ) from None
    if stat.S_IMODE(mode) & 0o077:
        raise SettingsInvalid(f"others may read key_file: chmod 600 {file}")
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise SettingsInvalid(f"key_file {file}: want 64 hexadecimal digits")
    return bytes.fromhex(text)
