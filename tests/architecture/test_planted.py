"""Each tidy rule catches the fault it is for, and lets the neighbour pass.

A rule that finds nothing looks exactly like a clean tree; so every one of them is
shown a small tree with the fault planted and the same tree without it.
"""

import pytest
from tidy import RULES
from tree import Tree

LONG_FUNCTION = "def f():\n" + "    x = 1\n" * 70
SCREENFUL = "def f():\n" + "    x = 1\n" * 69
MARKER = "TO" + "DO"
MIRROR = "http://deb.deb" + "ian.org/debian"
MANIFEST = "{'name': 'x', 'version': '19.0.1.0.0', 'data': ['views/a.xml']}"
SUITE = "{'name': 'x', 'depends': ['ekarte_loyalty', 'ekarte_pos_terminal']}"
VERSION = 'version = "19.0.1.0.0"\n'

# rule, file, text with the fault, text without it
FAULTS = [
    ("functions_fit_on_a_screen", "ekarte_core/a.py", LONG_FUNCTION, SCREENFUL),
    ("functions_fit_on_a_screen", "demo/a.py", LONG_FUNCTION, SCREENFUL),
    ("files_fit_a_sitting", "ekarte_core/a.py", "x = 1\n" * 501, "x = 1\n" * 500),
    ("files_fit_a_sitting", "ekarte_x/static/a.js", "//\n" * 501, "//\n" * 500),
    ("core_has_no_float", "ekarte_core/a.py", "rate = 0.05\n", "rate_bp = 500\n"),
    ("core_has_no_float", "ekarte_core/a.py", "x: float\n", "x: int\n"),
    ("core_has_no_float", "ekarte_core/rules/a.py", "x = a / b\n", "x = a // b\n"),
    ("core_has_no_float", "ekarte_core/a.sql", "x numeric,\n", "x bigint,\n"),
    ("codecs_have_no_float", "ekarte_auth_gateway/codec/a.py", "x = 1.5\n", "x = 1\n"),
    (
        "nothing_is_left_over",
        "ekarte_core/a.py",
        f"# {MARKER}: later\n",
        "# Later is another day.\n",
    ),
    (
        "nothing_is_left_over",
        "ekarte_x/static/a.js",
        "  console" + ".log(card);\n",
        "  this.log(card);\n",
    ),
    ("nothing_is_left_over", "docs/a.md", "<" * 7 + " HEAD\n", "a < b\n"),
    (
        "no_thread_outlives_its_process",
        "tests/core/test_a.py",
        "threading.Thread(target=f)\n",
        "threading.Thread(target=f, daemon=True)\n",
    ),
    (
        "records_are_known_before_there_are_threads",
        "ekarte_core/a.py",
        "x = msgspec.json.decode(text, type=Record)\n",
        "_records = Parser(Record)\n",
    ),
    (
        "records_are_known_before_there_are_threads",
        "ekarte_x/models/a.py",
        "x = msgspec.convert(tree, Record)\n",
        "x = _records.from_tree(tree)\n",
    ),
    (
        "records_are_known_before_there_are_threads",
        "ekarte_core/b.py",
        "def read(text):\n    return Parser(Record).from_json(text)\n",
        "def read(text):\n    return _records.from_json(text)\n",
    ),
    (
        "no_test_is_skipped",
        "tests/core/test_a.py",
        "@pytest.mark.skip\ndef test_a(): ...\n",
        "def test_a(): ...\n",
    ),
    (
        "no_test_is_skipped",
        "ekarte_loyalty/tests/test_a.py",
        "self.skipTest('no browser')\n",
        "self.fail('no browser')\n",
    ),
    (
        "nothing_is_swallowed",
        "ekarte_core/a.py",
        "try:\n    f()\nexcept Exception:\n    pass\n",
        "try:\n    f()\nexcept Exception:\n    raise\n",
    ),
    ("nothing_names_a_machine", "ekarte", f"mirror={MIRROR}\n", "mirror=$1\n"),
    ("nothing_names_a_machine", "docs/a.md", "see ../sha" + "red/x\n", "see adr/x\n"),
    ("nothing_names_a_machine", "demo/a.py", '"/ro' + 'ot/x"\n', '"/srv/x"\n'),
    (
        "sql_lives_in_sql_files",
        "ekarte_core/a.py",
        'Q = "SELECT id FROM ekarte.card"\n',
        'Q = "Selected cards"\n',
    ),
    (
        "sql_lives_in_sql_files",
        "ekarte_auth_gateway/a.py",
        'cr.execute(f"{head} {tail}")\n',
        "cr.execute(QUERIES['find_card'])\n",
    ),
    (
        "sql_files_state_their_reason",
        "ekarte_core/a.sql",
        "SELECT 1;\n",
        "-- Why this is asked.\nSELECT 1;\n",
    ),
    (
        "sql_files_state_their_reason",
        "ekarte_core/a.sql",
        "-- lock --\n" + "SELECT\n" * 10,
        "-- lock --\n-- Sorted.\n" + "SELECT\n" * 10,
    ),
    ("core_has_no_float", "ekarte_core/b.sql", "x real,\n", "x bigint, -- real\n"),
    ("the_root_is_a_suite_and_no_package", "__manifest__.py", "{'depends': []}", SUITE),
    (
        "the_root_is_a_suite_and_no_package",
        "__manifest__.py",
        SUITE[:-1] + ", 'installable': True}",
        SUITE,
    ),
    (
        "one_version_everywhere",
        "ekarte_loyalty/__manifest__.py",
        MANIFEST.replace("1.0.0", "1.0.1"),
        MANIFEST,
    ),
    (
        "python_3_10_can_read_it",
        "ekarte_core/a.py",
        "try:\n    f()\nexcept* OSError:\n    raise\n",
        "try:\n    f()\nexcept OSError:\n    raise\n",
    ),
    (
        "front_doors_list_what_they_offer",
        "ekarte_core/__init__.py",
        "from ekarte_core.a import b, c\n__all__ = ['b']\n",
        "from ekarte_core.a import b, c\n__all__ = ['b', 'c']\n",
    ),
    (
        "front_doors_list_what_they_offer",
        "ekarte_core/__init__.py",
        "__all__ = ['ghost']\n",
        "__all__ = []\n",
    ),
]


