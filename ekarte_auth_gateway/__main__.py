"""``python -m ekarte_auth_gateway``: run the gateway; settings come by environment."""

import asyncio
import sys

from ekarte_auth_gateway.app import run, set_up_logs
from ekarte_auth_gateway.settings import SettingsInvalid, read_settings
from ekarte_core import KeyringInvalid


def main() -> int:
    """Run until SIGTERM; returns the exit code: 0 stopped, 2 cannot start."""
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
    except OSError as fault:
        sys.stderr.write(
            f"the gateway cannot listen: {fault.strerror or fault}; see EKARTE_HTTP,"
            " EKARTE_ISO and EKARTE_ISO_B\n"
        )
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
