"""The software terminal: a till's card terminal without hardware.

Rooms, from the outside in: screen, script and commands (who operates it), then session
(numbers, silence, the day's end), then journal, line and paper (the disk, the gateway,
the printer), then cards, amounts and settings.
"""

from ekarte_terminal.journal import Journal, JournalBroken, JournalTaken
from ekarte_terminal.outcome import Outcome
from ekarte_terminal.session import Session
from ekarte_terminal.settings import Settings, SettingsInvalid, load_settings

__all__ = [
    "Journal",
    "JournalBroken",
    "JournalTaken",
    "Outcome",
    "Session",
    "Settings",
    "SettingsInvalid",
    "load_settings",
]
