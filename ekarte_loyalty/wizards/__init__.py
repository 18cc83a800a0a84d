from . import ekarte_card_change
from . import ekarte_card_find
from . import ekarte_card_office
from . import ekarte_accounts
from . import ekarte_clearing_bank
from . import ekarte_sale_card
from . import ekarte_sale_tender
from . import ekarte_coalition_join
