"""Sentences of answers, by key and language. Data, no code."""

from ekarte_core.rules.slip_texts import LANGUAGES as LANGUAGES
from ekarte_core.rules.slip_texts import SLIP_TEXTS
from ekarte_core.rules.slip_texts import row as _row

TEXTS: dict[str, dict[str, str]] = {
    "discount.applied": _row(
        "{name}: {rate}, {amount} off",
        "{name}: {rate}, atlaide {amount}",
        "{name}: {rate}, скидка {amount}",
        "{name}: {rate}, allahindlus {amount}",
    ),
    "discount.better": _row(
        "{name}: {rate} not used, another discount is better",
        "{name}: {rate} nav piemērota, cita atlaide ir lielāka",
        "{name}: {rate} не применена, другая скидка выгоднее",
        "{name}: {rate} ei kasutatud, teine allahindlus on parem",
    ),
    "discount.not_yet": _row(
        "{name}: not yet reached",
        "{name}: vēl nav sasniegta",
        "{name}: ещё не достигнута",
        "{name}: veel saavutamata",
    ),
    "discount.other_goods": _row(
        "{name}: not for these goods",
        "{name}: neattiecas uz šīm precēm",
        "{name}: не для этих товаров",
        "{name}: ei kehti nendele kaupadele",
    ),
    "discount.next": _row(
        "{name}: spend {amount} more for {rate}",
        "{name}: vēl {amount} līdz {rate}",
        "{name}: ещё {amount} до {rate}",
        "{name}: veel {amount}, et saada {rate}",
    ),
    "bonus.earned": _row(
        "{name}: +{count}", "{name}: +{count}", "{name}: +{count}", "{name}: +{count}"
    ),
    "bonus.none": _row(
        "{name}: none, {amount} more was missing",
        "{name}: nav, pietrūka {amount}",
        "{name}: нет, не хватило {amount}",
        "{name}: ei ole, puudu jäi {amount}",
    ),
    "bonus.converted": _row(
        "{name}: {count} turned into {amount}",
        "{name}: {count} pārvērsti par {amount}",
        "{name}: {count} обменены на {amount}",
        "{name}: {count} muudeti summaks {amount}",
    ),
    "bonus.taken_back": _row(
        "{name}: −{count} taken back",
        "{name}: −{count} atsaukti",
        "{name}: −{count} возвращены",
        "{name}: −{count} tagasi võetud",
    ),
    "bonus.deducted": _row(
        "{name}: {amount} kept back for points already used",
        "{name}: {amount} ieturēti par jau izlietotiem punktiem",
        "{name}: {amount} удержано за использованные баллы",
        "{name}: {amount} kinni peetud kasutatud punktide eest",
    ),
    "bonus.owed": _row(
        "{name}: {count} set off against points owed",
        "{name}: {count} ieskaitīti parādā esošajos punktos",
        "{name}: {count} зачтены в счёт долга по баллам",
        "{name}: {count} arvestati punktivõla katteks",
    ),
    "bonus.owes": _row(
        "{name}: {count} owed, next points pay them off",
        "{name}: {count} parādā, tos segs nākamie punkti",
        "{name}: долг {count}, его погасят следующие баллы",
        "{name}: võlg {count}, selle katavad järgmised punktid",
    ),
    "visit.too_soon": _row(
        "{name}: too soon after the last visit",
        "{name}: pārāk drīz pēc pēdējā apmeklējuma",
        "{name}: слишком скоро после прошлого посещения",
        "{name}: eelmisest külastusest liiga vähe aega",
    ),
    "visit.too_many": _row(
        "{name}: enough visits for today",
        "{name}: šodien apmeklējumu jau pietiek",
        "{name}: на сегодня посещений достаточно",
        "{name}: tänaseks on külastusi küllalt",
    ),
    "visit.counted": _row(
        "{name}: visit {count}",
        "{name}: {count}. apmeklējums",
        "{name}: посещение {count}",
        "{name}: {count}. külastus",
    ),
    "pass.left": _row(
        "{name}: {count} left",
        "{name}: atlikuši {count}",
        "{name}: осталось {count}",
        "{name}: alles {count}",
    ),
    "prize.money": _row(
        "{name}: voucher {what} for {amount}",
        "{name}: kupons {what}, vērtība {amount}",
        "{name}: жетон {what} на {amount}",
        "{name}: kupong {what} summas {amount}",
    ),
    "prize.goods": _row(
        "{name}: certificate for {what}",
        "{name}: sertifikāts: {what}",
        "{name}: сертификат: {what}",
        "{name}: sertifikaat: {what}",
    ),
    "voucher.forfeited": _row(
        "voucher {name}: {amount} not used, not kept",
        "kupons {name}: {amount} neizmantoti, nesaglabājas",
        "жетон {name}: {amount} не использовано, не сохраняется",
        "kupong {name}: {amount} jäi kasutamata, ei säili",
    ),
    "referral.given": _row(
        "{name}: the friend who sent you gets {count}",
        "{name}: draugs, kas jūs uzaicināja, saņem {count}",
        "{name}: друг, который вас привёл, получает {count}",
        "{name}: sõber, kes teid kutsus, saab {count}",
    ),
    "referral.not_first": _row(
        "{name}: referrals count with the first purchase only",
        "{name}: uzaicinājums skaitās tikai ar pirmo pirkumu",
        "{name}: приглашение учитывается только с первой покупкой",
        "{name}: soovitus loeb ainult esimese ostuga",
    ),
    "referral.not_valid": _row(
        "{name}: this card cannot be rewarded for a referral",
        "{name}: šai kartei uzaicinājuma prēmija nepienākas",
        "{name}: этой карте премия за приглашение не положена",
        "{name}: sellele kaardile soovituspreemiat ei anta",
    ),
    "tickets.given": _row(
        "{name}: {count} tickets for the draw",
        "{name}: izlozes biļetes: {count}",
        "{name}: билетов на розыгрыш: {count}",
        "{name}: loosipileteid: {count}",
    ),
    "tier.reached": _row(
        "{name}: ask for your new card, {what}",
        "{name}: lūdziet savu jauno karti, {what}",
        "{name}: попросите свою новую карту, {what}",
        "{name}: küsige oma uut kaarti, {what}",
    ),
    "tier.next": _row(
        "{name}: {count} more for {what}",
        "{name}: vēl {count} līdz {what}",
        "{name}: ещё {count} до {what}",
        "{name}: veel {count}, et saada {what}",
    ),
    "program.elsewhere": _row(
        "{name}: only its issuer accepts it now; use it there, or pay another way",
        "{name}: pagaidām pieņem tikai izdevējs; izmantojiet tur vai maksājiet citādi",
        "{name}: пока принимает только эмитент; используйте у него или оплатите иначе",
        "{name}: praegu võtab vastu ainult väljaandja; kasutage seal või makske muuga",
    ),
    "program.closing": _row(
        "{name}: not given out any more",
        "{name}: vairs netiek izsniegts",
        "{name}: больше не выдаётся",
        "{name}: enam ei väljastata",
    ),
    "program.not_now": _row(
        "{name}: not at this time",
        "{name}: šajā laikā nedarbojas",
        "{name}: в это время не действует",
        "{name}: praegu ei kehti",
    ),
    "program.card_too_young": _row(
        "{name}: the card is too new",
        "{name}: karte ir pārāk jauna",
        "{name}: карта слишком новая",
        "{name}: kaart on liiga uus",
    ),
    "program.needs_consent": _row(
        "{name}: only with your consent",
        "{name}: tikai ar jūsu piekrišanu",
        "{name}: только с вашего согласия",
        "{name}: ainult teie nõusolekul",
    ),
    "discount.from_next": _row(
        "{name}: from the next purchase on",
        "{name}: sākot ar nākamo pirkumu",
        "{name}: начиная со следующей покупки",
        "{name}: alates järgmisest ostust",
    ),
    "discount.full_price": _row(
        "{name}: none, sold at the full price",
        "{name}: nav, pārdots par pilnu cenu",
        "{name}: нет, продано по полной цене",
        "{name}: ei ole, müüdud täishinnaga",
    ),
    "credit.overdue": _row(
        "{name}: {amount} overdue",
        "{name}: kavēts maksājums {amount}",
        "{name}: просрочено {amount}",
        "{name}: võlgnevus {amount}",
    ),
    "credit.written_off": _row(
        "{name}: {amount} written off",
        "{name}: {amount} norakstīti",
        "{name}: списано {amount}",
        "{name}: {amount} maha kantud",
    ),
    "gift.paid_out": _row(
        "{name}: {amount} paid out",
        "{name}: {amount} izmaksāti",
        "{name}: выплачено {amount}",
        "{name}: {amount} välja makstud",
    ),
    "gift.lost": _row(
        "{name}: {amount} had been used already",
        "{name}: {amount} jau bija izlietoti",
        "{name}: {amount} уже были потрачены",
        "{name}: {amount} oli juba kasutatud",
    ),
    "value.restored": _row(
        "{amount} given back to the card",
        "{amount} atgriezti kartē",
        "{amount} возвращены на карту",
        "{amount} kaardile tagastatud",
    ),
    "value.put_on": _row(
        "{name}: {amount} put on the card",
        "{name}: kartei pieskaitīti {amount}",
        "{name}: {amount} зачислено на карту",
        "{name}: {amount} kaardile lisatud",
    ),
    "points.put_on": _row(
        "{name}: {count} points put on the card",
        "{name}: kartei pieskaitīti {count} punkti",
        "{name}: {count} баллов зачислено на карту",
        "{name}: {count} punkti kaardile lisatud",
    ),
    "value.taken_off": _row(
        "{name}: {amount} taken off the card",
        "{name}: no kartes noņemti {amount}",
        "{name}: {amount} снято с карты",
        "{name}: {amount} kaardilt maha võetud",
    ),
    "points.taken_off": _row(
        "{name}: {count} points taken off the card",
        "{name}: no kartes noņemti {count} punkti",
        "{name}: {count} баллов снято с карты",
        "{name}: {count} punkti kaardilt maha võetud",
    ),
    "value.brought_in": _row(
        "{name}: {amount} brought in from before",
        "{name}: pārcelti {amount} no iepriekšējās sistēmas",
        "{name}: {amount} перенесено из прежней системы",
        "{name}: {amount} eelmisest süsteemist üle toodud",
    ),
    "points.brought_in": _row(
        "{name}: {count} points brought in from before",
        "{name}: pārcelti {count} punkti no iepriekšējās sistēmas",
        "{name}: {count} баллов перенесено из прежней системы",
        "{name}: {count} punkti eelmisest süsteemist üle toodud",
    ),
    "card.qualify": _row(
        "{name}: {amount} more for a card",
        "{name}: vēl {amount}, lai saņemtu karti",
        "{name}: ещё {amount}, чтобы получить карту",
        "{name}: veel {amount}, et saada kaart",
    ),
    "card.replaced": _row(
        "the new card takes everything over",
        "jaunā karte visu pārņem",
        "новая карта всё принимает на себя",
        "uus kaart võtab kõik üle",
    ),
    "pool.joined": _row(
        "the cards share their purses now",
        "kartēm tagad ir kopīgi maki",
        "у карт теперь общие кошельки",
        "kaartidel on nüüd ühised rahakotid",
    ),
    "pool.left": _row(
        "the card has its own purses again",
        "kartei atkal ir savi maki",
        "у карты снова свои кошельки",
        "kaardil on jälle oma rahakotid",
    ),
    "questionnaire.thanks": _row(
        "Thank you for the questionnaire",
        "Paldies par aizpildīto anketu",
        "Спасибо за анкету",
        "Aitäh ankeedi eest",
    ),
    "offline.late": _row(
        "Told later than allowed",
        "Paziņots vēlāk, nekā atļauts",
        "Сообщено позже, чем разрешено",
        "Teatati lubatust hiljem",
    ),
    "offline.clock": _row(
        "The terminal's clock is ahead",
        "Termināļa pulkstenis iet pa priekšu",
        "Часы терминала спешат",
        "Terminali kell on ees",
    ),
    "offline.not_allowed": _row(
        "This terminal may not decide by itself",
        "Šis terminālis nedrīkst lemt pats",
        "Этому терминалу нельзя решать самому",
        "See terminal ei tohi ise otsustada",
    ),
    "offline.over_amount": _row(
        "Over the terminal's limit by {amount}",
        "Termināļa limits pārsniegts par {amount}",
        "Лимит терминала превышен на {amount}",
        "Terminali limiit ületatud {amount} võrra",
    ),
    "offline.over_card_day": _row(
        "Over the card's limit of the day by {amount}",
        "Kartes dienas limits pārsniegts par {amount}",
        "Дневной лимит карты превышен на {amount}",
        "Kaardi päevalimiit ületatud {amount} võrra",
    ),
    "offline.over_count": _row(
        "Too many operations without a connection",
        "Pārāk daudz operāciju bez savienojuma",
        "Слишком много операций без связи",
        "Liiga palju toiminguid ilma ühenduseta",
    ),
    "offline.counter": _row(
        "The chip's counter went back",
        "Mikroshēmas skaitītājs gājis atpakaļ",
        "Счётчик чипа пошёл назад",
        "Kiibi loendur läks tagasi",
    ),
    "offline.batch_closed": _row(
        "Its batch was closed already",
        "Tās pakete jau bija slēgta",
        "Её пакет уже был закрыт",
        "Selle pakk oli juba suletud",
    ),
    "offline.card_unknown": _row(
        "The card is unknown: {amount}",
        "Karte nav zināma: {amount}",
        "Карта неизвестна: {amount}",
        "Kaart on tundmatu: {amount}",
    ),
    "offline.card_refused": _row(
        "The card would have been refused: {amount}",
        "Karte būtu noraidīta: {amount}",
        "Карте было бы отказано: {amount}",
        "Kaardist oleks keeldutud: {amount}",
    ),
    "offline.funds": _row(
        "{amount} was not on the card",
        "{amount} uz kartes nebija",
        "{amount} на карте не было",
        "{amount} kaardil polnud",
    ),
    "offline.voucher": _row(
        "The voucher paid {amount} that it did not have",
        "Kupons samaksāja {amount}, kā tam nebija",
        "Жетон оплатил {amount}, которых на нём не было",
        "Kupong tasus {amount}, mida sellel polnud",
    ),
    "offline.discount": _row(
        "{amount} more discount than due",
        "Atlaide par {amount} lielāka, nekā pienākas",
        "Скидка на {amount} больше положенной",
        "Allahindlus {amount} võrra ettenähtust suurem",
    ),
    "offline.paid_out": _row(
        "{amount} more paid out than due",
        "Izmaksāts par {amount} vairāk, nekā pienākas",
        "Выдано на {amount} больше положенного",
        "Välja makstud {amount} võrra ettenähtust rohkem",
    ),
    "offline.not_booked": _row(
        "Not booked, the rules refuse it: {amount}",
        "Nav iegrāmatots, noteikumi to liedz: {amount}",
        "Не проведено, правила не разрешают: {amount}",
        "Ei kajastatud, reeglid keelduvad: {amount}",
    ),
    "rc.63": _row(
        "signature or MAC is wrong",
        "nepareizs paraksts vai MAC",
        "неверная подпись или MAC",
        "vale allkiri või MAC",
    ),
    "rc.30": _row(
        "message format", "ziņojuma formāts", "формат сообщения", "sõnumi vorming"
    ),
    "rc.58": _row(
        "not for this terminal",
        "nav atļauts šim terminālim",
        "не для этого терминала",
        "pole sellele terminalile lubatud",
    ),
    "rc.03": _row(
        "unknown branch", "nezināma filiāle", "неизвестный филиал", "tundmatu filiaal"
    ),
    "rc.12": _row(
        "command not allowed here",
        "komanda šeit nav atļauta",
        "команда здесь недоступна",
        "käsk pole siin lubatud",
    ),
    "rc.94": _row(
        "this operation number was used for something else",
        "šis operācijas numurs jau izmantots citam",
        "этот номер операции уже использован",
        "see toimingunumber on juba kasutusel",
    ),
    "rc.95": _row(
        "the batch is closed or its totals differ",
        "pakete ir slēgta vai summas atšķiras",
        "пакет закрыт или итоги расходятся",
        "pakett on suletud või summad erinevad",
    ),
    "rc.13": _row("wrong amount", "nepareiza summa", "неверная сумма", "vale summa"),
    "rc.25": _row(
        "original operation not found or over",
        "sākotnējā operācija nav atrasta vai beigusies",
        "исходная операция не найдена или истекла",
        "algset toimingut ei leitud või see on aegunud",
    ),
    "rc.77": _row(
        "does not match the original operation",
        "neatbilst sākotnējai operācijai",
        "не соответствует исходной операции",
        "ei vasta algsele toimingule",
    ),
    "rc.14": _row(
        "unknown card", "nezināma karte", "неизвестная карта", "tundmatu kaart"
    ),
    "rc.43": _row("card stolen", "karte nozagta", "карта украдена", "kaart varastatud"),
    "rc.41": _row("card lost", "karte nozaudēta", "карта утеряна", "kaart kadunud"),
    "rc.54": _row("expired", "beidzies termiņš", "срок истёк", "aegunud"),
    "rc.62": _row(
        "card blocked", "karte bloķēta", "карта заблокирована", "kaart blokeeritud"
    ),
    "rc.78": _row(
        "card not activated",
        "karte nav aktivizēta",
        "карта не активирована",
        "kaart pole aktiveeritud",
    ),
    "rc.57": _row(
        "not for this card",
        "nav paredzēts šai kartei",
        "не для этой карты",
        "pole selle kaardi jaoks",
    ),
    "rc.75": _row(
        "access code locked",
        "piekļuves kods bloķēts",
        "код доступа заблокирован",
        "juurdepääsukood lukustatud",
    ),
    "rc.55": _row(
        "wrong access code",
        "nepareizs piekļuves kods",
        "неверный код доступа",
        "vale juurdepääsukood",
    ),
    "rc.65": _row("too often", "pārāk bieži", "слишком часто", "liiga sageli"),
    "rc.05": _row(
        "refused by a rule", "noraidīts", "отказано правилом", "reegel keelab"
    ),
    "rc.61": _row(
        "over the limit", "pārsniegts limits", "превышен лимит", "limiit ületatud"
    ),
    "rc.51": _row(
        "not enough on the card",
        "kartē nepietiek līdzekļu",
        "недостаточно средств на карте",
        "kaardil pole piisavalt raha",
    ),
    "rc.60": _row(
        "accepted by its issuer only for now: use it there, or pay another way",
        "pagaidām pieņem tikai izdevējs: izmantojiet pie tā vai maksājiet citādi",
        "пока принимает только эмитент: используйте у него или оплатите иначе",
        "praegu võtab vastu ainult väljaandja: kasutage seal või makske teisiti",
    ),
    "rc.92": _row("no route", "nav maršruta", "нет маршрута", "marsruut puudub"),
    "rc.91": _row(
        "no answer from the ledger, ask again",
        "sistēma neatbild, mēģiniet vēlreiz",
        "нет ответа, повторите",
        "süsteem ei vasta, proovige uuesti",
    ),
    "rc.96": _row("system fault", "sistēmas kļūda", "ошибка системы", "süsteemi viga"),
    "rc.10": _row(
        "approved in part", "apstiprināts daļēji", "одобрено частично", "osaliselt"
    ),
    "rc.00": _row("approved", "apstiprināts", "одобрено", "kinnitatud"),
    **SLIP_TEXTS,
}
