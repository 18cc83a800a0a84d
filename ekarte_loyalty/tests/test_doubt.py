from contextlib import contextmanager

from odoo.exceptions import UserError
from odoo.sql_db import db_connect
from odoo.tests import TransactionCase, tagged

from ..ledger import doubt_is_told

# Said by PostgreSQL while it commits, as when a wait for a standby was cancelled.
WARNS = """
CREATE TEMPORARY TABLE told (said text);
CREATE FUNCTION pg_temp.tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF new.said = 'warning' THEN
        RAISE WARNING 'canceling wait for synchronous replication';
    ELSE
        RAISE NOTICE 'by the way';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER tell AFTER INSERT ON told
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION pg_temp.tell()
"""


@tagged("post_install", "-at_install")
class TestDoubt(TransactionCase):
    """What a second database has not confirmed is not told as done."""

    @contextmanager
    def _committing(self, said):
        """An environment whose commit is a real one, and comes with a word."""
        with db_connect(self.env.cr.dbname).cursor() as cursor:
            cursor.execute(WARNS)
            doubt_is_told(self.env(cr=cursor))
            cursor.execute("INSERT INTO told VALUES (%s)", (said,))
            yield cursor

    def test_a_commit_that_no_standby_confirmed_is_told_as_a_doubt(self):
        with (
            self._committing("warning") as cursor,
            self.assertRaisesRegex(UserError, "Do it once more"),
        ):
            cursor.commit()

    def test_other_words_raise_no_doubt(self):
        with self._committing("notice") as cursor:
            cursor.commit()

    def test_what_was_said_before_the_commit_raises_no_doubt(self):
        with self._committing("notice") as cursor:
            cursor.execute("DO $$ BEGIN RAISE WARNING 'earlier'; END $$")
            cursor.commit()
