"""``python -m ekarte_auth_gateway``: run the gateway; settings come by environment.

``python -m ekarte_auth_gateway parameters-key FILE``: make the key that parameters are
signed with, or tell what the file holds; see docs/OPERATIONS.md.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from ekarte_auth_gateway.app import run, set_up_logs
from ekarte_auth_gateway.parameters import ParametersKeyInvalid, tend_key_file
from ekarte_auth_gateway.settings import SettingsInvalid, read_settings
from ekarte_auth_gateway.tls import TlsInvalid
from ekarte_core import KeyringInvalid


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM, or one command; returns the exit code: 2 cannot start."""
    options = _parser().parse_args(arguments)
    if options.command == "parameters-key":
        return _parameters_key(options)
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
    return parser


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
            f"the gateway cannot listen: {fault.strerror or fault}; see EKARTE_HTTP and"
            " EKARTE_ISO\n"
        )
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
