-- What is kept of a letter is said once.

-- The reminders that were sent are no longer repeated in the audit trail: the history shows them from `said`, `letter`
-- and `attempt`. The lines that are there stay; this is the moment of the last.
INSERT INTO meta SELECT 'reminders_in_audit_until', json_quote(max(at)) FROM audit WHERE what = 'sent' HAVING max(at) IS NOT NULL;

-- A letter that others are like, whole and packed: of the letters of its deadline that come after it, what is their own is
-- kept. It is never changed, and goes when none is left.
CREATE TABLE letter_model (
  id       INTEGER PRIMARY KEY,
  deadline TEXT NOT NULL,
  message  BLOB NOT NULL
) STRICT;
CREATE INDEX letter_model_of ON letter_model(deadline);
-- NULL: it is packed alone, or not at all.
ALTER TABLE letter_text ADD COLUMN model INTEGER REFERENCES letter_model(id);
CREATE INDEX letter_text_like ON letter_text(model) WHERE model IS NOT NULL;
