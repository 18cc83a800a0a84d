"""The tidy rules: promises of docs/STYLE.md that no linter keeps.

Each rule takes a tree and returns complaints, `file:line: what`; none is the good
case. Idea after TigerBeetle's tidy test.
"""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from tree import Source, Tree

FUNCTION_LINES_MAX = 70  # one screen; docstring lines do not count
FILE_LINES_MAX = 500
PURE_ROOMS = ("ekarte_core", "ekarte_auth_gateway")
# Rooms of the core in which a division that makes a float must not happen.
MONEY_ROOMS = ("ekarte_core/rules/", "ekarte_core/settlement/", "ekarte_core/values.py")

Rule = Callable[[Tree], list[str]]
RULES: dict[str, Rule] = {}


def rule(function: Rule) -> Rule:
    """Register a rule under its name."""
    RULES[function.__name__] = function
    return function


@rule
def functions_fit_on_a_screen(tree: Tree) -> list[str]:
    """At most 70 lines, docstring not counted."""
    return [
        f"{source}:{node.lineno}: {node.name} has {lines} lines"
        for source in tree.under("ekarte_", "demo")
        for node in ast.walk(source.syntax)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (lines := _lines(node)) > FUNCTION_LINES_MAX
    ]


def _lines(node: "ast.FunctionDef | ast.AsyncFunctionDef") -> int:
    docstring = ast.get_docstring(node, clean=False) or ""
    return node.end_lineno - node.lineno + 1 - len(docstring.splitlines())


@rule
def files_fit_a_sitting(tree: Tree) -> list[str]:
    """At most 500 lines of Python, SQL, JavaScript or style."""
    return [
        f"{source}:{len(source.lines)}: longer than {FILE_LINES_MAX} lines"
        for suffix in (".py", ".sql", ".js", ".scss")
        for source in tree.under("ekarte_", suffix=suffix)
        if len(source.lines) > FILE_LINES_MAX
    ]


INEXACT = r"(?<!')\b(float[48]?|real|double precision|numeric|decimal|money)\b(?!')"


@rule
def core_has_no_float(tree: Tree) -> list[str]:
    """Neither as a constant, nor as a type, nor as the fruit of a division."""
    found = []
    for source in tree.under("ekarte_core"):
        for node in ast.walk(source.syntax):
            if isinstance(node, ast.Constant) and isinstance(node.value, float):
                found.append(f"{source}:{node.lineno}: the constant {node.value}")
            elif isinstance(node, ast.Name) and node.id in {"float", "Decimal"}:
                found.append(f"{source}:{node.lineno}: {node.id}")
            elif _divides(node) and source.name.startswith(MONEY_ROOMS):
                found.append(f"{source}:{node.lineno}: / makes a float, use //")
    for source in tree.under("ekarte_core", suffix=".sql"):
        found += _matches(source, INEXACT, until="--")
    return found


def _divides(node: ast.AST) -> bool:
    return isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(node.op, ast.Div)


@rule
def codecs_have_no_float(tree: Tree) -> list[str]:
    """What goes over the wire is whole numbers; the gateway's clocks may be floats."""
    return [
        f"{source}:{node.lineno}: a float"
        for source in tree.under("ekarte_auth_gateway")
        if source.name.startswith("ekarte_auth_gateway/codec/")
        for node in ast.walk(source.syntax)
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id == "float")
    ]


@rule
def no_thread_outlives_its_process(tree: Tree) -> list[str]:
    """A thread that is no daemon keeps a failed run alive until it is killed."""
    return [
        f"{source}:{node.lineno}: say daemon=True"
        for source in tree.under("ekarte_", "tests")
        for node in ast.walk(source.syntax)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"Thread", "threading.Thread"}
        and not any(word.arg == "daemon" for word in node.keywords)
    ]


READS_TYPED = re.compile(
    r"msgspec\.(convert|json\.Decoder)\(|json\.decode\([^\n]*\btype="
)


@rule
def records_are_known_before_there_are_threads(tree: Tree) -> list[str]:
    """Typed reading goes through Parsers, which are made while modules load.

    Two threads that read a record first at the same moment end the process.
    """
    return [
        *(
            f"{source}:{number}: read it with a Parser of the core"
            for source in tree.under("ekarte_")
            if str(source) != "ekarte_core/parser.py"
            for number, line in enumerate(source.lines, start=1)
            if READS_TYPED.search(line)
        ),
        *(
            f"{source}:{node.lineno}: a Parser is made at the top of a module"
            for source in tree.under("ekarte_")
            for made in ast.walk(source.syntax)
            if isinstance(made, (ast.FunctionDef, ast.AsyncFunctionDef))
            for node in ast.walk(made)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "Parser"
        ),
    ]


