# Mixins first, they are not sorted: the models below inherit them.
# isort: off
from . import ekarte_published_mixin
from . import ekarte_network_part_mixin
from . import ekarte_ledger_view_mixin
from . import ekarte_scope_mixin

# isort: on
from . import account_move
from . import account_tax
from . import ekarte_branch
from . import ekarte_card
from . import ekarte_card_range
from . import ekarte_card_type
from . import ekarte_coalition
from . import ekarte_entry
from . import ekarte_goods_group
from . import ekarte_hold
from . import ekarte_issuer
from . import ekarte_lot
from . import ekarte_membership
from . import ekarte_network
from . import ekarte_network_clock
from . import ekarte_network_demo
from . import ekarte_network_fault
from . import ekarte_network_version
from . import ekarte_operation
from . import ekarte_program
from . import ekarte_program_denomination
from . import ekarte_program_factor
from . import ekarte_program_tier
from . import ekarte_purse
from . import ekarte_settlement
from . import ekarte_settlement_issuer
from . import ekarte_settlement_line
from . import ekarte_settlement_operation
from . import ekarte_settlement_posting
from . import ekarte_settlement_reconciliation
from . import ekarte_settlement_reversal
from . import ekarte_settlement_schedule
from . import res_company
