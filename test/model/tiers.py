"""Tiers by calendar year (semantics 7), computed anew from all that is known of a member's orders."""

import clock


class Ladder:
    """The levels of a book, and what tier a list of orders leads to."""

    def __init__(self, spec, zone):
        tiers = spec.get("tiers") or {"levels": [{"id": "", "from": 0}]}
        self.levels, self.zone = tiers["levels"], zone
        self.orders = tiers.get("metric", "spend") == "paid_orders"
        self.one_down = tiers.get("downgrade", "best") == "one_down"
        self.count_pending = bool(tiers.get("count_pending"))

    def level(self, metric):
        reached = 0
        for i, level in enumerate(self.levels):
            if metric >= level["from"]:
                reached = i
        return reached

    def at(self, orders, when):
        """The index of the tier held at `when`, after everything of that instant that is known."""
        return Walk(self).to(sorted(self.moves(orders)), when)

    def moves(self, orders):
        """What changes the metric: (instant, subtraction?, year, by). What returns of before leave counts at once."""
        for n, order in enumerate(orders):
            counted = order.counts_from(self.count_pending)
            if counted is None:
                continue
            year = clock.local_date(order.time, self.zone).year
            kept, left = order.metric, order.metric
            for at, amount in sorted(order.returned):
                left -= amount
                if at < counted:
                    kept = left
            yield counted, 0, n, year, self.worth(kept)
            left = order.metric
            for at, amount in sorted(order.returned):
                before, left = left, left - amount
                if at >= counted:
                    yield at, 1, n, year, self.worth(left) - self.worth(before)

    def worth(self, kept):
        return int(kept > 0) if self.orders else kept


class Walk:
    """A member's tier as time goes on: up at the event, down at midnights only."""

    def __init__(self, ladder):
        self.ladder, self.tier, self.metric, self.time = ladder, 0, {}, None

    def to(self, moves, when):
        for at, _, _, year, by in moves:
            if at > when:
                break
            self.pass_time(at)
            self.metric[year] = self.metric.get(year, 0) + by
            self.tier = max(self.tier, self.deserved(at))
        self.pass_time(when)
        return self.tier

    def deserved(self, at):
        year = clock.local_date(at, self.ladder.zone).year
        return self.ladder.level(max(self.metric.get(year, 0), self.metric.get(year - 1, 0)))

    def pass_time(self, to):
        """Evaluates at midnights in (time, to]: the next one, and the first of each year; others can change nothing."""
        if self.time is not None and to > self.time:
            zone = self.ladder.zone
            first, last = clock.local_date(self.time, zone).year, clock.local_date(to, zone).year
            looks = {clock.midnight_after(self.time, zone)} | {clock.year_start(y, zone) for y in range(first + 1, last + 1)}
            for look in sorted(looks):
                if look <= to:
                    self.evaluate(look)
        self.time = to

    def evaluate(self, look):
        self.tier = min(self.tier, self.deserved(look))
