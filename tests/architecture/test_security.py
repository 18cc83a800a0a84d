"""The threat model names tests that are there, for every boundary and every threat."""

import re

from tree import CHECKOUT

TEXT = (CHECKOUT / "docs" / "SECURITY.md").read_text(encoding="utf-8")
PARTS = re.split(r"^## ", TEXT, flags=re.MULTILINE)
LINES = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.splitlines()
    if re.match(r"\| [STRIDE](, [STRIDE])* \|", line)
]


def test_every_threat_has_a_defence_and_tests_that_exist():
    assert len(LINES) > 25
    for kinds, threat, defence, shown in LINES:
        named = re.findall(r"`([\w/.]+)`", shown)
        assert all((kinds, threat, defence))
        assert named, f"{threat}: shown by nothing"
        for path in named:
            assert (CHECKOUT / path).is_file(), f"{threat}: no file {path}"
            assert re.search(r"(^|/)test_\w+\.py$", path), f"{path} is no test"


def test_every_boundary_of_the_diagram_has_its_table_and_none_has_another():
    drawn = (CHECKOUT / "docs" / "images" / "trust.svg").read_text(encoding="utf-8")
    boundaries = set(re.findall(r'class="b">([A-F])\b', drawn))
    heads = [part.splitlines()[0] for part in PARTS if "| threat |" in part]
    told = {name for head in heads for name in re.findall(r"\b[A-F]\b(?=[,.])", head)}
    assert boundaries == told == set("ABCDEF")


def test_each_kind_of_threat_is_thought_of():
    kinds = {kind for line in LINES for kind in line[0].split(", ")}
    assert kinds == set("STRIDE")


def test_the_tests_that_attack_are_all_told_of():
    told = set(re.findall(r"`([\w/]+\.py)`", TEXT))
    attacks = {
        path.relative_to(CHECKOUT).as_posix()
        for pattern in ("*forged*", "*hostile*", "*guess*", "*secret*", "*refusals*")
        for folder in ("tests", "ekarte_loyalty", "ekarte_pos_terminal")
        for path in (CHECKOUT / folder).rglob(f"test_{pattern}.py")
    }
    assert attacks - told == set()
