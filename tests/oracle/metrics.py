"""Reads metrics with PyPI prometheus_client's own parser; every family says what it is, and adds up.

usage: python3 metrics.py FILE...   prints how many samples there are; exits with 1 if one is wrong.
"""

import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families


def check(path: str) -> int:
    families = {f.name: f for f in text_string_to_metric_families(open(path, encoding="utf-8").read())}
    for family in families.values():
        assert family.name.startswith("duban_") and family.documentation and family.samples, family
        assert all(sample.value >= 0 for sample in family.samples), family
    value = lambda name: families[name].samples[0].value
    assert value("duban_overdue_occurrences") <= value("duban_open_occurrences")
    attempts = {s.labels["outcome"]: s.value for s in families["duban_attempts"].samples}
    assert {"accepted", "temporary", "permanent", "unknown", "misconfigured"} <= set(attempts), attempts
    assert (value("duban_letters_owed") == 0) <= (value("duban_oldest_owed_letter_age_seconds") == 0)
    assert families["duban_ticks"].type == "counter" and families["duban_build"].samples[0].labels["version"]
    return sum(len(family.samples) for family in families.values())


if __name__ == "__main__":
    print(sum(check(path) for path in sys.argv[1:]))
