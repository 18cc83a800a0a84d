from . import ekarte_offline_done
from . import ekarte_terminal_key
from . import ekarte_tills
