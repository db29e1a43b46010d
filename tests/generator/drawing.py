"""Draws and days that the generator's parts share."""

import datetime as dt


def pick(rng, weights):
    """A key of `weights`, with a chance in proportion to its value."""
    at = rng.random() * sum(weights.values())
    for key, weight in weights.items():
        at -= weight
        if at < 0:
            return key
    return key


def quotas(rng, weights, count):
    """`count` keys in proportion to their weights, as nearly as whole numbers allow, shuffled:
    small regions keep their shape."""
    total = sum(weights.values())
    out, due = [], 0.0
    for key, weight in weights.items():
        due += weight * count / total
        out += [key] * (round(due) - len(out))
    rng.shuffle(out)
    return out


def add_months(day, months):
    month = day.year * 12 + day.month - 1 + months
    year, month = divmod(month, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return dt.date(year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError("every month has a 28th")


def last_sunday(year, month):
    day = dt.date(year, month, 31)
    return day - dt.timedelta(days=(day.weekday() + 1) % 7)


def is_summer_time(local):
    """Whether a London clock that shows `local` is an hour ahead of UTC."""
    begin = dt.datetime.combine(last_sunday(local.year, 3), dt.time(2))
    end = dt.datetime.combine(last_sunday(local.year, 10), dt.time(1))
    return begin <= local < end


def nhs_number(rng, taken):
    """A valid number of the range 999, which is never given to anyone."""
    while True:
        digits = [9, 9, 9] + [rng.randrange(10) for _ in range(6)]
        check = (11 - sum(d * (10 - i) for i, d in enumerate(digits)) % 11) % 11
        number = "".join(map(str, digits + [check]))
        if check != 10 and number not in taken:
            taken.add(number)
            return number
