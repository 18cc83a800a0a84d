"""What the screen says, in the four languages of the network."""

LANGUAGES = ("en", "lv", "ru", "et")

_TEXTS: dict[str, tuple[str, str, str, str]] = {
    "sale": ("Sale", "Pirkums", "Продажа", "Ost"),
    "pay": ("Pay by card", "Maksā ar karti", "Оплата картой", "Kaardiga"),
    "inquire": ("Balance", "Atlikums", "Остаток", "Saldo"),
    "top_up": ("Load", "Papildināt", "Пополнить", "Lae"),
    "activate": ("Activate", "Aktivizēt", "Активация", "Aktiveeri"),
    "check_in": ("Visit", "Vizīte", "Визит", "Külastus"),
    "voucher": ("Voucher", "Kupons", "Купон", "Kupong"),
    "refund": ("Refund", "Atgriezt", "Возврат", "Tagastus"),
    "reverse": ("Cancel last", "Atcelt pēdējo", "Отмена", "Tühista"),
    "status": ("Reprint", "Čeka kopija", "Копия чека", "Koopia"),
    "alone": (
        "Without a line",
        "Bez savienojuma",
        "Без связи",
        "Ilma ühenduseta",
    ),
    "alone_none": (
        "Nothing was decided without a line in this batch.",
        "Šajā partijā bez savienojuma nekas nav izlemts.",
        "В этом пакете без связи ничего не решено.",
        "Selles pakis pole ilma ühenduseta midagi otsustatud.",
    ),
    "alone_waits": (
        "waits for the line",
        "gaida savienojumu",
        "ждёт связи",
        "ootab ühendust",
    ),
    "alone_told": ("told", "paziņots", "передано", "teatatud"),
    "alone_differs": (
        "Booked otherwise: see F11, 8",
        "Iegrāmatots citādi: skatiet F11, 8",
        "Проведено иначе: см. F11, 8",
        "Kirjendatud teisiti: vaata F11, 8",
    ),
    "chip_says": (
        "Nobody answers: this is what the chip says",
        "Neviens neatbild: tā saka mikroshēma",
        "Никто не отвечает: так говорит чип",
        "Keegi ei vasta: nii ütleb kiip",
    ),
    "chip_pulled": (
        "The chip was pulled out too early: read it again",
        "Karte izņemta par agru: nolasiet to vēlreiz",
        "Карту вынули слишком рано: считайте её ещё раз",
        "Kaart võeti liiga vara välja: lugege see uuesti",
    ),
    "do_wait": (
        "Sell without the card, or wait for the line",
        "Pārdodiet bez kartes vai gaidiet savienojumu",
        "Продайте без карты или ждите связи",
        "Müüge ilma kaardita või oodake ühendust",
    ),
    "x.funds": (
        "the card had less",
        "kartē bija mazāk",
        "на карте было меньше",
        "kaardil oli vähem",
    ),
    "x.discount": (
        "too much discount",
        "pārāk liela atlaide",
        "слишком большая скидка",
        "liiga suur soodustus",
    ),
    "x.card_refused": (
        "the card is refused",
        "karte ir noraidīta",
        "карте отказано",
        "kaart on keelatud",
    ),
    "x.card_unknown": (
        "the card is unknown",
        "karte nav zināma",
        "карта неизвестна",
        "kaart on tundmatu",
    ),
    "x.not_booked": (
        "could not be booked",
        "nevarēja iegrāmatot",
        "не удалось провести",
        "ei saanud kirjendada",
    ),
    "x.over": (
        "over a limit",
        "pārsniegts limits",
        "превышен лимит",
        "piir on ületatud",
    ),
    "x.late": ("told late", "paziņots vēlu", "передано поздно", "teatatud hilja"),
    "x.figures": (
        "the slip says otherwise",
        "čekā rakstīts citādi",
        "в чеке иначе",
        "tšekil on teisiti",
    ),
    "x.counter": (
        "the chip is a copy",
        "mikroshēma ir kopija",
        "чип скопирован",
        "kiip on koopia",
    ),
    "x.other": (
        "the office looks at it",
        "apskatīs birojs",
        "посмотрит офис",
        "kontor vaatab üle",
    ),
    "more": ("More", "Vairāk", "Ещё", "Veel"),
    "authorize": ("Reserve", "Rezervēt", "Резерв", "Broneeri"),
    "confirm": (
        "Confirm a reservation",
        "Apstiprināt rezervāciju",
        "Подтвердить резерв",
        "Kinnita broneering",
    ),
    "redeem": (
        "Points for a prize",
        "Punkti pret balvu",
        "Приз за баллы",
        "Auhind punktide eest",
    ),
    "enroll": ("Questionnaire", "Anketa", "Анкета", "Ankeet"),
    "set_code": ("Access code", "Piekļuves kods", "Код доступа", "Juurdepääsukood"),
    "block": ("Block the card", "Bloķēt karti", "Блокировать", "Blokeeri kaart"),
    "unblock": (
        "Unblock the card",
        "Atbloķēt karti",
        "Разблокировать",
        "Ava kaart",
    ),
    "close": ("Day's end", "Dienas beigas", "Конец дня", "Päeva lõpp"),
    "clear": ("Clear", "Notīrīt", "Сброс", "Tühjenda"),
    "amount": ("AMOUNT", "SUMMA", "СУММА", "SUMMA"),
    "due": ("TO PAY", "JĀMAKSĀ", "К ОПЛАТЕ", "MAKSTA"),
    "card": ("CARD", "KARTE", "КАРТА", "KAART"),
    "discount": ("Discount", "Atlaide", "Скидка", "Soodustus"),
    "taken": ("From the card", "No kartes", "С карты", "Kaardilt"),
    "earned": ("Points", "Punkti", "Баллы", "Punktid"),
    "free": ("available", "pieejams", "доступно", "saadaval"),
    "slip": ("SLIP", "ČEKS", "ЧЕК", "TŠEKK"),
    "no_slip": (
        "The slip stands here.",
        "Šeit būs čeks.",
        "Здесь будет чек.",
        "Siin on tšekk.",
    ),
    "hint": (
        "Type the sum and press Enter, then read the card",
        "Ievadiet summu, nospiediet Enter un nolasiet karti",
        "Введите сумму, нажмите Enter и считайте карту",
        "Sisestage summa, vajutage Enter ja lugege kaart",
    ),
    "hint_card": (
        "Now read the card",
        "Tagad nolasiet karti",
        "Теперь считайте карту",
        "Nüüd lugege kaart",
    ),
    "hint_amount": (
        "Now type the sum and press Enter",
        "Tagad ievadiet summu un nospiediet Enter",
        "Теперь введите сумму и нажмите Enter",
        "Nüüd sisestage summa ja vajutage Enter",
    ),
    "hint_go": (
        "Enter: sale, or choose a function",
        "Enter: pirkums, vai izvēlieties funkciju",
        "Enter: продажа, или выберите функцию",
        "Enter: ost, või valige toiming",
    ),
    "hint_next": (
        "Next customer: type the sum or read the card",
        "Nākamais klients: ievadiet summu vai nolasiet karti",
        "Следующий: введите сумму или считайте карту",
        "Järgmine: sisestage summa või lugege kaart",
    ),
    "busy": (
        "One moment …",
        "Vienu mirkli …",
        "Одну минуту …",
        "Üks hetk …",
    ),
    "approved": ("APPROVED", "APSTIPRINĀTS", "ОДОБРЕНО", "KINNITATUD"),
    "declined": ("DECLINED", "NORAIDĪTS", "ОТКАЗ", "KEELDUTUD"),
    "in_doubt": ("NO ANSWER", "NAV ATBILDES", "НЕТ ОТВЕТА", "VASTUST EI OLE"),
    "refused_here": ("NOT SENT", "NAV NOSŪTĪTS", "НЕ ОТПРАВЛЕНО", "SAATMATA"),
    "found": (
        "Found again after an interruption",
        "Atrasts pēc pārtraukuma",
        "Найдено после перерыва",
        "Leitud pärast katkestust",
    ),
    "lost": (
        "It did not happen: do it once more",
        "Tas nenotika: atkārtojiet",
        "Операции не было: повторите",
        "Seda ei toimunud: korrake",
    ),
    "do_doubt": (
        "Do not hand over the goods. Enter: ask again",
        "Neizsniedziet preci. Enter: vaicāt vēlreiz",
        "Не выдавайте товар. Enter: спросить снова",
        "Ärge andke kaupa. Enter: küsi uuesti",
    ),
    "do_line": (
        "Check the cable or the network, then try again",
        "Pārbaudiet kabeli vai tīklu un mēģiniet vēlreiz",
        "Проверьте кабель или сеть и повторите",
        "Kontrollige kaablit või võrku ja proovige uuesti",
    ),
    "do_card": (
        "Take another card, or none",
        "Ņemiet citu karti vai pārdodiet bez kartes",
        "Возьмите другую карту или продайте без карты",
        "Võtke teine kaart või müüge ilma kaardita",
    ),
    "do_code": (
        "Let the customer enter the code again",
        "Lai klients ievada kodu vēlreiz",
        "Пусть клиент введёт код ещё раз",
        "Laske kliendil kood uuesti sisestada",
    ),
    "do_locked": (
        "The office unblocks the card",
        "Karti atbloķē birojs",
        "Карту разблокирует офис",
        "Kaardi avab kontor",
    ),
    "do_sum": (
        "Take a smaller sum; the rest is paid otherwise",
        "Ņemiet mazāku summu; pārējo maksā citādi",
        "Возьмите меньшую сумму; остальное иначе",
        "Võtke väiksem summa; ülejäänu muul viisil",
    ),
    "do_slip": (
        "Compare the number with the slip",
        "Salīdziniet numuru ar čeku",
        "Сверьте номер с чеком",
        "Võrrelge numbrit tšekiga",
    ),
    "do_office": (
        "Call the office and name the code",
        "Zvaniet birojam un nosauciet kodu",
        "Позвоните в офис и назовите код",
        "Helistage kontorisse ja öelge kood",
    ),
    "do_later": (
        "Try again later",
        "Mēģiniet vēlāk",
        "Попробуйте позже",
        "Proovige hiljem",
    ),
    "do_active": (
        "Activate the card first",
        "Vispirms aktivizējiet karti",
        "Сначала активируйте карту",
        "Aktiveerige kaart enne",
    ),
    "need_card": (
        "Read the card first",
        "Vispirms nolasiet karti",
        "Сначала считайте карту",
        "Lugege enne kaart",
    ),
    "need_amount": (
        "Type the sum first",
        "Vispirms ievadiet summu",
        "Сначала введите сумму",
        "Sisestage enne summa",
    ),
    "bad_entry": (
        "Neither a sum nor a card: once more",
        "Ne summa, ne karte: vēlreiz",
        "Не сумма и не карта: ещё раз",
        "Ei summa ega kaart: uuesti",
    ),
    "ask_tender": (
        "How much from the card? Enter: ",
        "Cik no kartes? Enter: ",
        "Сколько с карты? Enter: ",
        "Kui palju kaardilt? Enter: ",
    ),
    "ask_code": (
        "The customer's access code",
        "Klienta piekļuves kods",
        "Код доступа клиента",
        "Kliendi pääsukood",
    ),
    "ask_voucher": (
        "Number of the voucher. Enter: ",
        "Kupona numurs. Enter: ",
        "Номер купона. Enter: ",
        "Kupongi number. Enter: ",
    ),
    "ask_original": (
        "Read the slip's code, or type batch/operation. Enter: ",
        "Nolasiet čeka kodu vai ievadiet partija/operācija. Enter: ",
        "Считайте код чека или введите пакет/операция. Enter: ",
        "Lugege tšeki kood või sisestage pakk/toiming. Enter: ",
    ),
    "ask_menu": (
        "Which one? Type its number and Enter; Esc: back",
        "Kuru? Ievadiet numuru un Enter; Esc: atpakaļ",
        "Что? Введите номер и Enter; Esc: назад",
        "Milline? Sisestage number ja Enter; Esc: tagasi",
    ),
    "ask_hold": (
        "Which reservation: batch/operation. Enter: ",
        "Kura rezervācija: partija/operācija. Enter: ",
        "Какой резерв: пакет/операция. Enter: ",
        "Milline broneering: pakk/toiming. Enter: ",
    ),
    "ask_prize": (
        "Number of the prize. Enter: ",
        "Balvas numurs. Enter: ",
        "Номер приза. Enter: ",
        "Auhinna number. Enter: ",
    ),
    "ask_news": (
        "May we send news? 1: yes, 0: no. Enter: ",
        "Vai drīkst sūtīt jaunumus? 1: jā, 0: nē. Enter: ",
        "Можно присылать новости? 1: да, 0: нет. Enter: ",
        "Kas tohib uudiseid saata? 1: jah, 0: ei. Enter: ",
    ),
    "ask_old_code": (
        "The old access code",
        "Vecais piekļuves kods",
        "Прежний код доступа",
        "Vana juurdepääsukood",
    ),
    "ask_new_code": (
        "The new access code",
        "Jaunais piekļuves kods",
        "Новый код доступа",
        "Uus juurdepääsukood",
    ),
    "ask_again_code": (
        "The new code once more",
        "Jaunais kods vēlreiz",
        "Новый код ещё раз",
        "Uus kood veel kord",
    ),
    "bad_again": (
        "The codes differ: nothing was changed",
        "Kodi atšķiras: nekas nav mainīts",
        "Коды разные: ничего не изменено",
        "Koodid erinevad: midagi ei muudetud",
    ),
    "ask_reason": (
        "Why? 1: lost, 2: stolen, 3: closed, 0: for a while. Enter: ",
        "Kāpēc? 1: nozaudēta, 2: nozagta, 3: slēgta, 0: uz laiku. Enter: ",
        "Почему? 1: утеряна, 2: украдена, 3: закрыта, 0: на время. Enter: ",
        "Miks? 1: kadunud, 2: varastatud, 3: suletud, 0: ajutiselt. Enter: ",
    ),
    "hint_back": ("Enter: back", "Enter: atpakaļ", "Enter: назад", "Enter: tagasi"),
    "hint_again": (
        "The sum stays: another card, another sum, or a function",
        "Summa paliek: cita karte, cita summa vai funkcija",
        "Сумма осталась: другая карта, другая сумма или функция",
        "Summa jääb: teine kaart, teine summa või toiming",
    ),
    "until": ("until", "līdz", "до", "kuni"),
    "fault": (
        "The terminal has failed: see what was last, then go on",
        "Terminālī kļūda: pārbaudiet pēdējo operāciju un turpiniet",
        "Сбой терминала: проверьте последнюю операцию и продолжайте",
        "Terminali viga: kontrollige viimast toimingut ja jätkake",
    ),
    "ask_sure": (
        "Sure? Enter: yes, Esc: no",
        "Tiešām? Enter: jā, Esc: nē",
        "Точно? Enter: да, Esc: нет",
        "Kindel? Enter: jah, Esc: ei",
    ),
    "printed": ("printed", "izdrukāts", "напечатано", "trükitud"),
    "printer": (
        "The printer does not print: see to it, then F10",
        "Printeris nedrukā: pārbaudiet un F10",
        "Принтер не печатает: проверьте, затем F10",
        "Printer ei trüki: kontrollige, siis F10",
    ),
}
_WHAT_TO_DO = {
    "do_card": ("14", "43", "41", "54", "62", "57", "60"),
    "do_code": ("55",),
    "do_locked": ("75",),
    "do_sum": ("13", "61", "51"),
    "do_slip": ("25", "77"),
    "do_later": ("65",),
    "do_active": ("78",),
    "do_line": ("92", "96"),
    "do_wait": ("91",),
}
_BY_CODE = {rc: key for key, codes in _WHAT_TO_DO.items() for rc in codes}


def text(key: str, language: str) -> str:
    """Return a text of the screen."""
    return _TEXTS[key][LANGUAGES.index(language)]


def exception(kind: str, language: str) -> str:
    """Return what did not fit when something decided alone was told."""
    kind = "over" if kind.startswith("over_") else kind
    key = f"x.{kind}"
    return text(key if key in _TEXTS else "x.other", language)


def what_to_do(rc: str, language: str) -> str:
    """Return what the cashier does about a refusal."""
    return text(_BY_CODE.get(rc, "do_office"), language)
