-- A line of the audit trail says which occurrence it is of: labels and ids of deadlines may change.
ALTER TABLE audit ADD COLUMN occurrence INTEGER;
UPDATE audit SET occurrence =
    (SELECT o.id FROM occurrence o WHERE o.deadline = audit.deadline AND o.period = audit.period)
  WHERE period IS NOT NULL;
CREATE INDEX audit_by_occurrence ON audit(occurrence) WHERE occurrence IS NOT NULL;
