"""The loyalty management system: program rules and the card ledger.

This is the front door; nobody reaches past it. Functions that take a cursor `cr`
work in the caller's transaction and never commit; LedgerConnection owns its own.
"""

from ekarte_core.clearing.default import Drill, default_drill, default_postings
from ekarte_core.clearing.deposits import deposit_postings
from ekarte_core.clearing.fees import Fee, FeeTerms, fees
from ekarte_core.clearing.positions import ClearingLine, net, positions
from ekarte_core.clearing.postings import (
    ClearingCycle,
    ClearingPosting,
    cycle_postings,
    ruling_postings,
)
from ekarte_core.clearing.statement import (
    Figures,
    StatementLine,
    cycle_digest,
    statement_digest,
    statement_figures,
)
from ekarte_core.codes import APPROVED, TRANSIENT, Rc
from ekarte_core.draws.document import DrawTerms, Prize
from ekarte_core.errors import (
    CommitInDoubt,
    DrawRefused,
    EkarteError,
    KeyringInvalid,
    NetworkInvalid,
    NetworkMissing,
    RequestInvalid,
    SchemaBehind,
)
from ekarte_core.keyring import Keyring, load_keyring, write_new_keyring
from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.migrate import check_schema, grant, migrate
from ekarte_core.marks import STOP_KINDS, stop_mark, stop_token
from ekarte_core.network.compiled import Network, Told, read_network
from ekarte_core.network.document import Acquirer, Branch, NetworkDocument
from ekarte_core.replay.report import Replay, in_words, replay
from ekarte_core.rules.explain import language_of, money, texts_of
from ekarte_core.rules.identity import Identity, identify
from ekarte_core.rules.programs import PROGRAM_KINDS
from ekarte_core.service.banking import (
    BankCourse,
    BankMessage,
    BankQueue,
    BankStep,
    BankStepName,
    Delivered,
    EndedHold,
    NewBankCourse,
    SealedCard,
    bank_queues,
    begin_bank_attempt,
    due_bank_messages,
    end_bank_message,
    ended_bank_holds,
    find_bank_course,
    ledger_id_of,
    ledger_key_of,
    left_bank_work,
    next_stan,
    open_bank_course,
    own_bank_work,
    read_bank_courses,
    sealed_bank_card,
    take_bank_step,
    wipe_bank_cards,
)
from ekarte_core.service.billing import make_statements
from ekarte_core.service.clock import CLOCK_WORK, clock
from ekarte_core.service.connection import LedgerConnection
from ekarte_core.service.drawing import (
    Draw,
    Winner,
    draw_pseudonym,
    draw_winners,
    freeze_draw,
    open_draw,
    read_draw,
    winning_cards,
)
from ekarte_core.service.execute import execute
from ekarte_core.service.expiry import expire_holds, expire_lots
from ekarte_core.service.exposing import (
    Exposure,
    exposures,
    fold_exposure,
    tell_cleared,
)
from ekarte_core.service.filing import NotedCard, card_of, note_card
from ekarte_core.service.job import Outcome
from ekarte_core.service.layout import SlipRow, slip_rows
from ekarte_core.service.noticing import Notice, take_notices
from ekarte_core.service.parameters import (
    Loaded,
    ParametersBook,
    ParametersKey,
    ParametersVersion,
    Stopped,
    parameters_loaded,
)
from ekarte_core.service.publishing import (
    current_network,
    find_card,
    network_key,
    network_version,
    publish,
)
from ekarte_core.service.rebuilding import Difference, Rebuilt, rebuild
from ekarte_core.service.rotating import KeyUse, check_keys, key_use
from ekarte_core.service.sealing import seal, verify_seals
from ekarte_core.service.settling import (
    build_settlement,
    pending_settlements,
    read_settlement,
    settlement_accepted,
    settlement_failed,
)
from ekarte_core.service.slip import SlipMarks, slip_marks
from ekarte_core.service.turning import turn_periods
from ekarte_core.service.verifying import Invariant, breaches, verify
from ekarte_core.settlement.claims import Claim, claims
from ekarte_core.settlement.document import SettlementDocument, SettlementLine
from ekarte_core.settlement.estimate import (
    Cohort,
    expected_breakage,
    redemption_rate,
)
from ekarte_core.settlement.journal import ACCOUNT_KEYS, Posting, postings
from ekarte_core.values import (
    Answer,
    Balance,
    BankAnswer,
    BankPart,
    BatchTotal,
    CardRef,
    Command,
    Earned,
    Line,
    LineAnswer,
    Offline,
    Original,
    Parameters,
    ParametersWish,
    Request,
    SlipLine,
    Tender,
    Voucher,
)
from ekarte_core.wire import (
    COMMANDS,
    body_of,
    check_request,
    decode_answer,
    encode_answer,
    read_request,
)

