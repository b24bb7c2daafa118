//! Checks that the database bears out what duban promises, by plain SQL that shares nothing with the code that decides
//! and sends.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Row, ToSql};

use super::{Db, Result};

/// A contradiction in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// In Chinese: what, and where.
    pub what: String,
    /// It may have a harmless reason: worth a look, but not a breach.
    pub is_hint: bool,
}

/// Longer than the longest holiday: by then the admin must have been told of a letter that waits.
const WAITS_TOO_LONG: SignedDuration = SignedDuration::from_hours(24 * 14);
/// By this time after a letter's first failure the admin was told, unless the service does not run.
const FAILS_TOO_LONG: SignedDuration = SignedDuration::from_hours(24 * 3);
/// How many findings of one kind are shown.
const SHOWN: usize = 10;

/// Each gives a line of Chinese per row.
const BREACHES: [&str; 10] = [
    // Does not use the index that should forbid it.
    "SELECT '说了两遍：' || o.deadline || ' ' || o.period || ' 的“' || s.saying || '”对 ' || s.mailbox || ' 记了 ' || count(*) || ' 次'
     FROM said s NOT INDEXED JOIN occurrence o ON o.id = s.occurrence WHERE s.dropped IS NULL
     GROUP BY s.occurrence, s.counted_from, s.saying, lower(s.mailbox), s.behalf HAVING count(*) > 1",
    // An occurrence that is done was closed by its last report that was not revoked.
    "SELECT '办结以后还发：' || o.deadline || ' ' || o.period || ' 在 ' || c.closed || ' 办结，' || l.id || ' 号信在 ' || a.at || ' 又发给 ' || l.mailbox
     FROM occurrence o
     JOIN (SELECT occurrence, max(at) AS closed FROM completion WHERE revoked_at IS NULL GROUP BY occurrence) c ON c.occurrence = o.id
     JOIN said s ON s.occurrence = o.id AND s.dropped IS NULL
     JOIN letter l ON l.id = s.letter
     JOIN attempt a ON a.letter = l.id AND a.at > c.closed
     WHERE o.state = 'done'",
    "SELECT '没有凭据：' || l.id || ' 号信记作已发给 ' || l.mailbox || '，却没有一次被收下的记录'
     FROM letter l WHERE l.state IN ('sent', 'bounced') AND NOT l.thinned
     AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.letter = l.id AND a.outcome = 'accepted')",
    "SELECT '被收下过却没有记作已发：' || l.id || ' 号信，给 ' || l.mailbox
     FROM letter l WHERE l.state IN ('queued', 'sending', 'failed', 'dropped') AND l.ended_at IS NOT NULL AND l.attempts = 1
     AND EXISTS (SELECT 1 FROM attempt a WHERE a.letter = l.id AND a.outcome = 'accepted')",
    "SELECT '没有登记就办结了：' || o.deadline || ' ' || o.period
     FROM occurrence o WHERE o.state = 'done'
     AND NOT EXISTS (SELECT 1 FROM completion c WHERE c.occurrence = o.id AND c.revoked_at IS NULL)
     AND NOT EXISTS (SELECT 1 FROM audit a WHERE a.what = 'closed' AND a.deadline = o.deadline AND a.period = o.period)",
    "SELECT '经过缺行：' || (max(id) - count(*)) || ' 行不见了（共应有 ' || max(id) || ' 行）'
     FROM audit HAVING count(*) <> coalesce(max(id), 0)",
    // What the board shows is what the chain vouches for. A report whose words were lost with a damaged page has a
    // stand-in (`salvage.rs`).
    "SELECT '登记和经过对不上：' || o.deadline || ' ' || o.period || ' 由 ' || c.by || ' 在 ' || c.at || ' 登记的，经过里没有，或者写的不一样'
     FROM completion c JOIN occurrence o ON o.id = c.occurrence
     WHERE c.revoked_at IS NULL
     AND NOT EXISTS (SELECT 1 FROM audit a WHERE a.occurrence = c.occurrence AND a.at = c.at AND json_valid(a.detail)
                     AND (c.kind = 'done' AND a.what = 'done' AND a.who = c.by
                          AND coalesce(a.detail ->> '$.note', c.note) = c.note AND coalesce(a.detail ->> '$.evidence', c.evidence) = c.evidence
                          OR c.kind = 'not_applicable' AND a.what = 'confirmed'
                          AND EXISTS (SELECT 1 FROM audit q WHERE q.occurrence = c.occurrence AND q.what = 'asked' AND q.who = c.by
                                      AND json_valid(q.detail) AND coalesce(q.detail ->> '$.reason', c.note) = c.note)))
     AND NOT (c.by = '不详' AND EXISTS (SELECT 1 FROM audit r WHERE r.what = 'restored' AND json_valid(r.detail) AND r.detail ->> '$.has_gaps'))",
    "SELECT '登记不见了：经过里有 ' || lost.who || ' 在 ' || lost.at || ' 对 ' || o.deadline || ' ' || o.period || ' 的登记，现在没有，或者写的不一样'
     FROM (SELECT occurrence, at, who FROM audit WHERE what = 'done' AND occurrence IS NOT NULL
           EXCEPT SELECT occurrence, at, by FROM completion) lost
     JOIN occurrence o ON o.id = lost.occurrence
     WHERE NOT EXISTS (SELECT 1 FROM audit r WHERE r.what = 'restored' AND json_valid(r.detail) AND r.detail ->> '$.has_gaps')",
    "SELECT '登记被作废，经过里没有撤回：' || o.deadline || ' ' || o.period || ' 由 ' || c.by || ' 在 ' || c.at || ' 登记的'
     FROM completion c JOIN occurrence o ON o.id = c.occurrence
     WHERE c.revoked_at IS NOT NULL
     AND NOT EXISTS (SELECT 1 FROM audit a WHERE a.occurrence = c.occurrence AND a.what = 'reopened' AND a.at = c.revoked_at)
     AND NOT EXISTS (SELECT 1 FROM audit r WHERE r.what = 'restored' AND json_valid(r.detail) AND r.detail ->> '$.has_gaps')",
    // Of a date that never moved nothing is written down.
    "SELECT '期限和经过对不上：' || o.deadline || ' ' || o.period || ' 现在是 ' || o.due || '，经过里最后改成的是 ' || (a.detail ->> '$.to.due')
     FROM (SELECT occurrence, max(id) AS id FROM audit
           WHERE occurrence IS NOT NULL AND what IN ('moved', 'extended', 'paused', 'resumed', 'restarted') AND json_valid(detail)
           AND detail ->> '$.to.due' IS NOT NULL GROUP BY occurrence) last
     JOIN audit a ON a.id = last.id JOIN occurrence o ON o.id = last.occurrence
     WHERE a.detail ->> '$.to.due' <> o.due",
];

