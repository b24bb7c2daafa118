-- What ten years leave behind is not read to answer what is asked of today.

-- The letters as they were handed over: large, and seldom asked for. Beside the letters they made every look at the
-- outbox read them.
CREATE TABLE letter_text (
  letter  INTEGER PRIMARY KEY REFERENCES letter(id),
  message BLOB NOT NULL           -- the latest rendering, as it went to the server
) STRICT;
INSERT INTO letter_text SELECT id, handed_over FROM letter WHERE handed_over IS NOT NULL;
ALTER TABLE letter DROP COLUMN handed_over;

CREATE INDEX letter_sent ON letter(ended_at) WHERE state = 'sent';
CREATE INDEX letter_delayed ON letter(state) WHERE delay IS NOT NULL;
CREATE INDEX occurrence_open ON occurrence(due) WHERE state = 'open';
CREATE INDEX occurrence_case ON occurrence(period) WHERE case_on IS NOT NULL;
CREATE INDEX completion_lately ON completion(at) WHERE revoked_at IS NULL;
CREATE INDEX audit_starts ON audit(at) WHERE what = 'started';

-- Grows whenever what the board shows changes, by whatever process: what was worked out before it grew need not be
-- worked out again. Letters are not among it.
INSERT INTO meta VALUES ('changes', '0');
CREATE TRIGGER occurrence_new AFTER INSERT ON occurrence
  BEGIN UPDATE meta SET value = value + 1 WHERE key = 'changes'; END;
CREATE TRIGGER occurrence_changed
  AFTER UPDATE OF period, due, finish_by, target, provisional, next_due, revision, state, case_on, extended_to, quiet_until ON occurrence
  BEGIN UPDATE meta SET value = value + 1 WHERE key = 'changes'; END;
CREATE TRIGGER completion_new AFTER INSERT ON completion
  BEGIN UPDATE meta SET value = value + 1 WHERE key = 'changes'; END;
CREATE TRIGGER completion_changed AFTER UPDATE ON completion
  BEGIN UPDATE meta SET value = value + 1 WHERE key = 'changes'; END;
CREATE TRIGGER request_new AFTER INSERT ON request
  BEGIN UPDATE meta SET value = value + 1 WHERE key = 'changes'; END;
CREATE TRIGGER request_changed AFTER UPDATE ON request
  BEGIN UPDATE meta SET value = value + 1 WHERE key = 'changes'; END;
CREATE TRIGGER deadline_new AFTER INSERT ON deadline
  BEGIN UPDATE meta SET value = value + 1 WHERE key = 'changes'; END;
CREATE TRIGGER deadline_changed AFTER UPDATE OF version, in_force, since ON deadline
  BEGIN UPDATE meta SET value = value + 1 WHERE key = 'changes'; END;
