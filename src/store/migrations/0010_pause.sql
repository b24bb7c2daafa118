-- The clock of a case may stand: the days of its pauses are not counted.
ALTER TABLE occurrence ADD COLUMN pauses TEXT;            -- a case: JSON, in order; the last has no `to` while it lasts
ALTER TABLE occurrence ADD COLUMN extended_after INTEGER; -- how many pauses were over when it was extended
-- Cases are few, and paused ones fewer.
CREATE INDEX occurrence_paused ON occurrence(due) WHERE state = 'open' AND pauses IS NOT NULL;
DROP TRIGGER occurrence_changed;
CREATE TRIGGER occurrence_changed
  AFTER UPDATE OF period, due, ends, finish_by, target, provisional, next_due, revision, state, case_on, extended_to, quiet_until, pauses ON occurrence
  BEGIN UPDATE meta SET value = value + 1 WHERE key = 'changes'; END;
