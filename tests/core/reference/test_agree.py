"""The reference ledger and the one in PostgreSQL agree, whatever happens."""

import os
from typing import Any

from hypothesis import HealthCheck, given, settings

from ekarte_core import Keyring
from tests.core.reference.strategies import Step, documents, steps
from tests.core.reference.telling import Telling, examples


@settings(
    max_examples=examples(50),
    # The suite walks the same days each time; who asks for more gets new ones.
    derandomize="EKARTE_TEST_EXAMPLES" not in os.environ,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(document=documents(), day=steps())
def test_both_ledgers_agree_on_every_answer(
    dsn: str, keyring: Keyring, document: dict[str, Any], day: list[Step]
):
    Telling(dsn, keyring, document).tell(day, every=1)
