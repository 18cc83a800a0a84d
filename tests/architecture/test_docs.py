"""The documents say what the code does: names, codes, tests and links exist."""

import ast
import re
from functools import cache

import msgspec
import pytest
from tree import CHECKOUT, Tree

import ekarte_core
from ekarte_core.rules.programs import PROGRAM_KINDS

DOCS = CHECKOUT / "docs"
TREE = Tree()


def rows(text, columns):
    """Yield the cells of every table row with that many columns, head left out."""
    for line in text.splitlines():
        if line.startswith("|") and not re.match(r"\|[\s:|-]+\|$", line):
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            if len(cells) == columns:
                yield cells


def markdown():
    return [source for source in TREE.files if source.name.endswith(".md")]


# --- answer codes


def code_tables():
    """Every Markdown table whose first column holds answer codes."""
    for source in markdown():
        for table in re.findall(r"(?:^\|.*\|\n)+", source.text, re.MULTILINE):
            codes = re.findall(r"^\| *`?(\d\d)`? *\|", table, re.MULTILINE)
            if "answer code" in table.splitlines()[0].lower():
                yield source.name, codes


def test_the_table_of_answer_codes_is_the_order_of_precedence():
    tables = dict(code_tables())
    assert tables, "no table of answer codes in the docs"
    for name, codes in tables.items():
        assert codes == [code.value for code in ekarte_core.Rc], name


def test_the_column_kept_says_which_answers_are_stored():
    text = (DOCS / "ANSWER_CODES.md").read_text(encoding="utf-8")
    kept = {code: kept for code, _meaning, kept, _reason in rows(text, 4)}
    assert {code for code, word in kept.items() if word == "no"} == {
        code.value for code in ekarte_core.TRANSIENT
    }


# --- programs


@pytest.mark.parametrize("kind", PROGRAM_KINDS)
def test_the_parameters_of_a_kind_are_those_of_its_table(kind):
    text = (DOCS / "PROGRAMS.md").read_text(encoding="utf-8")
    part = re.search(rf"^### `{kind}`\n(.*?)(?=^##)", text, re.DOTALL | re.MULTILINE)
    assert part, f"no part about {kind}"
    told = [
        name for cells in rows(part[1], 3) for name in re.findall(r"`(\w+)`", cells[0])
    ]
    fields = msgspec.structs.fields(PROGRAM_KINDS[kind])
    assert sorted(told) == sorted(field.encode_name for field in fields)


# --- invariants


def invariants():
    text = (DOCS / "INVARIANTS.md").read_text(encoding="utf-8")
    return [cells for cells in rows(text, 4) if cells[0] != "code"]


@cache
def functions_of(name):
    tree = ast.parse((CHECKOUT / name).read_text(encoding="utf-8"))
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }


def test_every_invariant_names_tests_that_exist():
    listed = invariants()
    assert listed
    for code, _sentence, where, proof in listed:
        named = re.findall(r"`([\w/]+\.py)::(\w+)`", proof)
        assert named, f"{code} names no test"
        for path, test in named:
            assert (CHECKOUT / path).exists(), f"{code}: no file {path}"
            assert test.startswith("test_"), f"{code}: {test} is no test"
            assert test in functions_of(path), f"{code}: no {test} in {path}"
        for path in re.findall(r"`([\w/]+\.(?:sql|py))`", where):
            assert (CHECKOUT / path).exists(), f"{code}: no file {path}"


def test_every_query_of_verify_is_listed_with_its_sentence():
    sql = CHECKOUT / "ekarte_core" / "ledger" / "invariants.sql"
    queries = re.findall(
        r"^-- (I\d+) --\n-- (.+)$", sql.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert queries
    listed = {code: sentence for code, sentence, *_ in invariants()}
    assert {code: listed.get(code) for code, _ in queries} == dict(queries)


# --- glossary


def forbidden_words():
    text = (DOCS / "GLOSSARY.md").read_text(encoding="utf-8")
    return {
        word: cells[0]
        for cells in list(rows(text, 6))[1:]
        for word in re.findall(r"\w+", cells[5])
    }


def names_in(source):
    for node in ast.walk(source.syntax):
        for attribute in ("name", "id", "attr", "arg"):
            name = getattr(node, attribute, None)
            if isinstance(name, str):
                yield node, name


def words_of(name):
    return re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)


def test_names_are_the_words_of_the_glossary():
    forbidden = forbidden_words()
    assert "wallet" in forbidden
    rooms = ("ekarte_core", "ekarte_auth_gateway", "ekarte_loyalty", "ekarte_pos")
    found = [
        f"{source}:{getattr(node, 'lineno', '?')}: {name}: say {forbidden[word]}"
        for source in TREE.under(*rooms)
        if "/tests/" not in source.name
        for node, name in names_in(source)
        for word in map(str.lower, words_of(name))
        if word in forbidden
    ]
    found += [
        f"{source}: {word}: say {forbidden[word]}"
        for source in TREE.under("ekarte_core", suffix=".sql")
        for word in set(re.findall(r"[a-z]+", re.sub(r"--.*", "", source.text)))
        if word in forbidden
    ]
    assert found == []


