-- What was tried before and is due again is found beside any number of letters that were not tried yet.
CREATE INDEX letter_to_retry ON letter(next_attempt) WHERE state IN ('queued', 'sending') AND attempts > 0;
