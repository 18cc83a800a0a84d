"""Patches: what is made of the old document is the new one, whatever the two are."""

import json
from copy import deepcopy

from hypothesis import example, given
from hypothesis import strategies as st

from ekarte_auth_gateway.parameters import apply, canonical, delta

NAMES = st.sampled_from(["a", "b", "č", "", "rc.62"])
LEAVES = (
    st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(max_size=4)
    | st.lists(st.integers() | st.none(), max_size=3)
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)
DOCUMENTS = st.dictionaries(NAMES, VALUES, max_size=5)


@given(DOCUMENTS, DOCUMENTS)
@example({"a": {"b": 1}}, {"a": {}})
@example({}, {"a": {}})
@example({"a": 1}, {"a": {"b": {}}})
@example({"a": 1}, {"a": True})
def test_a_patch_makes_the_new_document_of_the_old_one(before, after):
    old, patch = deepcopy(before), delta(before, after)
    made = apply(json.loads(canonical(patch)), before)
    assert canonical(made) == canonical(after)
    assert before == old, "the old document stays as it was"


@given(DOCUMENTS)
def test_nothing_has_changed_where_nothing_has(document):
    assert delta(document, deepcopy(document)) == {}
    assert apply({}, document) == document


def test_one_change_is_a_short_patch():
    before = {"programs": {str(n): {"rate": n} for n in range(100)}}
    after = deepcopy(before)
    after["programs"]["7"]["rate"] = 8
    assert delta(before, after) == {"programs": {"7": {"rate": 8}}}


def test_the_examples_of_the_standard():
    """RFC 7386, appendix A, those with objects."""
    cases = [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ]
    for before, patch, after in cases:
        assert apply(patch, before) == after
