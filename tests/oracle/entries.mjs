// Reads calendar files with npm ical.js and node-ical: each reads what entries.py read of them.
// usage: node entries.mjs <WHAT_ICS_PY_PRINTED   (in a folder with both in node_modules)

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(`${process.cwd()}/`);
const ICAL = require("ical.js").default ?? require("ical.js");
const nodeIcal = require("node-ical");

/** The day that a Date means, in the zone of this machine: a whole day has no zone. */
const day = (at) => [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((n) => String(n).padStart(2, "0")).join("-");
let count = 0;
for (const { path, method, events } of JSON.parse(readFileSync(0))) {
    const text = readFileSync(path, "utf8");
    const calendar = new ICAL.Component(ICAL.parse(text));
    assert.equal(calendar.getFirstPropertyValue("method"), method);
    const read = calendar.getAllSubcomponents("vevent").map((one) => {
        const event = new ICAL.Event(one);
        return {
            uid: event.uid, sequence: event.sequence, summary: event.summary, description: event.description ?? "",
            start: event.startDate.toString(), end: event.endDate.toString(),
            status: one.getFirstPropertyValue("status") ?? "", organizer: event.organizer,
            alarms: one.getAllSubcomponents("valarm").map((a) => a.getFirstPropertyValue("trigger").toSeconds()),
        };
    });
    assert.deepEqual(read, events, `ical.js: ${path}`);
    const other = nodeIcal.sync.parseICS(text);
    const found = Object.values(other).filter((one) => one.type === "VEVENT");
    assert.equal(found.length, events.length);
    for (const mine of events) {
        const theirs = other[mine.uid];
        assert.equal(theirs.method ?? other.vcalendar?.method, method, `node-ical: ${path}`);
        const seconds = (trigger) => new ICAL.Duration.fromString(trigger).toSeconds();
        assert.deepEqual({
            uid: theirs.uid, sequence: Number(theirs.sequence), summary: theirs.summary, description: theirs.description ?? "",
            start: day(theirs.start), end: day(theirs.end), status: theirs.status ?? "", organizer: theirs.organizer.val,
            alarms: (theirs.alarms ?? []).map((a) => seconds(a.trigger)),
        }, mine, `node-ical: ${path}`);
        assert.equal(theirs.datetype, "date");
    }
    count += events.length;
}
console.log(`${count} events, read alike by icalendar, ics, ical.js and node-ical`);
