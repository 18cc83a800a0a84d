"""What we use may be used with ours; and what nobody answered is not called clean."""

import json

import pytest
from tree import CHECKOUT

from ekarte_stack import audit, licences
from ekarte_stack.licences import Package

LOCKS = sorted(CHECKOUT.glob("requirements*.lock"))
PEERS = CHECKOUT / "tests" / "peers" / "package-lock.json"


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_pinned_package_is_under_a_licence_that_goes_with_ours(lock):
    packages = licences.python_packages(lock)
    if lock.name != "requirements-audit.lock":  # it has an environment of its own
        assert len(packages) > 0.9 * len(licences.pinned(lock))
    wrong = {one: licences.verdict(one) for one in packages}
    shipped = lock.name in ("requirements.lock", "requirements-gateway.lock")
    tools = set() if shipped else set(licences.TOOLS)
    assert {
        one.name: said for one, said in wrong.items() if said and one.name not in tools
    } == {}


def test_what_the_tests_need_of_node_is_so_too():
    packages = licences.node_packages(PEERS)
    assert len(packages) > 5
    wrong = {one.name for one in packages if licences.verdict(one)}
    assert wrong <= set(licences.TOOLS)


@pytest.mark.parametrize(
    "words",
    [
        "GPL-3.0-only",
        "GNU General Public License v3 (GPLv3)",
        "GNU Affero General Public License v3",
        "MIT AND GPL-2.0-only",
        "Other/Proprietary License",
        "SSPL-1.0",
        "",
        "ask the author",
    ],
)
def test_a_licence_that_reaches_ours_or_says_nothing_is_told(words):
    assert licences.verdict(Package("x", words))


@pytest.mark.parametrize(
    "words",
    [
        "MIT",
        "Apache-2.0 OR GPL-2.0-only",
        "LGPL with exceptions",
        "(LGPL-2.0 or MIT)",
        "GNU Library or Lesser General Public License (LGPL)",
        "Apache Software License",
    ],
)
def test_a_free_licence_is_not(words):
    assert licences.verdict(Package("x", words)) == ""


def answered(*packages: dict) -> str:
    return json.dumps({"dependencies": list(packages)})


SOUND = {"name": "one", "version": "1", "vulns": []}
HOLED = {
    "name": "two",
    "version": "2",
    "vulns": [{"id": "CVE-1", "fix_versions": ["3"], "aliases": []}],
}
SKIPPED = {"name": "three", "skip_reason": "not found"}


@pytest.fixture
def lock(tmp_path):
    path = tmp_path / "x.lock"
    path.write_text("one==1 \\\n    --hash=sha256:00\ntwo==2\nthree==3\n")
    return path


def test_a_known_hole_is_told_with_what_mends_it(lock):
    told = audit.of_pip(answered(SOUND, HOLED, SKIPPED), lock)
    assert told.holes == ["two 2: CVE-1, mended in 3"]
    assert told.sentence == "1 known holes in 2 packages, of 1 nothing is known"


@pytest.mark.parametrize("answer", ["", "not JSON", "{}", "[]", answered(SKIPPED)])
def test_silence_is_no_clean_bill(lock, answer):
    told = audit.of_pip(answer, lock)
    assert told.known == 0
    assert told.sentence == "nobody answered: nothing is known of 3 packages"


def test_npm_s_answer_is_read_and_its_refusal_is_silence():
    holed = json.dumps({"vulnerabilities": {"x": {"severity": "high"}}})
    assert audit.of_npm(holed, PEERS).holes == ["x: high"]
    assert audit.of_npm('{"vulnerabilities": {}}', PEERS).holes == []
    assert audit.of_npm('{"message": "405 Method Not Allowed"}', PEERS).known == 0
