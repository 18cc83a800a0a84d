"""What the demo grocer asks and writes its customers, in their languages."""

from odoo import api, models

MODULE = "ekarte_loyalty"
LANGUAGES = ("lv_LV", "ru_RU", "et_EE")
TEXTS = {
    ("questionnaire_grocer_demo", "name"): (
        "Pastāstiet par sevi",
        "Расскажите о себе",
        "Rääkige endast",
    ),
    ("questionnaire_grocer_demo", "intro"): (
        "Aizpildiet vienreiz: atlaide pieaugs, un dzimšanas diena nebūs aizmirsta.",
        "Заполните один раз: скидка вырастет, и день рождения не забудется.",
        "Täitke üks kord: allahindlus kasvab ja sünnipäev ei jää meelest.",
    ),
    ("question_birthday_demo", "name"): (
        "Kad esat dzimis?",
        "Когда вы родились?",
        "Millal te sündisite?",
    ),
    ("question_profession_demo", "name"): (
        "Kāda ir jūsu profesija?",
        "Кто вы по профессии?",
        "Mis on teie elukutse?",
    ),
    ("choice_teacher_demo", "name"): ("Skolotājs", "Учитель", "Õpetaja"),
    ("choice_medic_demo", "name"): ("Mediķis", "Медик", "Meedik"),
    ("choice_other_demo", "name"): ("Cita", "Другая", "Muu"),
    ("question_email_demo", "name"): (
        "Jūsu e-pasta adrese",
        "Ваш адрес эл. почты",
        "Teie e-posti aadress",
    ),
    ("question_home_demo", "name"): (
        "Cik cilvēku dzīvo jūsu mājās?",
        "Сколько человек живёт у вас дома?",
        "Mitu inimest teie kodus elab?",
    ),
    ("purpose_news_demo", "name"): (
        "Jaunumi un piedāvājumi",
        "Новости и предложения",
        "Uudised ja pakkumised",
    ),
    ("purpose_news_demo", "text"): (
        'Piekrītu, ka SIA "Zaļais grozs" sūta man jaunumus, piedāvājumus un apsveikumus'
        " pa e-pastu. Varu to jebkurā brīdī atsaukt.",
        'Я согласен, чтобы SIA "Zaļais grozs" присылала мне новости, предложения и'
        " поздравления по эл. почте. Я могу отозвать это в любое время.",
        'Nõustun, et SIA "Zaļais grozs" saadab mulle e-postiga uudiseid, pakkumisi ja'
        " õnnitlusi. Võin selle igal ajal tagasi võtta.",
    ),
    ("holiday_teachers_demo", "name"): (
        "Skolotāju diena",
        "День учителя",
        "Õpetajate päev",
    ),
    ("greeting_birthday_demo", "words"): (
        "Šonedēļ jūs gaida kūka no mūsu ceptuves.",
        "На этой неделе вас ждёт торт из нашей пекарни.",
        "Sel nädalal ootab teid kook meie pagariärist.",
    ),
}


class EkarteNetwork(models.Model):
    _inherit = "ekarte.network"

    @api.model
    def _load_demo_network(self):
        """Enter the demo network, and what its grocer asks customers."""
        super()._load_demo_network()
        known = self.env.ref(f"{MODULE}.questionnaire_grocer_demo", False)
        self._load_demo_file("ekarte_demo_people.xml")
        if not known:
            self._translate_demo_people()

    @api.model
    def _translate_demo_people(self):
        """Word it in those of the customers' languages that are installed."""
        installed = dict(self.env["res.lang"].get_installed())
        for (name, field), texts in TEXTS.items():
            said = {
                lang: text
                for lang, text in zip(LANGUAGES, texts, strict=True)
                if lang in installed
            }
            record = self.env.ref(f"{MODULE}.{name}")
            record.update_field_translations(field, said)
