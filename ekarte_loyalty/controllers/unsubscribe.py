"""The way out of a campaign's letter: its consent ends, nothing else does."""

from odoo.http import request

from odoo.addons.mass_mailing.controllers.main import MassMailController


class CampaignUnsubscribe(MassMailController):
    """Odoo would put the address on the blacklist of the whole database.

    That would silence other issuers, whose customer it may be, too.
    """

    def _mailing_unsubscribe_from_document(
        self, mailing, document_id, email, hash_token
    ):
        if not (mailing.ekarte_letter_id and hash_token):
            return super()._mailing_unsubscribe_from_document(
                mailing, document_id, email, hash_token
            )
        # The token says that the letter went to this contact: it was compared before.
        mailing.ekarte_letter_id._withdraw(int(document_id))
        return request.render(
            "mass_mailing.page_mailing_has_unsubscribed", {"settings_url": "/my/cards"}
        )
