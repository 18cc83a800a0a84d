"""How Odoo's own suites are judged: known ones are excused, others must pass."""

import pytest

from ekarte_stack.odoo_suites import Case, judge, read_known, tried_again, whole
from ekarte_stack.steps import StackError

NAME = "sale.tests.test_order.TestOrder::test_"
KNOWN = read_known(f"# why\n{NAME}old  fails in plain Odoo, too\n")


def found(**outcomes: str) -> list[Case]:
    return [Case(f"{NAME}{test}", how, "because") for test, how in outcomes.items()]


def test_what_fails_in_plain_odoo_too_is_excused_and_all_else_is_not():
    assert judge("sale", found(a="passed", old="failed"), KNOWN).failed == 0
    assert judge("sale", found(a="passed", new="failed"), KNOWN).failed == 1
    assert judge("sale", found(a="passed", new="skipped"), KNOWN).failed == 1


def test_a_suite_in_which_nothing_passed_has_failed():
    assert judge("sale", found(old="failed"), KNOWN).failed == 1


def test_what_passes_when_tried_again_has_passed_and_is_told(capsys):
    first = found(a="passed", slow="failed", broken="failed")
    again = tried_again(first, found(slow="passed", broken="failed"))
    assert [case.outcome for case in again] == ["passed", "passed", "failed"]
    told = capsys.readouterr().out
    assert f"tried again: {NAME}slow: because" in told
    assert "broken" not in told


def test_what_could_not_be_tried_again_stays_failed():
    assert [x.outcome for x in tried_again(found(slow="failed"), [])] == ["failed"]


def test_a_test_is_found_again_by_its_name():
    assert Case(f"{NAME}a", "failed", "").path == (
        "sale/tests/test_order.py::TestOrder::test_a"
    )
    assert not Case("::sale/tests/test_order.py", "failed", "no import").path


def test_a_suite_that_is_not_there_is_refused_and_the_others_named():
    with pytest.raises(StackError) as refused:
        whole(None, ["pos_loyalty", "sales"])
    assert "sales" in refused.value.what
    assert "pos_restaurant" in refused.value.report()
