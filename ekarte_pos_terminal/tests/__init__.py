from . import test_cards_unit
from . import test_pos_config
from . import test_terminal
from . import test_terminal_key
from . import test_terminal_stack
from . import test_terminal_tour
from . import test_till_sale
from . import test_tills
