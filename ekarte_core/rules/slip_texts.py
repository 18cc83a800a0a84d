"""Words of slips, by key and language. Data, no code."""

LANGUAGES = ("en", "lv", "ru", "et")


def row(en: str, lv: str, ru: str, et: str) -> dict[str, str]:
    """Return one text by language."""
    return {"en": en, "lv": lv, "ru": ru, "et": et}


SLIP_TEXTS: dict[str, dict[str, str]] = {
    "offline.alone": row(
        "Decided without a line: the balance is told later",
        "Izlemts bez savienojuma: atlikumu paziņos vēlāk",
        "Решено без связи: остаток станет известен позже",
        "Otsustatud ilma ühenduseta: saldo selgub hiljem",
    ),
    # What the slip is of.
    "slip.purchase": row("Purchase", "Pirkums", "Покупка", "Ost"),
    "slip.reserved": row("Reservation", "Rezervācija", "Резервирование", "Broneering"),
    "slip.accrued": row(
        "Points for a purchase",
        "Punkti par pirkumu",
        "Баллы за покупку",
        "Punktid ostu eest",
    ),
    "slip.refund": row("Refund", "Atgriešana", "Возврат", "Tagastus"),
    "slip.reversal": row("Cancelled", "Atcelts", "Отменено", "Tühistatud"),
    "slip.top_up": row("Top-up", "Papildināšana", "Пополнение", "Laadimine"),
    "slip.activated": row(
        "Card activated", "Karte aktivizēta", "Карта активирована", "Kaart aktiveeritud"
    ),
    "slip.visit": row("Visit", "Apmeklējums", "Посещение", "Külastus"),
    "slip.exchange": row("Exchange", "Apmaiņa", "Обмен", "Vahetus"),
    "slip.voucher_used": row(
        "Voucher used", "Kupons izmantots", "Жетон использован", "Kupong kasutatud"
    ),
    "slip.enroll": row("Questionnaire", "Anketa", "Анкета", "Ankeet"),
    "slip.replace": row("New card", "Jaunā karte", "Новая карта", "Uus kaart"),
    "slip.inquiry": row("Card", "Karte", "Карта", "Kaart"),
    "slip.closed": row(
        "Batch closed", "Pakete slēgta", "Пакет закрыт", "Pakett suletud"
    ),
    "slip.differs": row(
        "Totals differ", "Summas atšķiras", "Итоги расходятся", "Summad erinevad"
    ),
    # Its rows.
    "slip.card": row("Card", "Karte", "Карта", "Kaart"),
    "slip.original": row("Operation", "Darījums", "Операция", "Tehing"),
    "slip.amount": row("Amount", "Summa", "Сумма", "Summa"),
    "slip.discount": row("Discount", "Atlaide", "Скидка", "Allahindlus"),
    "slip.gift": row(
        "Paid by gift card",
        "Samaksāts ar dāvanu karti",
        "Оплачено подарочной картой",
        "Tasutud kinkekaardiga",
    ),
    "slip.bonus": row(
        "Paid by bonus",
        "Samaksāts ar bonusu",
        "Оплачено бонусом",
        "Tasutud boonusega",
    ),
    "slip.credit": row("On credit", "Uz kredīta", "В кредит", "Krediidiga"),
    "slip.voucher": row("Voucher", "Kupons", "Жетон", "Kupong"),
    "slip.points": row(
        "Points used", "Izmantoti punkti", "Списано баллов", "Kasutatud punkte"
    ),
    "slip.back.gift": row(
        "Back to the gift card",
        "Atpakaļ dāvanu kartē",
        "Обратно на подарочную карту",
        "Tagasi kinkekaardile",
    ),
    "slip.back.bonus": row(
        "Back to bonus", "Atpakaļ bonusā", "Обратно в бонус", "Tagasi boonusesse"
    ),
    "slip.back.credit": row(
        "Off the credit", "Atskaitīts no kredīta", "Снято с кредита", "Krediidist maha"
    ),
    "slip.back.voucher": row(
        "Voucher given back",
        "Kupons atdots",
        "Жетон возвращён",
        "Kupong tagasi antud",
    ),
    "slip.back.points": row(
        "Points given back",
        "Atdoti punkti",
        "Возвращено баллов",
        "Tagastatud punkte",
    ),
    "slip.due": row("To pay", "Apmaksai", "К оплате", "Tasuda"),
    "slip.back": row("To return", "Izmaksai", "К выдаче", "Tagastada"),
    "slip.load": row("Loaded", "Papildināts", "Зачислено", "Laaditud"),
    "slip.balance": row("Balance", "Atlikums", "Остаток", "Jääk"),
    "slip.points.short": row("pts", "p.", "б.", "p."),
    "slip.visits.short": row("visits", "apm.", "посещ.", "külast."),
    "slip.signature": row("Signature", "Paraksts", "Подпись", "Allkiri"),
    "slip.code": row(
        "Authorization", "Autorizācija", "Код авторизации", "Autoriseerimine"
    ),
    "slip.hold": row(
        "Reserved, please confirm",
        "Rezervēts, lūdzu apstipriniet",
        "Зарезервировано, подтвердите",
        "Broneeritud, palun kinnitage",
    ),
    "slip.until": row(
        "Reserved until", "Rezervēts līdz", "Резерв до", "Broneeritud kuni"
    ),
    "slip.refused": row("Refused", "Noraidīts", "Отказано", "Keeldutud"),
    "slip.batch": row("Batch", "Pakete", "Пакет", "Pakett"),
    "slip.terminal": row("terminal", "terminālis", "терминал", "terminal"),
    "slip.nothing": row(
        "No operations", "Operāciju nav", "Операций нет", "Toiminguid ei ole"
    ),
    # What the copies are called.
    "slip.copy.seller": row(
        "Merchant's copy",
        "Tirgotāja eksemplārs",
        "Экземпляр продавца",
        "Kaupmehe eksemplar",
    ),
    "slip.copy.customer": row(
        "Customer's copy",
        "Pircēja eksemplārs",
        "Экземпляр покупателя",
        "Kliendi eksemplar",
    ),
    "slip.copy.reprint": row("COPY", "KOPIJA", "КОПИЯ", "KOOPIA"),
    # The list of a batch: how many operations of a command, and their sum.
    "total.accrue": row("Points", "Punkti", "Баллы", "Punktid"),
    "total.activate": row("Activations", "Aktivizācijas", "Активации", "Aktiveerimisi"),
    "total.authorize": row("Reservations", "Rezervācijas", "Резервы", "Broneeringuid"),
    "total.block": row("Blocked", "Bloķētas", "Заблокировано", "Blokeeritud"),
    "total.check_in": row("Visits", "Apmeklējumi", "Посещения", "Külastusi"),
    "total.confirm": row("Confirmed", "Apstiprināti", "Подтверждено", "Kinnitatud"),
    "total.enroll": row("Questionnaires", "Anketas", "Анкеты", "Ankeete"),
    "total.redeem": row("Exchanges", "Apmaiņas", "Обмены", "Vahetusi"),
    "total.refund": row("Refunds", "Atgriešanas", "Возвраты", "Tagastusi"),
    "total.replace": row("New cards", "Jaunas kartes", "Новые карты", "Uusi kaarte"),
    "total.reverse": row("Cancelled", "Atcelti", "Отмены", "Tühistatud"),
    "total.sale": row("Purchases", "Pirkumi", "Покупки", "Oste"),
    "total.set_code": row("Codes set", "Kodi", "Коды", "Koode"),
    "total.top_up": row("Top-ups", "Papildināšanas", "Пополнения", "Laadimisi"),
    "total.unblock": row(
        "Unblocked", "Atbloķētas", "Разблокировано", "Blokeering maas"
    ),
    "total.voucher": row("Vouchers", "Kuponi", "Жетоны", "Kuponge"),
}
