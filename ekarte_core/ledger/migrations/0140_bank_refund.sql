-- Goods that were paid by bank card come back: the bank is told of the refund, and of its
-- reversal, until it acknowledges; a refund may be refused.

ALTER TABLE ekarte.bank_step DROP CONSTRAINT bank_step_step_check;
ALTER TABLE ekarte.bank_step ADD CONSTRAINT bank_step_step_check CHECK (step IN (
    'refused', 'sent', 'approved', 'declined', 'cancelled', 'held', 'booked', 'released',
    'undoing', 'kept', 'refunding', 'refunded', 'unrefunded'
));

ALTER TABLE ekarte.bank_delivery DROP CONSTRAINT bank_delivery_how_check;
ALTER TABLE ekarte.bank_delivery ADD CONSTRAINT bank_delivery_how_check CHECK (
    how IN ('acknowledged', 'given up', 'refused')
);
