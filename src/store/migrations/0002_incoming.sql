-- What comes in by mail, and letters that a mailbox refused after the relay had taken them.

-- SQLite does not change a CHECK: a new state needs a new table.
CREATE TABLE letter_2 (
  id            INTEGER PRIMARY KEY,
  mailbox       TEXT NOT NULL,
  notice        TEXT,             -- JSON of a letter to the admin, or of an answer; NULL: reminders, see `said`
  any_time      INTEGER NOT NULL, -- 1: goes out outside the sending window too
  made_at       TEXT NOT NULL,
  state         TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'bounced', 'failed', 'dropped')),
  attempts      INTEGER NOT NULL DEFAULT 0,
  first_attempt TEXT,
  next_attempt  TEXT NOT NULL,
  alarmed_at    TEXT,             -- the admin was told that it is stuck
  message_id    TEXT NOT NULL UNIQUE,
  subject       TEXT,             -- of the latest rendering
  handed_over   BLOB,             -- the latest rendering, as it went to the server
  ended_at      TEXT,
  last_error    TEXT,
  reply         TEXT,             -- the server's words that ended it
  answers       INTEGER REFERENCES incoming(id),  -- the message that this one answers
  bounced_at    TEXT,             -- a report came that it was not delivered
  bounce        TEXT,             -- that report's words
  delay         TEXT              -- the words of the latest report that delivery takes its time
) STRICT;
INSERT INTO letter_2 SELECT id, mailbox, notice, any_time, made_at, state, attempts, first_attempt, next_attempt,
  alarmed_at, message_id, subject, handed_over, ended_at, last_error, reply, NULL, NULL, NULL, NULL FROM letter;
DROP TABLE letter;
ALTER TABLE letter_2 RENAME TO letter;
CREATE INDEX letter_to_send ON letter(next_attempt) WHERE state IN ('queued', 'sending');
CREATE INDEX letter_fresh ON letter(mailbox) WHERE state = 'queued' AND attempts = 0;
CREATE INDEX letter_refused ON letter(mailbox) WHERE state IN ('failed', 'bounced');
CREATE INDEX letter_to_mailbox ON letter(mailbox COLLATE NOCASE, made_at);

-- The numbers of a letter, as they were handed over: ① stands for the same in every rendering.
CREATE TABLE letter_item (
  letter     INTEGER NOT NULL REFERENCES letter(id),
  occurrence INTEGER NOT NULL REFERENCES occurrence(id),
  section    TEXT NOT NULL,       -- whose report a reply is
  number     INTEGER NOT NULL,
  PRIMARY KEY (letter, occurrence, section)
) STRICT, WITHOUT ROWID;

-- Messages that came in and were for us: each acts once.
CREATE TABLE incoming (
  id          INTEGER PRIMARY KEY,
  at          TEXT NOT NULL,      -- when it acted
  fingerprint TEXT NOT NULL UNIQUE,  -- the same message delivered twice is one
  message_id  TEXT NOT NULL,      -- '' where it has none
  sender      TEXT NOT NULL,
  subject     TEXT NOT NULL,
  text        TEXT NOT NULL,      -- what the sender wrote himself
  letter      INTEGER REFERENCES letter(id),  -- the letter that it answers or reports on
  outcome     TEXT NOT NULL,      -- `recorded`, `unclear`, `refused`, `bounced`, ...
  detail      TEXT NOT NULL,      -- JSON: what was recorded, or why not
  waits       INTEGER NOT NULL,   -- 1: waits in 待人工 for a person
  handled_at  TEXT,
  handled_by  TEXT
) STRICT;
CREATE INDEX incoming_waiting ON incoming(id) WHERE waits;

-- Where a mailbox has a message: it is not read again.
CREATE TABLE incoming_place (
  mailbox      TEXT NOT NULL,     -- account, server and folder
  uid_validity INTEGER NOT NULL,
  uid          INTEGER NOT NULL,
  tries        INTEGER NOT NULL,  -- how often reading it was begun: what kills us twice is not read a third time
  incoming     INTEGER REFERENCES incoming(id),
  left_alone   INTEGER NOT NULL DEFAULT 0,  -- 1: it is not for us
  PRIMARY KEY (mailbox, uid_validity, uid)
) STRICT, WITHOUT ROWID;
