-- What people outside the roster may cause, and what goes first.

-- The number in an answer is valid as long as the one in the letter that was answered, which was made at this moment.
-- NULL: the letter answers none of ours, its number is as old as itself.
ALTER TABLE letter ADD COLUMN numbered_at TEXT;
-- Answers are counted by day.
CREATE INDEX letter_answer ON letter(made_at) WHERE kind = 'answer';
-- Reminders go before everything else.
DROP INDEX letter_to_send;
DROP INDEX letter_to_retry;
CREATE INDEX letter_to_send ON letter(kind = 'reminders', next_attempt) WHERE state IN ('queued', 'sending');
CREATE INDEX letter_to_retry ON letter(kind = 'reminders', next_attempt) WHERE state IN ('queued', 'sending') AND attempts > 0;
-- One letter a day tells of all strangers.
DROP INDEX letter_of_stranger;
