"""Working days, as section 3 of the design reads.

The statutory days come from the configuration's holidays/*.toml. Where the package
chinesecalendar knows the year as well, the two are compared and a difference is told.
"""

import datetime as dt
import sys
import tomllib

import chinese_calendar

DAY = dt.timedelta(days=1)
KNOWN_TO_PACKAGE = range(2020, 2027)


class WorkingDays:
    def __init__(self, directory):
        self.off, self.work, self.years = set(), set(), set()
        for path in sorted(directory.glob("*.toml")):
            data = tomllib.loads(path.read_text(encoding="utf-8"))
            off, work = data.get("off", []), data.get("work", [])
            if not off and not work:
                continue  # an empty file is not data
            self.years.add(data["year"])
            self.off.update(map(as_date, off))
            self.work.update(map(as_date, work))
        for year in sorted(self.years.intersection(KNOWN_TO_PACKAGE)):
            self._compare_with_package(year)

    def _compare_with_package(self, year):
        day = dt.date(year, 1, 1)
        while day.year == year:
            if self.works(day) != chinese_calendar.is_workday(day):
                print(f"holidays: {day} differs from chinesecalendar", file=sys.stderr)
            day += DAY

    def works(self, day):
        if day in self.work:
            return True
        return day.weekday() < 5 and day not in self.off

    def on_or_before(self, day):
        while not self.works(day):
            day -= DAY
        return day

    def on_or_after(self, day):
        while not self.works(day):
            day += DAY
        return day

    def after(self, day, count):
        """The count-th working day after `day`, which is not counted itself."""
        return self._walk(day, count, DAY)

    def before(self, day, count):
        """The count-th working day before `day`, which is not counted itself."""
        return self._walk(day, count, -DAY)

    def _walk(self, day, count, step):
        while count > 0:
            day += step
            if self.works(day):
                count -= 1
        return day


def as_date(value):
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(value)
