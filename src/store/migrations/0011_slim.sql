-- What is kept of a letter is said once.

-- The reminders that were sent are no longer repeated in the audit trail: the history shows them from `said`, `letter`
-- and `attempt`. The lines that are there stay; this is the moment of the last.
INSERT INTO meta SELECT 'reminders_in_audit_until', json_quote(max(at)) FROM audit WHERE what = 'sent' HAVING max(at) IS NOT NULL;

-- A letter that others are like, whole and packed: of the letters of its deadline that come after it, what is their own is
-- kept. It is never changed, and goes when none is left.
CREATE TABLE letter_model (
  id       INTEGER PRIMARY KEY,
  deadline TEXT NOT NULL,
  message  BLOB NOT NULL
) STRICT;
CREATE INDEX letter_model_of ON letter_model(deadline);
-- NULL: it is packed alone, or not at all.
ALTER TABLE letter_text ADD COLUMN model INTEGER REFERENCES letter_model(id);
CREATE INDEX letter_text_like ON letter_text(model) WHERE model IS NOT NULL;

-- A letter is found by the number in its Message-ID, which needs no index. When it is to be tried is kept while it is. And
-- 1 in `thinned`: only its head and what became of it are still kept.
CREATE TABLE letter_2 (
  id            INTEGER PRIMARY KEY,
  mailbox       TEXT NOT NULL,
  kind          TEXT NOT NULL DEFAULT 'reminders'
                CHECK (kind IN ('reminders', 'notice', 'undeliverable', 'stranger', 'answer')),
  notice        TEXT,             -- JSON of what it is about; NULL: reminders, see `said`
  any_time      INTEGER NOT NULL, -- 1: goes out outside the sending window too
  made_at       TEXT NOT NULL,
  state         TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'bounced', 'failed', 'dropped')),
  attempts      INTEGER NOT NULL DEFAULT 0,
  first_attempt TEXT,             -- NULL once it is sent: see `attempt`
  next_attempt  TEXT,             -- NULL once it is sent
  alarmed_at    TEXT,             -- the admin was told that it is stuck
  message_id    TEXT NOT NULL,    -- `duban.`, database, id, chance, joined by dots
  subject       TEXT,             -- of the latest rendering
  ended_at      TEXT,
  last_error    TEXT,
  reply         TEXT,             -- the server's words that ended it
  incoming      INTEGER REFERENCES incoming(id),  -- the message that this one answers, or tells the admin of
  bounced_at    TEXT,             -- a report came that it was not delivered
  bounce        TEXT,             -- that report's words
  delay         TEXT,             -- the words of the latest report that delivery takes its time
  thinned       INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO letter_2 SELECT id, mailbox, kind, notice, any_time, made_at, state, attempts,
  iif(state = 'sent', NULL, first_attempt), iif(state = 'sent', NULL, next_attempt), alarmed_at, message_id, subject,
  ended_at, last_error, reply, incoming, bounced_at, bounce, delay, 0 FROM letter;
DROP TABLE letter;
ALTER TABLE letter_2 RENAME TO letter;
CREATE INDEX letter_to_send ON letter(next_attempt) WHERE state IN ('queued', 'sending');
CREATE INDEX letter_to_retry ON letter(next_attempt) WHERE state IN ('queued', 'sending') AND attempts > 0;
CREATE INDEX letter_fresh ON letter(mailbox COLLATE NOCASE) WHERE state = 'queued' AND attempts = 0;
CREATE INDEX letter_refused ON letter(mailbox COLLATE NOCASE) WHERE state IN ('failed', 'bounced');
CREATE INDEX letter_sent ON letter(ended_at) WHERE state = 'sent' AND NOT thinned;
CREATE INDEX letter_delayed ON letter(state) WHERE delay IS NOT NULL;
CREATE INDEX letter_of_stranger ON letter(made_at) WHERE kind = 'stranger';
CREATE INDEX letter_to_mailbox ON letter(mailbox COLLATE NOCASE, made_at) WHERE NOT thinned;
