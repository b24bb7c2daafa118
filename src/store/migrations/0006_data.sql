-- What is kept of what was reported, of who is meant, and for how long.

-- A report that was taken back: why, and until when its section may report anew. NULL: it was taken back on the day on
-- which it was made, as if it never was.
ALTER TABLE completion ADD COLUMN revoked_why TEXT;
ALTER TABLE completion ADD COLUMN redo_by TEXT;
CREATE INDEX completion_redo ON completion(occurrence) WHERE redo_by IS NOT NULL;
-- Of what was closed: from when on whoever answers for it is told, and until when it is not overdue.
ALTER TABLE occurrence ADD COLUMN redo_since TEXT;
ALTER TABLE occurrence ADD COLUMN redo_by TEXT;