const HINTS: [&str; 2] = [
    "SELECT '经过的时间倒退：第 ' || id || ' 行是 ' || at || '，前一行是 ' || before || '（钟被往回拨过，或有人改动）'
     FROM (SELECT id, at, lag(at) OVER (ORDER BY id) AS before FROM audit) WHERE at < before",
    // A wording that was ever in force must name the section, or the roster now.
    "SELECT '科室对不上：' || o.deadline || ' ' || o.period || ' 由“' || c.section || '”登记，事项里从未有这个科室（改过名？）'
     FROM completion c JOIN occurrence o ON o.id = c.occurrence
     WHERE c.section <> '' AND c.revoked_at IS NULL
     AND NOT EXISTS (SELECT 1 FROM deadline_version v WHERE v.deadline = o.deadline AND json_valid(v.definition)
                     AND c.section IN (SELECT value FROM json_each(v.definition, '$.sections')))
     AND NOT EXISTS (SELECT 1 FROM meta m, json_each(m.value, '$.sections') s
                     WHERE m.key = 'roster' AND s.value ->> '$.name' = c.section)",
];

impl Db {
    /// The contradictions; empty if the promises are kept.
    ///
    /// # Errors
    /// SQLite's error, if the checks cannot be run.
    pub fn broken_promises(&mut self, now: Timestamp) -> Result<Vec<Finding>> {
        let mut found: Vec<Finding> = self
            .damage()
            .into_iter()
            .map(|line| Finding { what: format!("文件损坏：{line}"), is_hint: false })
            .collect();
        if !found.is_empty() {
            // What is read from a damaged file proves nothing.
            return Ok(found);
        }
        for sql in BREACHES {
            found.extend(self.lines(sql, &[], false)?);
        }
        if let Some(line) = self.walk(None)?.misfit {
            let what = format!("经过对不上：第 {line} 行接不上前一行，它们有一行被改过，或者中间少了");
            found.push(Finding { what, is_hint: false });
        }
        let before = |age| now.saturating_sub(age).unwrap_or(now);
        let waits = "SELECT '积压没有上报：' || id || ' 号信从 ' || made_at || ' 起没有发给 ' || mailbox || '，也没有告诉管理员'
                     FROM letter WHERE state IN ('queued', 'sending') AND kind = 'reminders' AND alarmed_at IS NULL
                     AND (made_at < ?1 OR first_attempt < ?2)";
        found.extend(self.lines(waits, &[&before(WAITS_TOO_LONG), &before(FAILS_TOO_LONG)], false)?);
        for sql in HINTS {
            found.extend(self.lines(sql, &[], true)?);
        }
        Ok(found)
    }

    fn lines(&mut self, sql: &str, values: &[&dyn ToSql], is_hint: bool) -> Result<Vec<Finding>> {
        let mut select = self.conn.prepare(sql)?;
        let read = |row: &Row| Ok(Finding { what: row.get(0)?, is_hint });
        let mut found: Vec<Finding> = select.query_map(values, read)?.collect::<rusqlite::Result<_>>()?;
        let more = found.len().saturating_sub(SHOWN);
        found.truncate(SHOWN);
        found.extend((more > 0).then(|| Finding { what: format!("……同类还有 {more} 处"), is_hint }));
        Ok(found)
    }
}