@rule
def odoo_loads_every_python_file(tree: Tree) -> list[str]:
    """Odoo silently passes over a model or a test that nothing imports."""
    found = []
    for addon in tree.addons:
        sources = tree.under(addon.name)
        imported = {pair for source in sources for pair in _imports(source)}
        for source in sources:
            path = source.path
            if (
                path.name in {"__manifest__.py", "hooks.py"}
                or "migrations" in path.parts
            ):
                continue
            module = path.parent if path.name == "__init__.py" else path.with_suffix("")
            # Odoo imports <add-on>/tests by itself.
            if module not in imported and module not in {addon, addon / "tests"}:
                found.append(f"{source}:1: nothing imports it")
    return found


def _imports(source: Source) -> Iterator[Path]:
    """Yield the modules that a file imports relatively, as paths without suffix."""
    for node in ast.walk(source.syntax):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = source.path.parents[node.level - 1]
            base = base.joinpath(*(node.module or "").split("."))
            yield base
            yield from (base / alias.name for alias in node.names)


NOT_DATA = {"static", "tests", "i18n", "migrations"}


@rule
def odoo_loads_every_data_file(tree: Tree) -> list[str]:
    """A view or access file that nobody names is silently not there.

    Named by the manifest, or loaded by the add-on's own code under its file name.
    """
    found = []
    for addon in tree.addons:
        manifest = tree.manifest(addon)
        named = set(manifest.get("data", [])) | set(manifest.get("demo", []))
        code = "".join(source.text for source in tree.under(addon.name))
        for path in sorted(addon.rglob("*")):
            inside = path.relative_to(addon).as_posix()
            if path.suffix not in {".xml", ".csv"} or inside.split("/")[0] in NOT_DATA:
                continue
            if inside not in named and f'"{path.name}"' not in code:
                found.append(f"{addon.name}/__manifest__.py:1: does not name {inside}")
    return found


MARKERS = "|".join(("TO" + "DO", "FIX" + "ME", "HA" + "CK"))
LEFTOVERS = (
    rf"\b(?:{MARKERS})\b",
    # Alone it may be a currency's code.
    r"(?:#|//|--) .*\bXX" + r"X\b",
    r"^(?:<{7}|>{7}) ",
    r"\bbreakpoint\(\)|\bpdb\.set_trace\b",
    r"^\s*debugger;",
    r"\bconsole\.log\(",
)


@rule
def nothing_is_left_over(tree: Tree) -> list[str]:
    """No marker of unfinished work, no merge conflict, no debugging aid."""
    return [
        complaint
        for source in tree.texts
        if not source.name.endswith((".lock", "package-lock.json"))
        for pattern in LEFTOVERS
        for complaint in _matches(source, pattern)
    ]


@rule
def no_test_is_skipped(tree: Tree) -> list[str]:
    """A skipped test looks like a passed one; `./ekarte test` fails on them too."""
    words = {"skip", "skipif", "skipIf", "skipUnless", "skipTest", "xfail", "SkipTest"}
    return [
        f"{source}:{node.lineno}: {name}"
        for source in tree.under("tests", "ekarte_")
        if "tests/" in source.name
        for node in ast.walk(source.syntax)
        for name in [getattr(node, "attr", getattr(node, "id", ""))]
        if isinstance(node, (ast.Attribute, ast.Name)) and name in words
    ]


BROAD = {"Exception", "BaseException"}


@rule
def nothing_is_swallowed(tree: Tree) -> list[str]:
    """A handler that only passes hides a fault; `contextlib.suppress` names it."""
    return [
        f"{source}:{node.lineno}: the exception is swallowed"
        for source in tree.under("ekarte_", "demo", "tests")
        for node in ast.walk(source.syntax)
        if isinstance(node, ast.ExceptHandler)
        and all(isinstance(step, ast.Pass) for step in node.body)
        and (node.type is None or ast.unparse(node.type) in BROAD)
    ]


# In two pieces each, so that this file does not complain of itself.
PLACES = (
    r"\.\./sha" + r"red\b",
    r"(?<![\w.])/wo" + r"rk/",
    r"(?<![\w.$}])/home/(?!<)\w+/",
    r"(?<![\w.$}])/ro" + r"ot/\w",
    r"\bdeb\.deb" + r"ian\.org\b",
    r"\bsecurity\.deb" + r"ian\.org\b",
    r"\bsnapshot\.deb" + r"ian\.org\b",
    r"\bpyp" + r"i\.org\b",
    r"\bpython" + r"hosted\.org\b",
    r"\bregistry\.npm" + r"js\.org\b",
    r"\bartif" + r"actory\b",
)


@rule
def nothing_names_a_machine(tree: Tree) -> list[str]:
    """No registry's host, no folder of somebody's machine, nothing outside."""
    return [
        complaint
        for source in tree.texts
        for pattern in PLACES
        for complaint in _matches(source, pattern)
    ]


