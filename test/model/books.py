"""Random rulebooks. JSON is YAML as well, so one text serves the program and the model."""

from fractions import Fraction

import clock

ZONES = ["Asia/Shanghai", "Asia/Shanghai", "Europe/London", "America/New_York", "America/Santiago"]
CATEGORIES = ["basic", "new", "design", "hotel", "other"]
STORES, CHANNELS = ["SH01", "SH02", "BJ01"], ["pos", "web", "mini"]
TAGS, SKUS = ["spring", "sale", "eco"], ["A-1", "A-2", "B-1", "N-9"]
PERIODS = ["1y", "1y", "6m", "90d", "45d", "1m", "13m", "1y1m1d", "10d"]
ROUNDINGS = ["day", "day", "month", "quarter", "year"]
PAID = "shop.order.paid.v1"
FEATURES = ["caps", "limits"]  # what books may have beside what they always do
DEFAULT = FEATURES


def text(ms, zone):
    return clock.moment(ms, zone).isoformat(timespec="milliseconds")


class Author:
    """Writes one book. `start` and `now` bound the history that it is for; features are what books may have."""

    def __init__(self, rng, start, now, features):
        self.rng, self.start, self.now, self.features = rng, start, now, features
        self.zone = rng.choice(ZONES)
        self.clawback = rng.choice(["debt", "debt", "within_balance", "only_pending"])

    def book(self):
        r = self.rng
        spec = {
            "effective_from": text(self.start - 400 * clock.DAY, self.zone),
            "timezone": self.zone,
            "currency": "CNY",
            "clawback": self.clawback,
            "tiers": self.tiers(),
        }
        if r.random() < 0.85:
            spec["validity"] = self.validity()
        spec["rules"] = self.order_rules() + self.other_rules()
        if r.random() < 0.85:
            spec["campaigns"] = [self.campaign(n, spec["rules"]) for n in range(r.randint(1, 6))]
        if r.random() < 0.6:
            highest = max(Fraction(x["multiplier"]) for x in spec["tiers"]["levels"] + spec.get("campaigns", []))
            spec["max_multiplier"] = r.choice([m for m in ["2", "2.5", "3", "4.2", "10"] if Fraction(m) >= highest])
        return {"apiVersion": "jifen/v1", "kind": "Rulebook", "metadata": {"name": "model", "version": "v1"}, "spec": spec}

    def validity(self):
        v = {"period": self.rng.choice(PERIODS), "rounding": self.rng.choice(ROUNDINGS)}
        if self.rng.random() < 0.3:
            v["from"] = "earning"
        return v

    def tiers(self):
        r = self.rng
        orders = r.random() < 0.3
        silver, gold = (r.choice([3, 5, 8]), r.choice([12, 20])) if orders else (r.choice([100000, 300000, 500000]), r.choice([800000, 2000000]))
        tiers = {
            "metric": "paid_orders" if orders else "spend",
            "window": "calendar_year",
            "keep": "end_of_next_year",
            "downgrade": "best",
            "levels": [
                {"id": "normal", "from": 0, "multiplier": r.choice(["1", "1", "1.1"])},
                {"id": "silver", "from": silver, "multiplier": r.choice(["1.5", "1.25", "1.333"])},
                {"id": "gold", "from": gold, "multiplier": r.choice(["2", "1.75", "3"])},
            ],
        }
        if r.random() < 0.4:
            tiers["count_pending"] = r.random() < 0.6
        return tiers

    def order_rules(self):
        r, rules = self.rng, []
        for category in CATEGORIES[:4]:
            rules.append({"id": f"spend-{category}", "on": PAID, "match": {"category": [category]}, "earn": self.earn(), "tier_multiplier": r.random() < 0.8})
        rules.append({"id": "welcome", "on": PAID, "match": {"first_order": True}, "earn": {"fixed": r.choice([50, 77])}})
        rules.append({"id": "line-units", "on": PAID, "match": {"category": ["hotel"]}, "earn": {"points": r.choice([3, 100]), "per_quantity": r.choice([1, 2])}, "tier_multiplier": True})
        for n in range(r.randint(1, 3)):
            rules.append({"id": f"rivals-{n}", "on": PAID, "earn": self.earn(), "exclusive": "rivals", "tier_multiplier": r.random() < 0.5})
            if r.random() < 0.7:
                rules[-1]["priority"] = r.randint(-1, 2)
            self.narrow(rules[-1])
        for rule in rules:
            self.season(rule)
        return rules

    def narrow(self, rule):
        """Sometimes a rule is for some stores, channels, tiers, goods only."""
        r, match = self.rng, {}
        for key, values in (("store", STORES), ("channel", CHANNELS), ("tier", ["normal", "silver", "gold"]), ("sku", SKUS), ("tag", TAGS)):
            if r.random() < 0.25:
                match[key] = r.sample(values, r.randint(1, 2))
        if match:
            rule["match"] = match

    def earn(self):
        r, kind = self.rng, self.rng.random()
        if kind < 0.45:
            return {"points": r.choice([1, 1, 2, 3]), "per": r.choice([1000, 500, 333, 100]), "mode": "step"}
        if kind < 0.9:
            return {"points": r.choice([1, 3, 7]), "per": r.choice([1000, 700, 100]), "mode": "proportional"}
        return {"fixed": r.choice([5, 10, 40])}

    def season(self, rule):
        """Windows, validities, hold-outs, caps and limits."""
        r = self.rng
        if r.random() < 0.4:
            rule["pending"] = {"until": "completed"} if rule["on"] == PAID and r.random() < 0.5 else {"days": r.choice([0, 1, 7, 14, 30])}
        if r.random() < 0.4:
            rule["validity"] = self.validity()
            if "days" in rule.get("pending", {}):
                rule["validity"].pop("from", None)
        elif rule.get("pending", {}).get("days"):
            rule["validity"] = {"period": "1y"}
        if r.random() < 0.12:
            rule["holdout"] = {"percent": r.choice([10, 50])}
        if "caps" in self.features and r.random() < 0.35:
            rule["cap"] = {"points": r.choice([10, 30, 100, 500]), "per": r.choice(["day", "week", "month", "year", "ever"])}
        if "limits" in self.features and r.random() < 0.3:
            rule["limit"] = {"times": r.choice([1, 2, 5]), "per": r.choice(["day", "week", "month", "year", "ever"])}
            by = {"shop.share.created.v1": "product", "shop.activity.v1": "activity"}.get(rule["on"])
            if by and r.random() < 0.5:
                rule["limit"]["by"] = by

    def other_rules(self):
        r = self.rng
        rules = [
            {"id": "nights", "on": "shop.activity.v1", "match": {"activity": ["hotel_night"]}, "earn": {"points": 100, "per_quantity": r.choice([1, 2])}, "tier_multiplier": True},
            {"id": "course", "on": "shop.activity.v1", "match": {"activity": ["course", "quiz"]}, "earn": {"fixed": r.choice([15, 20])}},
            {"id": "register", "on": "shop.member.registered.v1", "earn": {"fixed": 50}},
            {"id": "profile", "on": "shop.member.profile_completed.v1", "earn": {"fixed": 30}},
            {"id": "share", "on": "shop.share.created.v1", "earn": {"fixed": 10}},
            {"id": "review", "on": "shop.review.published.v1", "match": {"min_length": 15}, "earn": {"fixed": 20}},
        ]
        for rule in rules:
            self.season(rule)
        return rules

    def campaign(self, n, rules):
        r = self.rng
        start = clock.start_of_day(clock.local_date(r.randint(self.start, self.now - 10 * clock.DAY), self.zone), self.zone)
        end = clock.start_of_day(clock.local_date(start + r.choice([2, 3, 31, 120]) * clock.DAY, self.zone), self.zone)
        c = {"id": f"campaign-{n}", "on": "earn", "multiplier": r.choice(["2", "3", "1.5", "1.1"]), "from": text(start, self.zone), "to": text(end, self.zone)}
        names = [x["id"] for x in rules]
        if r.random() < 0.7:
            c["rules"] = r.sample(names, r.randint(1, 4))
        if r.random() < 0.6:
            c["group"] = r.choice(["seasonal", "partner"])
        if r.random() < 0.3:
            c["store"] = r.sample(STORES, 2)
        if r.random() < 0.2:
            c["channel"] = r.sample(CHANNELS, 2)
        if r.random() < 0.3:
            # Only orders: what else a member does comes by another topic, and so may meet another tier.
            c["tier"] = r.sample(["normal", "silver", "gold"], 2)
            c["rules"] = r.sample([x["id"] for x in rules if x["on"] == PAID], 3)
        return c
