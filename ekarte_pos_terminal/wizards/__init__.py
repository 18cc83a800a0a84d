from . import ekarte_terminal_key
from . import ekarte_tills