__all__ = [
    "ACCOUNT_KEYS",
    "APPROVED",
    "CLOCK_WORK",
    "COMMANDS",
    "PROGRAM_KINDS",
    "STOP_KINDS",
    "TRANSIENT",
    "Acquirer",
    "Answer",
    "Balance",
    "BankAnswer",
    "BankCourse",
    "BankMessage",
    "BankPart",
    "BankQueue",
    "BankStep",
    "BankStepName",
    "BatchTotal",
    "Branch",
    "CardRef",
    "Claim",
    "ClearingCycle",
    "ClearingLine",
    "ClearingPosting",
    "Cohort",
    "Command",
    "CommitInDoubt",
    "Cursor",
    "Delivered",
    "Difference",
    "Draw",
    "DrawRefused",
    "DrawTerms",
    "Drill",
    "Earned",
    "EkarteError",
    "EndedHold",
    "Exposure",
    "Fee",
    "FeeTerms",
    "Figures",
    "Identity",
    "Invariant",
    "KeyUse",
    "Keyring",
    "KeyringInvalid",
    "LedgerConnection",
    "Line",
    "LineAnswer",
    "Loaded",
    "Network",
    "NetworkDocument",
    "NetworkInvalid",
    "NetworkMissing",
    "NewBankCourse",
    "NotedCard",
    "Notice",
    "Offline",
    "Original",
    "Outcome",
    "Parameters",
    "ParametersBook",
    "ParametersKey",
    "ParametersVersion",
    "ParametersWish",
    "Posting",
    "Prize",
    "Rc",
    "Rebuilt",
    "Replay",
    "Request",
    "RequestInvalid",
    "SchemaBehind",
    "SealedCard",
    "SettlementDocument",
    "SettlementLine",
    "SlipLine",
    "SlipMarks",
    "SlipRow",
    "StatementLine",
    "Stopped",
    "Tender",
    "Told",
    "Voucher",
    "Winner",
    "bank_queues",
    "begin_bank_attempt",
    "body_of",
    "breaches",
    "build_settlement",
    "card_of",
    "check_keys",
    "check_request",
    "check_schema",
    "claims",
    "clock",
    "current_network",
    "cycle_digest",
    "cycle_postings",
    "decode_answer",
    "default_drill",
    "default_postings",
    "deposit_postings",
    "draw_pseudonym",
    "draw_winners",
    "due_bank_messages",
    "encode_answer",
    "end_bank_message",
    "ended_bank_holds",
    "execute",
    "expected_breakage",
    "expire_holds",
    "expire_lots",
    "exposures",
    "fees",
    "find_bank_course",
    "find_card",
    "fold_exposure",
    "freeze_draw",
    "grant",
    "identify",
    "in_words",
    "key_use",
    "language_of",
    "ledger_id_of",
    "ledger_key_of",
    "left_bank_work",
    "load_keyring",
    "make_statements",
    "migrate",
    "money",
    "net",
    "network_key",
    "network_version",
    "next_stan",
    "note_card",
    "open_bank_course",
    "open_draw",
    "own_bank_work",
    "parameters_loaded",
    "pending_settlements",
    "positions",
    "postings",
    "publish",
    "read_bank_courses",
    "read_draw",
    "read_network",
    "read_request",
    "read_settlement",
    "rebuild",
    "redemption_rate",
    "replay",
    "ruling_postings",
    "seal",
    "sealed_bank_card",
    "settlement_accepted",
    "settlement_failed",
    "slip_marks",
    "slip_rows",
    "statement_digest",
    "statement_figures",
    "stop_mark",
    "stop_token",
    "take_bank_step",
    "take_notices",
    "tell_cleared",
    "texts_of",
    "turn_periods",
    "verify",
    "verify_seals",
    "winning_cards",
    "wipe_bank_cards",
    "write_new_keyring",
]
