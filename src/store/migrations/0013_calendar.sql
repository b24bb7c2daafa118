-- What people's calendars know of an occurrence, and who wrote before.

-- Its deadline and label when it was opened, where they have become others: the UID of its calendar entry stays.
ALTER TABLE occurrence ADD COLUMN known_as TEXT;
-- How often it was reported, or a report was taken back: with `revision` the SEQUENCE of its calendar entry.
ALTER TABLE occurrence ADD COLUMN turns INTEGER NOT NULL DEFAULT 0;
CREATE INDEX occurrence_known_as ON occurrence(known_as) WHERE known_as IS NOT NULL;

CREATE INDEX incoming_by_sender ON incoming(sender COLLATE NOCASE);
