-- 届满: the last day that is in time. What is open is worked out anew by the next load.
ALTER TABLE occurrence ADD COLUMN ends TEXT NOT NULL DEFAULT '';
UPDATE occurrence SET ends = due;
-- The next start puts the plan in force as if it were new.
DELETE FROM meta WHERE key IN ('files', 'admin');
