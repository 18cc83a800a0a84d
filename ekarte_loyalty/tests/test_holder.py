"""Who holds a card: told by the issuer, kept through replacement and merge."""

from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ekarte_core import CardRef

from .common import CLUB_CARD, FUEL_CARD, OTHER_CLUB_CARD, THIRD_CLUB_CARD, NetworkCase

FOURTH_CLUB_CARD = "9980001000000045"


@tagged("post_install", "-at_install")
class TestHolder(NetworkCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._trade()
        cls.operator = cls._user("t.operator", "operator", cls.grocer_company)
        cls.fuel_operator = cls._user("t.fuel.operator", "operator", cls.fuel_company)
        cls.stranger = cls.env["res.users"].create(
            {"name": "Stranger", "login": "t.stranger"}
        )
        cls.anna, cls.janis = cls.env["res.partner"].create(
            [{"name": "Anna Ozola"}, {"name": "Jānis Bērziņš"}]
        )
        cls.holders = cls.env["ekarte.holder"]
        cls.card = cls._card(CLUB_CARD)

    @classmethod
    def _card(cls, number):
        return (
            cls.env["ekarte.card"]
            .search([("last4", "=", number[-4:]), ("number", "=like", "9980%")])
            .ensure_one()
        )

    def _give(self, partner, card=None, issuer=None):
        return self.holders._give(
            (card or self.card).id, issuer or self.grocer, partner
        )

    def _replace_by(self, number):
        outcome = self._send(
            self.grocer, "replace", CLUB_CARD, other=CardRef(value=number), minutes=30
        )
        self.assertEqual(outcome.rc, "00")
        return self._card(number)

    # Giving

    def test_a_card_is_anonymous_until_it_is_given(self):
        self.assertEqual(self.holders._of(self.card.ids, self.grocer), {})
        self._give(self.anna)
        self.assertEqual(
            self.holders._of(self.card.ids, self.grocer), {self.card.id: self.anna}
        )
        self.assertEqual(self.holders._cards_of(self.anna, self.grocer), self.card)

    def test_each_issuer_has_a_holder_of_its_own(self):
        self._give(self.anna)
        self._give(self.janis, issuer=self.fuel)
        self.assertEqual(
            self.holders._of(self.card.ids, self.fuel), {self.card.id: self.janis}
        )
        self.assertFalse(self.holders._cards_of(self.anna, self.fuel))

    def test_giving_it_again_changes_the_one_row(self):
        first = self._give(self.anna)
        first.active = False
        self.assertEqual(self._give(self.janis), first)
        self.assertEqual((first.partner_id, first.active), (self.janis, True))

    @mute_logger("odoo.sql_db")
    def test_a_second_row_for_the_same_issuer_is_refused(self):
        self._give(self.anna)
        with self.assertRaises(UniqueViolation):
            self.holders.create(
                {
                    "card_id": self.card.id,
                    "issuer_id": self.grocer.id,
                    "partner_id": self.janis.id,
                }
            )

    # Life of the card

    def test_a_replacement_is_held_by_the_same_customer(self):
        self._give(self.anna)
        new = self._replace_by(OTHER_CLUB_CARD)
        self.assertEqual(self.holders._of(new.ids, self.grocer), {new.id: self.anna})
        self.assertEqual(self.holders._cards_of(self.anna, self.grocer), new)

    def test_a_replacement_given_to_another_is_the_others(self):
        self._give(self.anna)
        new = self._replace_by(OTHER_CLUB_CARD)
        self._give(self.janis, new)
        self.assertEqual(self.holders._of(new.ids, self.grocer), {new.id: self.janis})
        self.assertFalse(self.holders._cards_of(self.anna, self.grocer))

    def test_a_replacement_of_a_replacement_goes_by_who_had_the_last(self):
        self._give(self.anna)
        self._give(self.janis, self._replace_by(OTHER_CLUB_CARD))
        third = CardRef(value=THIRD_CLUB_CARD)
        self._send(self.grocer, "replace", OTHER_CLUB_CARD, other=third, minutes=31)
        new = self._card(THIRD_CLUB_CARD)
        self.assertEqual(self.holders._of(new.ids, self.grocer), {new.id: self.janis})
        self.assertEqual(self.holders._cards_of(self.janis, self.grocer), new)
        self.assertFalse(self.holders._cards_of(self.anna, self.grocer))

    # Cards of a pool

    def _pooled(self, number):
        """Let a card of its own use the purses of the first one."""
        self.club.may_pool = True
        self.env.cr.flush()
        self._send(self.grocer, "sale", number, 500, minutes=20)
        second = CardRef(value=CLUB_CARD)
        outcome = self._send(self.grocer, "pool", number, other=second, minutes=21)
        self.assertEqual(outcome.rc, "00")
        return self._card(number)

    def test_a_bearers_card_of_a_pool_is_nobodys_when_the_main_card_is_replaced(self):
        self._give(self.anna)
        bearers = self._pooled(THIRD_CLUB_CARD)
        self.assertEqual(self.holders._of(bearers.ids, self.grocer), {})
        new = self._replace_by(OTHER_CLUB_CARD)
        both = bearers | new
        self.assertEqual(both.account_id, self.card)
        self.assertEqual(self.holders._of(both.ids, self.grocer), {new.id: self.anna})
        self.assertEqual(self.holders._cards_of(self.anna, self.grocer), new)
        self.assertEqual(self.holders._of_any(new), self.anna)
        self.assertFalse(self.holders._of_any(bearers))

    def test_a_card_of_a_pool_that_is_replaced_stays_its_own_holders(self):
        self._give(self.anna)
        own = self._pooled(THIRD_CLUB_CARD)
        self._give(self.janis, own)
        other = CardRef(value=OTHER_CLUB_CARD)
        self._send(self.grocer, "replace", THIRD_CLUB_CARD, other=other, minutes=31)
        new = self._card(OTHER_CLUB_CARD)
        self.assertEqual(new.account_id, self.card)
        self.assertEqual(
            self.holders._of((self.card | new).ids, self.grocer),
            {self.card.id: self.anna, new.id: self.janis},
        )
        self.assertEqual(self.holders._cards_of(self.janis, self.grocer), new)
        self.assertEqual(self.holders._cards_of(self.anna, self.grocer), self.card)

    def test_of_two_replaced_cards_of_a_pool_each_heir_has_its_own_holder(self):
        self._give(self.anna)
        self._give(self.janis, self._pooled(THIRD_CLUB_CARD))
        anew = self._replace_by(OTHER_CLUB_CARD)
        other = CardRef(value=FOURTH_CLUB_CARD)
        self._send(self.grocer, "replace", THIRD_CLUB_CARD, other=other, minutes=31)
        new = self._card(FOURTH_CLUB_CARD)
        self.assertEqual(
            self.holders._of((anew | new).ids, self.grocer),
            {anew.id: self.anna, new.id: self.janis},
        )
        self.assertEqual(self.holders._cards_of(self.anna, self.grocer), anew)
        self.assertEqual(self.holders._cards_of(self.janis, self.grocer), new)

    def test_a_card_of_a_pool_is_taken_off_without_the_one_beside_it(self):
        self._give(self.anna)
        beside = self._pooled(THIRD_CLUB_CARD)
        self._give(self.anna, beside)
        new = self._replace_by(OTHER_CLUB_CARD)
        subscriber = self.env["ekarte.subscriber"]
        subscriber._take_off(beside, self.anna)
        self.assertEqual(self.holders._cards_of(self.anna, self.grocer), new)
        subscriber._take_off(new, self.anna)
        self.assertFalse(self.holders._cards_of(self.anna, self.grocer))

    def test_a_replacement_that_leaves_the_pool_stays_its_holders(self):
        self._give(self.janis, self._pooled(THIRD_CLUB_CARD))
        other = CardRef(value=OTHER_CLUB_CARD)
        self._send(self.grocer, "replace", THIRD_CLUB_CARD, other=other, minutes=31)
        outcome = self._send(self.grocer, "pool", OTHER_CLUB_CARD, minutes=32)
        self.assertEqual(outcome.rc, "00")
        new = self._card(OTHER_CLUB_CARD)
        self.assertEqual(new.account_id, new)
        self.assertEqual(self.holders._cards_of(self.janis, self.grocer), new)

    def test_a_lost_card_is_not_offered(self):
        self._give(self.anna)
        self._send(self.grocer, "block", CLUB_CARD, reason="lost", minutes=30)
        self.assertFalse(self.holders._cards_of(self.anna, self.grocer))

    def test_merged_contacts_keep_their_cards(self):
        self._send(self.grocer, "sale", THIRD_CLUB_CARD, 500, minutes=20)
        other = self._card(THIRD_CLUB_CARD)
        self._give(self.anna)
        self._give(self.janis, other)
        merge = self.env["base.partner.merge.automatic.wizard"]
        merge._merge((self.anna | self.janis).ids, self.anna, extra_checks=False)
        self.env.invalidate_all()
        self.assertEqual(
            self.holders._cards_of(self.anna, self.grocer), self.card | other
        )

    def test_a_contact_that_holds_a_card_is_not_deleted(self):
        self._give(self.anna)
        with self.assertRaises(UserError), mute_logger("odoo.sql_db"):
            try:
                self.anna.unlink()
                self.env.flush_all()
            except Exception as fault:  # any form of refusal
                raise UserError(str(fault)) from fault

    # Rights

    def test_an_operator_sees_the_own_issuers_holders_only(self):
        mine, theirs = self._give(self.anna), self._give(self.janis, issuer=self.fuel)
        self.assertEqual(self.holders.with_user(self.operator).search([]), mine)
        self.assertEqual(self.card.with_user(self.operator).holder_names, "Anna Ozola")
        with self.assertRaises(AccessError):
            theirs.with_user(self.operator).partner_id = self.anna
        self.env.invalidate_all()
        seen = self.holders.with_user(self.fuel_operator).search([])
        self.assertEqual(seen, theirs)

    def test_an_operator_gives_a_card_that_may_be_seen(self):
        form = Form(
            self.holders.with_user(self.operator).with_context(
                default_card_id=self.card.id
            )
        )
        form.partner_id = self.anna
        self.assertEqual(form.save().issuer_id, self.grocer)

    def test_an_operator_gives_no_card_of_other_issuers(self):
        with self.assertRaises(AccessError):
            self.holders.with_user(self.operator).create(
                {
                    "card_id": self._card(FUEL_CARD).id,
                    "issuer_id": self.grocer.id,
                    "partner_id": self.anna.id,
                }
            )

    def test_other_people_see_no_holders(self):
        self._give(self.anna)
        with self.assertRaises(AccessError):
            self.holders.with_user(self.stranger).search([])
        # The contact itself opens as ever.
        arch = self.env["res.partner"].with_user(self.stranger).get_view()["arch"]
        self.assertNotIn("ekarte_card_count", arch)
        self.assertEqual(self.anna.with_user(self.stranger).name, "Anna Ozola")

    def test_the_contact_counts_and_opens_its_cards(self):
        self._give(self.anna)
        anna = self.anna.with_user(self.operator)
        self.assertEqual(anna.ekarte_card_count, 1)
        action = anna.action_open_ekarte_cards()
        found = self.holders.with_user(self.operator).search(action["domain"])
        self.assertEqual(found.card_id, self.card)

    def test_cards_are_found_by_their_holder(self):
        self._give(self.anna)
        cards = self.env["ekarte.card"].with_user(self.operator)
        self.assertEqual(cards.search([("holder_ids", "ilike", "ozol")]), self.card)
        self.assertFalse(cards.search([("holder_ids", "ilike", "bērziņš")]))

    def test_from_the_card_it_is_given_and_its_holder_is_changed(self):
        card = self.card.with_user(self.operator)
        self.assertFalse(card.action_give()["res_id"])
        holder = self._give(self.anna)
        self._give(self.janis, issuer=self.fuel)
        self.env.invalidate_all()
        self.assertEqual(card.action_give()["res_id"], holder.id)
