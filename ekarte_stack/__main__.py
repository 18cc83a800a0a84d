"""The sub-commands of ``./ekarte``."""

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence

from ekarte_stack import developer, stack
from ekarte_stack.steps import StackError, warn

Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one sub-command; return the exit code."""
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    options.pytest = rest
    if rest and options.run is not _test:
        parser.error(f"unknown arguments: {' '.join(rest)}")
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

    demo = add("demo", stack.demo, "everything from nothing, a trading day, a year")
    demo.add_argument("--once", action="store_true", help="stop after the report")
    demo.add_argument(
        "--year",
        action=argparse.BooleanOptionalAction,
        help="and a year before it, unless --once",
    )
    test = add("test", _test, "run every suite; other arguments go to pytest")
    test.add_argument("--fast", action="store_true", help="leave out browser tests")
    test.add_argument(
        "--peers", action="store_true", help="run Odoo's own suites beside our add-ons"
    )
    test.add_argument(
        "--year",
        action="store_true",
        help="a whole year of cards and books, nothing else",
    )
    up = add("up", stack.up, "start the stack in the background")
    up.add_argument("--fresh", action="store_true", help="with a new database")
    add("down", stack.down, "stop what up started")
    add("status", stack.status, "tell what runs, where, and the logins")
    logs = add("logs", stack.logs, "show the logs")
    logs.add_argument("name", nargs="?", help="one log, for example gateway")
    logs.add_argument("-n", "--lines", type=int, default=40)
    logs.add_argument("-f", "--follow", action="store_true")
    add("verify", stack.verify, "check the invariants on the running ledger")
    _add_bench(add("bench", _bench, "measure speed against pgbench or Odoo; fuzz"))
    _add_chaos(add("chaos", _chaos, "break things while business goes on; judge"))
    add("audit", _audit, "known holes and licences of what we use")
    add("clean", stack.clean, "stop everything and remove all state")
    dev = add("dev", developer.dev, "start only PostgreSQL, for work on the code")
    dev.add_argument("--stop", action="store_true", help="stop it again")
    till = add("terminal", _terminal, "a software terminal at the running stack")
    till.add_argument("--number", default="00000011", help="of the demo network")
    till.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND")
    copy = add("copy", developer.copy, "copy the base database")
    copy.add_argument("name")
    execute = add("exec", developer.execute, "run a command as the servers' account")
    execute.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND")
    add("paths", developer.paths, "print where things lie")
    return parser


def _test(options: argparse.Namespace) -> int:
    module = importlib.import_module("ekarte_stack.tests")  # wants the suites' packages
    code: int = module.test(options)
    return code


def _add_bench(bench: argparse.ArgumentParser) -> None:
    bench.add_argument("what", choices=[*BENCHES])
    bench.add_argument("--rounds", type=int, default=5)
    bench.add_argument("--json", metavar="FILE", help="write the figures here too")
    bench.add_argument("--html", metavar="FILE", help="all: a page with plots")
    bench.add_argument("--quick", action="store_true", help="all: some minutes only")
    bench.add_argument("--profile", action="store_true", help="tell where time goes")
    bench.add_argument("--seconds", type=int, default=5, help="for each cell")
    bench.add_argument("--seed", type=int, default=1)
    bench.add_argument("--minutes", type=float, default=5, help="fuzz: in all")
    bench.add_argument("--scans", type=int, default=120, help="odoo: cards to scan")
    bench.add_argument(
        "--overload",
        type=int,
        default=30,
        help="gateway: seconds at twice the capacity",
    )
    bench.add_argument("--cards", type=int, help="100,000; desk: 1 million")
    bench.add_argument("--large-cards", type=int, default=1_000_000)
    bench.add_argument(
        "--entries",
        type=int,
        help="of the large ledger, 10 million, 0 for none; settlement: 1 million",
    )


BENCHES = {
    "ledger": "ekarte_stack.bench",
    "gateway": "ekarte_stack.bench_gateway",
    "odoo": "ekarte_stack.bench_till",
    "settlement": "ekarte_stack.bench_settlement",
    "desk": "ekarte_stack.bench_desk",
    "spend": "ekarte_stack.bench_spend",
    "all": "ekarte_stack.bench_all",
    "fuzz": "ekarte_stack.bench_fuzz",
    "sizes": "ekarte_stack.bench_sizes",
}


def _bench(options: argparse.Namespace) -> int:
    module = importlib.import_module(BENCHES[options.what])  # the others do without it
    name = "all_" if options.what == "all" else options.what
    code: int = getattr(module, name)(options)
    return code


def _add_chaos(chaos: argparse.ArgumentParser) -> None:
    chaos.add_argument("--short", action="store_true", help="1 round of quick faults")
    chaos.add_argument("--seed", type=int, help="of every choice; else drawn")
    chaos.add_argument("--rounds", type=int, help="of each fault, 20")
    chaos.add_argument("--only", metavar="FAULT", help="a name, or a pattern: net-*")
    chaos.add_argument("--json", metavar="FILE", help="write the figures here too")


def _chaos(options: argparse.Namespace) -> int:
    module = importlib.import_module("ekarte_stack.chaos.command")  # wants the packages
    code: int = module.chaos(options)
    return code


def _audit(options: argparse.Namespace) -> int:
    module = importlib.import_module("ekarte_stack.audit")  # the others do without it
    code: int = module.audit(options)
    return code


def _terminal(options: argparse.Namespace) -> int:
    module = importlib.import_module("ekarte_stack.terminal")  # wants the packages
    code: int = module.terminal(options)
    return code


if __name__ == "__main__":
    sys.exit(main())
