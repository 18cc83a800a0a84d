-- What people look for at a desk with a million cards: the last four digits of a card, and
-- all cards of an account. card_account_idx, which purchases use, holds only the few cards
-- of another account and stays as small as it is.
CREATE INDEX card_last4_idx ON ekarte.card (last4, id);
CREATE INDEX card_of_account_idx ON ekarte.card (account_id);
