from . import test_settlement_posting
