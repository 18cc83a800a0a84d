from . import ekarte_branch
from . import ekarte_network
from . import ekarte_terminal
from . import ekarte_terminal_stack
from . import pos_config
from . import pos_payment_method
from . import product_template
from . import res_config_settings
