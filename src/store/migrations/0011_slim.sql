-- What is kept of a letter is said once.

-- The reminders that were sent are no longer repeated in the audit trail: the history shows them from `said`, `letter`
-- and `attempt`. The lines that are there stay; this is the moment of the last.
INSERT INTO meta SELECT 'reminders_in_audit_until', json_quote(max(at)) FROM audit WHERE what = 'sent' HAVING max(at) IS NOT NULL;
