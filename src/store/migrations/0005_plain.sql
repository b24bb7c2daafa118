-- What is stored says itself what it is.

-- Every value that is kept under a key is JSON; some were plain text.
UPDATE meta SET value = json_quote(value) WHERE key IN ('uid', 'weekly', 'backup_at');
UPDATE meta SET value = 'null' WHERE key = 'sweep_failing' AND value = '';

-- How attempts ended is counted in a table of its own, not under keys that are put together.
CREATE TABLE attempt_count (
  outcome TEXT PRIMARY KEY,
  count   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO attempt_count SELECT substr(key, 10), CAST(value AS INTEGER) FROM meta WHERE key LIKE 'attempts %';
DELETE FROM meta WHERE key LIKE 'attempts %';
DROP TRIGGER attempt_ended;
CREATE TRIGGER attempt_ended AFTER UPDATE OF outcome ON attempt WHEN OLD.outcome IS NULL AND NEW.outcome IS NOT NULL
  BEGIN
    INSERT INTO attempt_count VALUES (NEW.outcome, 1) ON CONFLICT (outcome) DO UPDATE SET count = count + 1;
  END;

-- A letter says what it is; what a notice is about stays JSON. A kind of its own has only what is asked for by it.
ALTER TABLE letter ADD COLUMN kind TEXT NOT NULL DEFAULT 'reminders'
  CHECK (kind IN ('reminders', 'notice', 'undeliverable', 'stranger', 'answer'));
-- The message that a letter answers, and now also the one that it tells the admin of.
ALTER TABLE letter RENAME COLUMN answers TO incoming;
UPDATE letter SET kind = CASE
    WHEN incoming IS NOT NULL THEN 'answer'
    WHEN NOT json_valid(notice) THEN 'notice'
    WHEN notice ->> '$.undeliverable' IS NOT NULL THEN 'undeliverable'
    WHEN notice ->> '$.stranger' IS NOT NULL THEN 'stranger'
    ELSE 'notice' END
  WHERE notice IS NOT NULL;
UPDATE letter SET incoming = (SELECT id FROM incoming WHERE id = notice ->> '$.stranger.incoming') WHERE kind = 'stranger';
CREATE INDEX letter_of_stranger ON letter(made_at) WHERE kind = 'stranger';

-- 代转: whether a section's name or a mailbox that refused is meant. A letter went to a mailbox;
-- after a restore with gaps it may be lost, so an address counts as one.
UPDATE said SET behalf =
    CASE WHEN EXISTS (SELECT 1 FROM letter l WHERE l.mailbox = said.behalf COLLATE NOCASE) OR instr(behalf, '@') > 0
         THEN 'mailbox ' ELSE 'section ' END
    || behalf
  WHERE behalf <> '';
