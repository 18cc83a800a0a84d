"""The sub-commands of ``./ekarte``."""

import argparse
import sys
from collections.abc import Callable, Sequence

from ekarte_stack import developer
from ekarte_stack.steps import StackError, warn

Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one sub-command; return the exit code."""
    options = _parser().parse_args(arguments)
    command: Command = options.run
    try:
        return command(options)
    except StackError as error:
        sys.stderr.write(error.report() + "\n")
        return 1
    except KeyboardInterrupt:
        warn("interrupted")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./ekarte", description=__doc__)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, run: Command, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        return sub

    dev = add("dev", developer.dev, "start only PostgreSQL, for work on the code")
    dev.add_argument("--stop", action="store_true", help="stop it again")
    copy = add("copy", developer.copy, "copy the base database")
    copy.add_argument("name")
    execute = add("exec", developer.execute, "run a command as the servers' account")
    execute.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND")
    add("paths", developer.paths, "print where things lie")
    return parser


if __name__ == "__main__":
    sys.exit(main())
