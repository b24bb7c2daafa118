-- A line of the audit trail says which occurrence it is of: labels and ids of deadlines may change.
ALTER TABLE audit ADD COLUMN occurrence INTEGER;
-- Lines are only added: this one time they are given what they lacked.
DROP TRIGGER audit_keeps_what_was;
UPDATE audit SET occurrence =
    (SELECT o.id FROM occurrence o WHERE o.deadline = audit.deadline AND o.period = audit.period)
  WHERE period IS NOT NULL;
CREATE TRIGGER audit_keeps_what_was BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END;
CREATE INDEX audit_by_occurrence ON audit(occurrence) WHERE occurrence IS NOT NULL;
