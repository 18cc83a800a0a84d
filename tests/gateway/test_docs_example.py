"""The shell example of docs/TERMINALS.md works as it is printed."""

import json
import re
import subprocess

from tests.gateway import town
from tests.gateway.gateway_process import ROOT

PAGE = ROOT / "docs" / "TERMINALS.md"


def test_the_signature_made_by_a_shell_is_taken(gateway):
    """`curl` only carries; here a function prints what it was to carry."""
    (script,) = re.findall(r"```sh\n(TERMINAL=.*?)```", PAGE.read_text(), re.DOTALL)
    printing = 'curl() { printf "%s\\0" "$@"; }\n'
    done = subprocess.run(
        ["bash", "-euc", printing + script],
        env={"KEY": gateway.key(town.HTTP_1).hex(), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    arguments = done.stdout.split("\0")
    headers = dict(
        arguments[place + 1].split(": ", 1)
        for place, word in enumerate(arguments)
        if word == "-H"
    )
    body = arguments[arguments.index("--data-binary") + 1].encode()
    assert json.loads(body)["terminal"] == town.HTTP_1
    terminal = gateway.http()
    answer = terminal.post("sale", body, headers=headers)
    assert (terminal.last_status, answer.rc) == (200, "00")
