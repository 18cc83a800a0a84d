from . import ekarte_terminal_key
