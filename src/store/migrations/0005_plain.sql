-- What is stored says itself what it is.

-- Every value that is kept under a key is JSON; some were plain text.
UPDATE meta SET value = json_quote(value) WHERE key IN ('uid', 'weekly', 'backup_at');
UPDATE meta SET value = 'null' WHERE key = 'sweep_failing' AND value = '';
