-- What a section says between the first letter and the report: nothing of it closes an occurrence.
CREATE TABLE note (
  id         INTEGER PRIMARY KEY,
  occurrence INTEGER NOT NULL REFERENCES occurrence(id),
  section    TEXT NOT NULL,
  kind       TEXT NOT NULL CHECK (kind IN ('handed_in', 'seen', 'progress')),
  by         TEXT NOT NULL,
  text       TEXT NOT NULL,       -- may be empty
  at         TEXT NOT NULL,
  revoked_at TEXT,
  revoked_by TEXT
) STRICT;
CREATE INDEX note_by_occurrence ON note(occurrence) WHERE revoked_at IS NULL;
CREATE TRIGGER note_new AFTER INSERT ON note
  BEGIN UPDATE meta SET value = value + 1 WHERE key = 'changes'; END;
CREATE TRIGGER note_changed AFTER UPDATE ON note
  BEGIN UPDATE meta SET value = value + 1 WHERE key = 'changes'; END;
