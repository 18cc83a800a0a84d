from . import test_settlement_posting
from . import test_settlement_receive
from . import test_settlement_waiting
from . import test_accounts
from . import test_settlement_reconciliation
