"""``python -m ekarte_auth_gateway``: run the gateway; settings come by environment.

``python -m ekarte_auth_gateway parameters-key FILE``: make the key that parameters are
signed with, or tell what the file holds. ``python -m ekarte_auth_gateway api-key
TERMINAL``: print the API key of a cash register. See docs/OPERATIONS.md.
"""

import argparse
import asyncio
import faulthandler
import os
import re
import resource
import sys
from collections.abc import Sequence
from pathlib import Path

from ekarte_auth_gateway.app import run, set_up_logs
from ekarte_auth_gateway.nexo import api_key
from ekarte_auth_gateway.parameters import ParametersKeyInvalid, tend_key_file
from ekarte_auth_gateway.settings import SettingsInvalid, read_settings
from ekarte_auth_gateway.tls import TlsInvalid
from ekarte_core import KeyringInvalid, load_keyring


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM, or one command; returns the exit code: 2 cannot start."""
    options = _parser().parse_args(arguments)
    if options.command == "parameters-key":
        return _parameters_key(options)
    if options.command == "api-key":
        return _api_key(options)
    return _serve()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ekarte_auth_gateway",
        description="Without a command: run the gateway.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    about = "make the key that parameters are signed with, or tell what a file holds"
    key = commands.add_parser("parameters-key", help=about, description=about)
    key.add_argument("file", type=Path)
    change = key.add_mutually_exclusive_group()
    change.add_argument(
        "--next",
        dest="change",
        action="store_const",
        const="next",
        default="",
        help="add the key that is to follow: terminals learn it from the present one",
    )
    change.add_argument(
        "--retire",
        dest="change",
        action="store_const",
        const="retire",
        help="take the present key away: the next one signs",
    )
    about = "print the API key of a cash register that speaks nexo"
    register = commands.add_parser("api-key", help=about, description=about)
    register.add_argument("terminal", type=_terminal_number, metavar="TERMINAL")
    register.add_argument(
        "--version",
        type=_key_version,
        metavar="N",
        default=1,
        help="of the terminal's key, as its form in Odoo has it (1)",
    )
    register.add_argument(
        "--keyring",
        type=Path,
        default=os.environ.get("EKARTE_KEYRING"),
        help="the keyring file (EKARTE_KEYRING)",
    )
    return parser


def _terminal_number(told: str) -> str:
    if not re.fullmatch(r"[0-9A-Z]{8}", told):
        raise argparse.ArgumentTypeError("a terminal has 8 of 0-9 and A-Z")
    return told


def _key_version(told: str) -> int:
    if not told.isdecimal() or int(told) < 1:
        raise argparse.ArgumentTypeError("versions are counted from 1")
    return int(told)


def _api_key(options: argparse.Namespace) -> int:
    if options.keyring is None:
        sys.stderr.write("name the keyring: --keyring, or EKARTE_KEYRING\n")
        return 2
    try:
        keyring = load_keyring(options.keyring)
    except KeyringInvalid as fault:
        sys.stderr.write(f"{options.keyring}: {fault}\n")
        return 2
    key = keyring.terminal_key(options.terminal, options.version)
    sys.stdout.write(f"{api_key(key)}\n")
    return 0


def _parameters_key(options: argparse.Namespace) -> int:
    try:
        lines = tend_key_file(options.file, options.change)
    except (ParametersKeyInvalid, OSError) as fault:
        sys.stderr.write(f"{fault}\n")
        return 2
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def _serve() -> int:
    try:
        settings = read_settings()
    except SettingsInvalid as fault:
        sys.stderr.write(f"the gateway cannot start:\n{fault}\n")
        return 2
    set_up_logs(settings.log_level)
    # Keys are in its memory: should it crash, that is written nowhere; which lines of
    # the program each thread was at, is.
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        asyncio.run(run(settings))
    except KeyringInvalid as fault:
        sys.stderr.write(f"the gateway cannot start: EKARTE_KEYRING: {fault}\n")
        return 2
    except TlsInvalid as fault:
        sys.stderr.write(f"the gateway cannot start: {fault}\n")
        return 2
    except ParametersKeyInvalid as fault:
        sys.stderr.write(
            f"the gateway cannot start: EKARTE_PARAMETERS_KEY_FILE: {fault}\n"
        )
        return 2
    except OSError as fault:
        sys.stderr.write(
            f"the gateway cannot listen: {fault.strerror or fault}; see the addresses"
            " in EKARTE_HTTP, EKARTE_ISO, EKARTE_ISO_B, EKARTE_FRAME_TCP, EKARTE_NEXO"
            " and EKARTE_METRICS\n"
        )
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