def plant(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Tree(root)


def scaffold(root):
    """What some rules expect to be there at all."""
    return plant(
        root,
        {
            "pyproject.toml": VERSION,
            "ekarte_core/__init__.py": "__all__ = []\n",
            "ekarte_auth_gateway/__init__.py": "__all__ = []\n",
        },
    )


@pytest.mark.parametrize(
    ("rule", "name", "fault", "sound"),
    FAULTS,
    ids=[f"{rule}-{name}-{number}" for number, (rule, name, *_) in enumerate(FAULTS)],
)
def test_a_planted_fault_is_caught_and_its_neighbour_is_not(
    tmp_path, rule, name, fault, sound
):
    scaffold(tmp_path)
    found = RULES[rule](plant(tmp_path, {name: fault}))
    assert any(name in complaint for complaint in found), found
    assert RULES[rule](plant(tmp_path, {name: sound})) == []


ADDON = {
    "ekarte_loyalty/__manifest__.py": MANIFEST,
    "ekarte_loyalty/__init__.py": "from . import models\n",
    "ekarte_loyalty/models/__init__.py": "from . import card\n",
    "ekarte_loyalty/models/card.py": "",
    "ekarte_loyalty/tests/__init__.py": "from . import test_card\n",
    "ekarte_loyalty/tests/common.py": "",
    "ekarte_loyalty/tests/test_card.py": "from .common import x\n",
    "ekarte_loyalty/views/a.xml": "<odoo/>",
}
FORGOTTEN = [
    ("odoo_loads_every_python_file", "ekarte_loyalty/tests/test_purse.py"),
    ("odoo_loads_every_python_file", "ekarte_loyalty/models/purse.py"),
    ("odoo_loads_every_python_file", "ekarte_loyalty/wizards/__init__.py"),
    ("odoo_loads_every_data_file", "ekarte_loyalty/views/b.xml"),
    ("odoo_loads_every_data_file", "ekarte_loyalty/security/ir.model.access.csv"),
]


@pytest.mark.parametrize(("rule", "name"), FORGOTTEN)
def test_a_forgotten_file_of_an_addon_is_caught(tmp_path, rule, name):
    assert RULES[rule](plant(tmp_path, ADDON)) == []
    assert len(RULES[rule](plant(tmp_path, {name: ""}))) == 1


def test_a_root_package_is_caught(tmp_path):
    rule = RULES["the_root_is_a_suite_and_no_package"]
    assert rule(plant(tmp_path, {"__manifest__.py": SUITE})) == []
    assert rule(plant(tmp_path, {"__init__.py": ""})) != []


def test_every_rule_has_been_shown_a_fault():
    shown = {rule for rule, *_ in [*FAULTS, *FORGOTTEN]}
    assert shown == set(RULES)
