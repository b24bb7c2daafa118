-- How attempts ended is counted as they end: whoever watches the service asks every few seconds, and counting ten
-- years of them took a hundred times the rest.
INSERT INTO meta SELECT 'attempts ' || outcome, count(*) FROM attempt WHERE outcome IS NOT NULL GROUP BY outcome;
CREATE TRIGGER attempt_ended AFTER UPDATE OF outcome ON attempt WHEN OLD.outcome IS NULL AND NEW.outcome IS NOT NULL
  BEGIN
    INSERT INTO meta VALUES ('attempts ' || NEW.outcome, '1') ON CONFLICT (key) DO UPDATE SET value = value + 1;
  END;

-- Of a deadline, what is open or was due lately, without its other years.
CREATE INDEX occurrence_lately ON occurrence(deadline, due, state);