def test_the_glossary_explains_each_word_once():
    text = (DOCS / "GLOSSARY.md").read_text(encoding="utf-8")
    words = [cells[0] for cells in rows(text, 6)]
    assert sorted(words) == sorted(set(words))


@pytest.mark.parametrize(
    "table", ["card", "membership", "purse", "operation", "entry", "hold", "seal"]
)
def test_the_glossary_knows_the_tables_of_the_ledger(table):
    text = (DOCS / "GLOSSARY.md").read_text(encoding="utf-8")
    assert table in [cells[0] for cells in rows(text, 6)]


# --- decisions


def test_decisions_are_numbered_without_a_gap_and_have_their_three_parts():
    files = sorted((DOCS / "adr").glob("[0-9]*.md"))
    numbers = [int(path.name[:4]) for path in files]
    assert numbers == list(range(1, len(files) + 1))
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {path.name[:4]}. "), path.name
        heads = re.findall(r"^## (.+)$", text, re.MULTILINE)
        assert heads == ["Context", "Decision", "Consequences"], path.name
        assert re.search(r"^Date: \d{4}-\d\d-\d\d\. Status: ", text, re.MULTILINE)


def test_the_list_of_decisions_names_each_with_its_title():
    index = (DOCS / "adr" / "README.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"\[\d{4}\]\(([^)]+)\) \| (.+?) \|", index))
    titles = {
        path.name: path.read_text(encoding="utf-8").splitlines()[0][8:]
        for path in (DOCS / "adr").glob("[0-9]*.md")
    }
    assert listed == titles


def test_decisions_that_are_cited_exist():
    known = {path.name[:4] for path in (DOCS / "adr").glob("[0-9]*.md")}
    cited = {
        (source.name, number)
        for source in TREE.texts
        for number in re.findall(r"(?:ADR[ -]|adr/)(\d{4})", source.text)
        if source.name.endswith((".py", ".md", ".sql", ".xml", ".toml"))
    }
    assert {pair for pair in cited if pair[1] not in known} == set()


# --- links, pages, news


def test_links_between_pages_lead_somewhere():
    broken = []
    for source in markdown():
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", source.text):
            elsewhere = "://" in target or target.startswith("mailto:")
            if not elsewhere and not (source.path.parent / target).exists():
                broken.append(f"{source}: {target}")
    assert broken == []


def test_pages_that_the_code_speaks_of_exist():
    cited = {
        (source.name, page)
        for source in TREE.under()
        if not source.name.startswith("tests/architecture/")
        for page in re.findall(r"\bdocs/[\w/]+\.md", source.text)
    }
    assert {pair for pair in cited if not (CHECKOUT / pair[1]).exists()} == set()


def test_the_readme_starts_with_the_two_commands():
    text = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    first = re.search(r"```\w*\n(.*?)```", text, re.DOTALL)
    assert first, "no block of commands"
    commands = [line for line in first[1].splitlines() if line.startswith("./ekarte")]
    assert [line.split("#")[0].strip() for line in commands] == [
        "./ekarte demo --once",
        "./ekarte test",
    ]
    before_images = text[: text.index("](docs/images/")]
    assert "./ekarte test" in before_images


def test_the_readme_names_every_room():
    text = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    rooms = {source.name.split("/")[0] for source in TREE.under("ekarte_")}
    assert {room for room in rooms if f"`{room}/" not in text} == set()


def test_every_setting_of_the_gateway_is_told():
    text = (DOCS / "OPERATIONS.md").read_text(encoding="utf-8")
    settings = CHECKOUT / "ekarte_auth_gateway" / "settings.py"
    names = set(re.findall(r"EKARTE_[A-Z_]+", settings.read_text(encoding="utf-8")))
    told = set(re.findall(r"`(EKARTE_[A-Z_]+)`", text))
    assert names - told == set()
    assert told - names == set(), "told, but nobody reads it"


def test_the_changelog_has_an_unreleased_part_with_its_sections():
    text = (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")
    unreleased = re.search(r"## Unreleased\n(.*?)(?=\n## |\Z)", text, re.DOTALL)
    assert unreleased
    assert re.findall(r"^### (.+)$", unreleased[1], re.MULTILINE) == [
        "Money and safety",
        "Features",
        "Internals",
    ]


def test_ci_runs_what_the_readme_says():
    script = (CHECKOUT / ".ci" / "run").read_text(encoding="utf-8")
    assert re.search(r"^(exec )?(\./|\"\S+/)?ekarte\"? test", script, re.MULTILINE)
