-- What is kept of what was reported, of who is meant, and for how long.

-- A report that was taken back: why, and until when its section may report anew. NULL: it was taken back on the day on
-- which it was made, as if it never was.
ALTER TABLE completion ADD COLUMN revoked_why TEXT;
ALTER TABLE completion ADD COLUMN redo_by TEXT;
CREATE INDEX completion_redo ON completion(occurrence) WHERE redo_by IS NOT NULL;
-- Of what was closed: from when on whoever answers for it is told, and until when it is not overdue.
ALTER TABLE occurrence ADD COLUMN redo_since TEXT;
ALTER TABLE occurrence ADD COLUMN redo_by TEXT;

-- An address is one whatever its case: what was said to two spellings of it was said twice, and what went out counts.
DROP INDEX said_once;
UPDATE said SET behalf = lower(behalf) WHERE behalf LIKE 'mailbox %';
UPDATE said SET dropped = 'said to the same mailbox' WHERE id IN (
  SELECT id FROM (
    SELECT s.id, row_number() OVER (
      PARTITION BY s.occurrence, s.counted_from, s.saying, lower(s.mailbox), s.behalf
      ORDER BY l.state IN ('sent', 'bounced') DESC, s.id) AS place
    FROM said s LEFT JOIN letter l ON l.id = s.letter WHERE s.dropped IS NULL)
  WHERE place > 1);
CREATE UNIQUE INDEX said_once ON said(occurrence, counted_from, saying, mailbox COLLATE NOCASE, behalf) WHERE dropped IS NULL;
DROP INDEX letter_fresh;
CREATE INDEX letter_fresh ON letter(mailbox COLLATE NOCASE) WHERE state = 'queued' AND attempts = 0;
DROP INDEX letter_refused;
CREATE INDEX letter_refused ON letter(mailbox COLLATE NOCASE) WHERE state IN ('failed', 'bounced');

-- How a letter's text is kept: 0 as it went to the server, as older versions kept it; 1 packed.
ALTER TABLE letter_text ADD COLUMN form INTEGER NOT NULL DEFAULT 0;
CREATE INDEX letter_text_plain ON letter_text(letter) WHERE form = 0;
-- Of mail that was refused, anybody's, only its beginning is kept.
UPDATE incoming SET text = substr(text, 1, 2000) || '……' WHERE outcome = 'refused' AND octet_length(text) > 8192;
