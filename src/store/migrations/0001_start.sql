-- Days are TEXT `2026-01-31` (bureau time), moments TEXT `2026-01-31T00:30:00Z` (UTC, whole seconds):
-- both sort as they read.

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Every configuration that was put in force or refused.
CREATE TABLE load (
  id       INTEGER PRIMARY KEY,
  at       TEXT NOT NULL,
  accepted INTEGER NOT NULL,
  detail   TEXT NOT NULL          -- counts, or the findings
) STRICT;

-- Every wording of a deadline that was ever in force, so that history can say what was.
CREATE TABLE deadline_version (
  id         INTEGER PRIMARY KEY,
  deadline   TEXT NOT NULL,
  definition TEXT NOT NULL,       -- JSON
  load       INTEGER NOT NULL REFERENCES load(id),
  until_load INTEGER REFERENCES load(id)
) STRICT;
CREATE INDEX deadline_version_by_deadline ON deadline_version(deadline);

CREATE TABLE deadline (
  id         TEXT PRIMARY KEY,
  version    INTEGER NOT NULL REFERENCES deadline_version(id),
  in_force   INTEGER NOT NULL,    -- 0: taken out of the file, or switched off
  since      TEXT NOT NULL,       -- occurrences due before this day are not opened
  last_due   TEXT,                -- of the latest occurrence that was opened
  next_opens TEXT                 -- the day to look for the next occurrence; NULL: there is none
) STRICT, WITHOUT ROWID;
CREATE INDEX deadline_to_open ON deadline(next_opens) WHERE in_force;

CREATE TABLE occurrence (
  id          INTEGER PRIMARY KEY,
  deadline    TEXT NOT NULL REFERENCES deadline(id),
  period      TEXT NOT NULL,
  due         TEXT NOT NULL,
  finish_by   TEXT NOT NULL,
  target      TEXT,
  provisional INTEGER NOT NULL,
  next_due    TEXT,               -- of the deadline's next occurrence: after it this one is silent
  revision    INTEGER NOT NULL DEFAULT 0,  -- grows when the dates move: SEQUENCE of the calendar entry
  state       TEXT NOT NULL CHECK (state IN ('open', 'done', 'withdrawn')),
  speak_on    TEXT,               -- the day to look at it again; NULL: nothing more will be said
  case_on     TEXT,               -- a case: the day it is counted from
  extended_to TEXT,               -- a case: the date that its extension set
  quiet_until TEXT,               -- 不能按期, confirmed: nothing overdue is said up to this day
  UNIQUE (deadline, period)
) STRICT;
CREATE INDEX occurrence_to_speak_of ON occurrence(speak_on) WHERE state = 'open';
CREATE INDEX occurrence_by_due ON occurrence(due);

CREATE TABLE completion (
  id         INTEGER PRIMARY KEY,
  occurrence INTEGER NOT NULL REFERENCES occurrence(id),
  section    TEXT NOT NULL,       -- '' where none was named
  kind       TEXT NOT NULL CHECK (kind IN ('done', 'not_applicable')),
  by         TEXT NOT NULL,
  note       TEXT NOT NULL,
  evidence   TEXT NOT NULL,
  at         TEXT NOT NULL,
  revoked_at TEXT,
  revoked_by TEXT
) STRICT;
CREATE INDEX completion_by_occurrence ON completion(occurrence) WHERE revoked_at IS NULL;

-- What a section asked of the admin: 不能按期, 不适用.
CREATE TABLE request (
  id         INTEGER PRIMARY KEY,
  occurrence INTEGER NOT NULL REFERENCES occurrence(id),
  section    TEXT NOT NULL,
  kind       TEXT NOT NULL CHECK (kind IN ('postponed', 'not_applicable')),
  by         TEXT NOT NULL,
  reason     TEXT NOT NULL,
  expected   TEXT,                -- 预计日期, of a postponement
  at         TEXT NOT NULL,
  confirmed  INTEGER,             -- 1 confirmed, 0 returned (退回); NULL: not decided
  decided_by TEXT,
  answer     TEXT,
  decided_at TEXT
) STRICT;
CREATE INDEX request_by_occurrence ON request(occurrence);
CREATE INDEX request_undecided ON request(id) WHERE confirmed IS NULL;

-- The outbox: letters that are owed, and what became of them.
CREATE TABLE letter (
  id            INTEGER PRIMARY KEY,
  mailbox       TEXT NOT NULL,
  notice        TEXT,             -- JSON of a letter to the admin; NULL: reminders, see `said`
  any_time      INTEGER NOT NULL, -- 1: goes out outside the sending window too
  made_at       TEXT NOT NULL,
  state         TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'dropped')),
  attempts      INTEGER NOT NULL DEFAULT 0,
  first_attempt TEXT,
  next_attempt  TEXT NOT NULL,
  lease_until   TEXT,             -- while sending: after it, whoever claimed the letter is dead
  alarmed_at    TEXT,             -- the admin was told that it is stuck
  message_id    TEXT NOT NULL UNIQUE,
  subject       TEXT,             -- of the latest rendering
  handed_over   BLOB,             -- the latest rendering, as it went to the server
  ended_at      TEXT,
  last_error    TEXT,
  reply         TEXT              -- the server's words that ended it
) STRICT;
CREATE INDEX letter_to_send ON letter(next_attempt) WHERE state IN ('queued', 'sending');
CREATE INDEX letter_fresh ON letter(mailbox) WHERE state = 'queued' AND attempts = 0;

CREATE TABLE attempt (
  id       INTEGER PRIMARY KEY,
  letter   INTEGER NOT NULL REFERENCES letter(id),
  at       TEXT NOT NULL,
  ended_at TEXT,                  -- NULL: under way, or the process died
  outcome  TEXT,
  reply    TEXT
) STRICT;
CREATE INDEX attempt_by_letter ON attempt(letter);

-- What was said to whom: say it once.
CREATE TABLE said (
  id           INTEGER PRIMARY KEY,
  occurrence   INTEGER NOT NULL REFERENCES occurrence(id),
  counted_from TEXT NOT NULL,
  saying       TEXT NOT NULL,     -- `7个工作日`, `当天`, `逾期3`, `更正1`
  mailbox      TEXT NOT NULL,
  behalf       TEXT NOT NULL,     -- 代转: the section without a mailbox, or the mailbox that refused
  letter       INTEGER NOT NULL REFERENCES letter(id),
  on_day       TEXT NOT NULL,     -- the day it was meant for
  to_leader    INTEGER NOT NULL,
  due          TEXT NOT NULL,     -- the dates as they were told
  finish_by    TEXT NOT NULL,
  target       TEXT,
  dropped      TEXT               -- why it was never handed over
) STRICT;
CREATE UNIQUE INDEX said_once ON said(occurrence, counted_from, saying, mailbox, behalf) WHERE dropped IS NULL;
CREATE INDEX said_by_letter ON said(letter);

-- Who did what, when: only ever added to.
CREATE TABLE audit (
  id       INTEGER PRIMARY KEY,
  at       TEXT NOT NULL,
  who      TEXT NOT NULL,         -- a person's name, or `duban`
  what     TEXT NOT NULL,         -- opened, moved, withdrawn, done, reopened, sent, failed, ...
  deadline TEXT,
  period   TEXT,
  detail   TEXT NOT NULL          -- JSON
) STRICT;
CREATE INDEX audit_by_deadline ON audit(deadline);
CREATE TRIGGER audit_keeps_what_was BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END;
CREATE TRIGGER audit_keeps_all BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END;

INSERT INTO meta VALUES ('uid', lower(hex(randomblob(6))));
