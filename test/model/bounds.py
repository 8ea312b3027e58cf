"""What a member got already by rules with a cap or a limit (semantics 8), by calendar period of the event's time."""


class Bounds:
    def __init__(self):
        self.points, self.times = {}, {}

    def take(self, rule, data, desired, period):
        """What is awarded of what a rule wants to give, and the counters that it used."""
        awarded, cap, limit = desired, None, None
        if "limit" in rule:
            by = rule["limit"].get("by")
            limit = (rule["id"], period(rule["limit"]["per"]), data.get(by) if by else None)
            if self.times.get(limit, 0) >= rule["limit"]["times"]:
                awarded = 0
        if "cap" in rule:
            cap = (rule["id"], period(rule["cap"]["per"]))
            awarded = min(awarded, max(0, rule["cap"]["points"] - self.points.get(cap, 0)))
        if awarded == 0:
            return 0, None
        for counters, key, by in ((self.points, cap, awarded), (self.times, limit, 1)):
            if key is not None:
                counters[key] = counters.get(key, 0) + by
        return awarded, (cap, limit)

    def give(self, bound, points, all_of_it):
        """A return gives back what it took, in the period of the order; the times once nothing of the award is left."""
        cap, limit = bound or (None, None)
        if cap is not None:
            self.points[cap] -= points
        if limit is not None and all_of_it:
            self.times[limit] -= 1
