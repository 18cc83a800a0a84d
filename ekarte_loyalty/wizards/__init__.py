from . import ekarte_card_change
from . import ekarte_card_find
from . import ekarte_accounts