SQL = re.compile(
    r"\s*(?:SELECT\s|INSERT\s+INTO\s|UPDATE\s+\S+\s+SET\s|DELETE\s+FROM\s|WITH\s+\w+\s+AS"
    r"|CREATE\s|ALTER\s|DROP\s|LOCK\s|GRANT\s|REVOKE\s|TRUNCATE\s|EXECUTE\s|PREPARE\s"
    r"|SET\s+\w+|BEGIN\b|COMMIT\b|ROLLBACK\b|SAVEPOINT\s)"
)


@rule
def sql_lives_in_sql_files(tree: Tree) -> list[str]:
    """In core and gateway no string is a query, and no query is put together."""
    found = []
    for source in tree.under(*PURE_ROOMS):
        for node in ast.walk(source.syntax):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                if id(node) not in source.docstrings and SQL.match(node.value):
                    found.append(f"{source}:{node.lineno}: a query outside .sql")
            elif _executes_a_literal(node):
                found.append(f"{source}:{node.lineno}: executes a query made here")
    return found


def _executes_a_literal(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"execute", "executemany"}
        and bool(node.args)
        and isinstance(node.args[0], (ast.Constant, ast.JoinedStr, ast.BinOp))
    )


@rule
def sql_files_state_their_reason(tree: Tree) -> list[str]:
    """A file opens with a comment; a query says below its name what it is for.

    Short ones and plain inserts are read at a glance.
    """
    found = []
    for source in tree.under("ekarte_core", suffix=".sql"):
        if not source.text.startswith("--"):
            found.append(f"{source}:1: opens without a reason")
        for match in QUERY.finditer(source.text):
            text = match["text"]
            if (
                text.startswith(("--", "INSERT"))
                or len(text.splitlines()) < GLANCE_LINES
            ):
                continue
            line = source.text.count("\n", 0, match.start()) + 1
            found.append(f"{source}:{line}: {match['name']} has no reason line")
    return found


QUERY = re.compile(r"^-- (?P<name>\w+) --\n(?P<text>(?:.+\n)+)", re.MULTILINE)
GLANCE_LINES = 10


@rule
def the_root_is_a_suite_and_no_package(tree: Tree) -> list[str]:
    """What makes pytest-odoo collect the add-ons and tests/ keep its name.

    A root `__init__.py` would rename tests/ to a module of Odoo's; `installable`
    set to false makes pytest-odoo collect nothing at all (docs/adr/0007).
    """
    found = []
    if (tree.root / "__init__.py").exists():
        found.append("__init__.py:1: the root must not be a package")
    if not (tree.root / "__manifest__.py").exists():
        return [*found, "__manifest__.py:1: is missing"]
    manifest = tree.manifest(tree.root)
    if "installable" in manifest:
        found.append("__manifest__.py:1: the key installable must be left out")
    depends = manifest.get("depends", [])
    return found + [
        f"__manifest__.py:1: does not depend on {name}"
        for name in ("ekarte_loyalty", "ekarte_pos_terminal")
        if name not in depends
    ]


@rule
def one_version_everywhere(tree: Tree) -> list[str]:
    """Manifests and pyproject.toml carry one version: they are released together."""
    text = (tree.root / "pyproject.toml").read_text(encoding="utf-8")
    match = re.search(r'^version = "([^"]+)"', text, re.MULTILINE)
    version = match[1] if match else "none"
    places = [tree.root, *tree.addons]
    return [
        f"{place.name}/__manifest__.py:1: {theirs}, but pyproject.toml says {version}"
        for place in places
        if (place / "__manifest__.py").exists()
        and (theirs := tree.manifest(place).get("version")) != version
    ]


@rule
def python_3_10_can_read_it(tree: Tree) -> list[str]:
    """The oldest Python that must run this parses every file."""
    found = []
    for source in tree.under():
        try:
            ast.parse(source.text, feature_version=(3, 10))
        except SyntaxError as error:
            found.append(f"{source}:{error.lineno}: {error.msg}")
    return found


@rule
def front_doors_list_what_they_offer(tree: Tree) -> list[str]:
    """`__all__` of core and gateway names exactly what is imported there."""
    found = []
    for room in PURE_ROOMS:
        init = Source(tree.root / room / "__init__.py", tree.root)
        if not init.path.exists():
            found.append(f"{init}:1: is missing")
            continue
        offered = set(_names_in_all(init))
        there = {
            alias.asname or alias.name
            for node in init.syntax.body
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        found += [f"{init}:1: offers {n}, not there" for n in sorted(offered - there)]
        found += [f"{init}:1: keeps {n} out" for n in sorted(there - offered)]
    return found


def _names_in_all(init: Source) -> list[str]:
    for node in init.syntax.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    return []


def _matches(source: Source, pattern: str, until: str = "\n") -> Iterator[str]:
    """Yield a complaint for each line that matches before the sign `until`."""
    expression = re.compile(pattern)
    for number, line in enumerate(source.lines, start=1):
        match = expression.search(line.partition(until)[0])
        if match:
            yield f"{source}:{number}: {match[0].strip()}"
