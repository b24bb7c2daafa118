-- Each line of the audit trail carries a hash over itself and the hash of the line before (`chain.rs`, which gives the
-- lines that are there theirs).
ALTER TABLE audit ADD COLUMN chain BLOB;
DROP TRIGGER audit_keeps_what_was;
CREATE TRIGGER audit_keeps_what_was BEFORE UPDATE ON audit WHEN old.chain IS NOT NULL
  BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END;
