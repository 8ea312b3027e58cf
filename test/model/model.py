"""An independent model of what a history of events comes to: written from the pages of the specification.

It keeps no ledger and shares no code with the program. It is deliberately slow and plain: a member's tier is computed
anew from all orders each time that it is asked for, and a balance is the sum over the grants.
"""

import hashlib
from fractions import Fraction

import clock
from bounds import Bounds
from tiers import Ladder

LATE_AFTER = 7 * clock.DAY
SKEW = 5 * 60 * clock.SECOND


def split(total, weights):
    """Largest remainder, ties to the lower index (E6)."""
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    parts = [total * w // whole for w in weights]
    ranks = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in ranks[: total - sum(parts)]:
        parts[i] += 1
    return parts


def in_holdout(member, rule, percent):
    """Members chosen by hash: topics/holdout.go, the only place that says how."""
    text = b""
    for part in ("holdout", rule, member):
        text += len(part.encode()).to_bytes(4, "big") + part.encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big") % 100 < percent


class Line:
    def __init__(self, data, points_part):
        self.id, self.net, self.points_part = data["line"], data["net"], points_part
        self.quantity, self.returned = data.get("quantity", 0), 0
        self.facts = {"category": [data.get("category")], "sku": [data.get("sku")], "tag": data.get("tags") or []}

    @property
    def eligible(self):
        return self.net - self.points_part

    @property
    def kept(self):
        """What still counts of the line: its eligible part shrinks in proportion to what is returned (asked of the program)."""
        return self.eligible * (self.net - self.returned) // self.net if self.net else 0


class Grant:
    """What one rule gave for one event; the lot that it made lives here too."""

    def __init__(self, rule, at, awarded, expires):
        self.rule, self.at, self.awarded = rule, at, awarded
        self.settled, self.taken = 0, 0  # by returns: what they came to, and what of that the policy took
        self.active_at, self.expires = at, expires
        self.lines, self.multiplier, self.bound = [], Fraction(1), None

    @property
    def left(self):
        return self.awarded - self.taken

    def expired(self, now):
        return self.expires is not None and self.expires <= now


class Order:
    def __init__(self):
        self.time, self.lines, self.grants = None, [], []
        self.refunds, self.completed, self.waiting = set(), None, []
        self.metric, self.returned = 0, []

    @property
    def paid(self):
        return self.time is not None

    @property
    def undone(self):
        """Returned in full: it no longer counts as an order."""
        return self.paid and self.metric > 0 and sum(a for _, a in self.returned) >= self.metric

    def counts_from(self, at_once):
        """From when on it counts in the tier metric (decision 0015); None: never so far."""
        last = self.time
        for g in self.grants if not at_once else []:
            if g.awarded == 0:
                continue
            if g.active_at is None:
                return None
            last = max(last, g.active_at)
        return last


class Member:
    def __init__(self):
        self.seen, self.keys, self.orders, self.grants = set(), set(), {}, []
        self.bounds = Bounds()

    def paid_orders(self):
        return [o for o in self.orders.values() if o.paid]


class Model:
    def __init__(self, book, now):
        self.spec, self.now = book["spec"], now
        self.zone = self.spec["timezone"]
        self.ladder = Ladder(self.spec, self.zone)
        self.members = {}
        self.outcomes = {}

    def count(self, outcome):
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1

    def process(self, e):
        at = clock.parse(e["time"])
        if at < self.now - LATE_AFTER and not e.get("backfill"):
            return self.count("TOO_OLD")
        if at > self.now + SKEW:
            return self.count("FUTURE")
        member = self.members.setdefault(e["data"]["member"], Member())
        if (e["source"], e["id"]) in member.seen:
            return self.count("duplicate")
        member.seen.add((e["source"], e["id"]))
        handle = {"shop.order.paid.v1": self.paid, "shop.order.refunded.v1": self.refunded, "shop.order.completed.v1": self.completed}
        self.count(handle.get(e["type"], self.other)(member, e, at))

    # Orders

    def paid(self, member, e, at):
        order = member.orders.setdefault((e["source"], e["data"]["order"]), Order())
        if order.paid:
            return "duplicate"
        lines = e["data"]["lines"]
        parts = split(e["data"].get("paid_with_points", 0), [x["net"] for x in lines])
        first = not any(not o.undone for o in member.paid_orders())
        tier = self.ladder.at(member.paid_orders(), at)
        order.lines = [Line(x, p) for x, p in zip(lines, parts)]
        order.metric = sum(x.eligible for x in order.lines)
        order.grants = self.award(member, e, at, Facts(tier, first, order.lines))
        order.time = at
        waiting, order.waiting = order.waiting, []
        for what, event, when in sorted(waiting, key=lambda w: w[0] == self.completed):
            what(member, event, when)
        return "applied"

    def refunded(self, member, e, at):
        order = member.orders.setdefault((e["source"], e["data"]["order"]), Order())
        if e["data"]["refund"] in order.refunds:
            return "duplicate"
        if not order.paid:
            if any(w[1]["data"].get("refund") == e["data"]["refund"] for w in order.waiting):
                return "duplicate"
            order.waiting.append((self.refunded, e, at))
            return "waiting"
        order.refunds.add(e["data"]["refund"])
        before = sum(x.kept for x in order.lines)
        for back in e["data"]["lines"]:
            for line in order.lines:
                if line.id == back["line"]:
                    line.returned = min(line.net, line.returned + back["net"])
        order.returned.append((at, before - sum(x.kept for x in order.lines)))
        for grant in order.grants:
            self.take_back(member, grant, order, at)
        return "applied"

    def take_back(self, member, grant, order, at):
        """Semantics 4: cumulative, by the grant's own arithmetic, never by today's rules."""
        kept = sum(order.lines[i].kept for i in grant.lines)
        goal = grant.awarded - min(grant.awarded, self.worth(grant, kept, order))
        delta = goal - grant.settled
        if delta <= 0:
            return
        grant.settled += delta
        if self.spec.get("clawback", "debt") == "only_pending" and not self.is_pending(grant, at):
            return
        grant.taken += delta
        member.bounds.give(grant.bound, delta, grant.left == 0)

    def is_pending(self, grant, at):
        at = max(at, grant.at)
        return grant.active_at is None or grant.active_at > at

    def worth(self, grant, kept, order):
        earn = grant.rule["earn"]
        if kept == 0:
            return 0
        quantity = sum(order.lines[i].quantity for i in grant.lines) * kept // sum(order.lines[i].eligible for i in grant.lines)
        return points(earn, kept, quantity, grant.multiplier)

    def completed(self, member, e, at):
        order = member.orders.setdefault((e["source"], e["data"]["order"]), Order())
        if not order.paid:
            if any(w[0] == self.completed for w in order.waiting):
                return "duplicate"
            order.waiting.append((self.completed, e, at))
            return "waiting"
        if order.completed is not None:
            return "duplicate"
        order.completed = max(at, order.time)
        for grant in order.grants:
            if grant.active_at is None:
                grant.active_at = order.completed
                if grant.expires is None:
                    grant.expires = clock.expiry(order.completed, self.validity(grant.rule), self.zone)
        return "applied"

    # Everything else

    def other(self, member, e, at):
        key = self.business_key(e, at)
        if key is not None:
            if key in member.keys:
                return "duplicate"
            member.keys.add(key)
        tier = self.ladder.at(member.paid_orders(), at)
        self.award(member, e, at, Facts(tier, False, []))
        return "applied"

    def business_key(self, e, at):
        data, kind = e["data"], e["type"]
        if kind == "shop.share.created.v1":
            return "share", e["source"], data["product"], clock.local_date(at, self.zone)
        if kind == "shop.review.published.v1":
            return "review", e["source"], data["order"], data["line"]
        if kind in ("shop.member.registered.v1", "shop.member.profile_completed.v1"):
            return (kind,)
        if kind == "shop.member.survey_completed.v1":
            return kind, data.get("survey")
        return None

    # Awards

    def award(self, member, e, at, facts):
        found = [c for c in (self.candidate(rule, e, at, facts) for rule in self.spec["rules"]) if c]
        grants = []
        for rule, lines, multiplier, desired in stack(found):
            if in_holdout(e["data"]["member"], rule["id"], rule.get("holdout", {}).get("percent", 0)):
                continue
            awarded, bound = member.bounds.take(rule, e["data"], desired, lambda per: clock.period_of(at, per, self.zone))
            grant = Grant(rule, at, awarded, None)
            grant.bound = bound
            grant.lines, grant.multiplier = lines, multiplier
            self.wait(grant, at)
            grants.append(grant)
        member.grants += grants
        return grants

    def candidate(self, rule, e, at, facts):
        match = rule.get("match", {})
        if rule["on"] != e["type"] or not self.matches(match, e, facts):
            return None
        lines = [i for i, x in enumerate(facts.lines) if all(set(x.facts[k]) & set(match[k]) for k in x.facts if k in match)]
        if facts.lines and not lines:
            return None
        eligible = sum(facts.lines[i].eligible for i in lines)
        quantity = sum(facts.lines[i].quantity for i in lines) if facts.lines else e["data"].get("quantity", 0)
        multiplier = self.multiplier(rule, e, at, facts)
        return rule, lines, multiplier, points(rule["earn"], eligible, quantity, multiplier)

    def matches(self, match, e, facts):
        data = e["data"]
        for key in ("store", "channel", "activity"):
            if key in match and data.get(key) not in match[key]:
                return False
        if "tier" in match and self.ladder.levels[facts.tier]["id"] not in match["tier"]:
            return False
        if match.get("first_order") and not facts.first:
            return False
        return data.get("length", 0) >= match.get("min_length", 0)

    def multiplier(self, rule, e, at, facts):
        level = self.ladder.levels[facts.tier]
        groups = {}
        for c in self.spec.get("campaigns", []):
            if c["on"] != "earn" or rule["id"] not in c.get("rules", [rule["id"]]):
                continue
            if not (clock.parse(c["from"]) <= at < clock.parse(c["to"])):
                continue
            if any(k in c and e["data"].get(k) not in c[k] for k in ("store", "channel")):
                continue
            if "tier" in c and level["id"] not in c["tier"]:
                continue
            group = c.get("group", "")
            groups[group] = max(groups.get(group, 0), Fraction(c["multiplier"]))
        m = Fraction(level.get("multiplier", "1")) if rule.get("tier_multiplier") else Fraction(1)
        for highest in groups.values():
            m *= highest
        return min(m, Fraction(self.spec["max_multiplier"])) if "max_multiplier" in self.spec else m

    def validity(self, rule):
        return rule.get("validity", self.spec.get("validity"))

    def wait(self, grant, at):
        """Semantics 3: from when on the points can be spent, and how long they live."""
        pending, validity = grant.rule.get("pending", {}), self.validity(grant.rule)
        grant.active_at = None if pending.get("until") else at + pending.get("days", 0) * clock.DAY
        start = at if validity and validity.get("from") == "earning" else grant.active_at
        grant.expires = None if start is None else clock.expiry(start, validity, self.zone)

    # Balances

    def balances(self):
        """The rows of `jifen balances -o csv` at the program's clock."""
        return {name: self.balance(self.members[name]) for name in sorted(self.members, key=lambda n: n.encode())}

    def balance(self, member):
        available = pending = 0
        for g in member.grants:
            if g.expired(self.now):
                continue
            if g.active_at is None or g.active_at > self.now:
                pending += g.left
            else:
                available += g.left
        tier = self.ladder.levels[self.ladder.at(member.paid_orders(), self.now)]["id"]
        return available, pending, 0, 0, tier


class Facts:
    def __init__(self, tier, first, lines):
        self.tier, self.first, self.lines = tier, first, lines


def points(earn, eligible, quantity, multiplier):
    """Semantics 1: one floor, at the end."""
    if "fixed" in earn:
        units, each = Fraction(1), earn["fixed"]
    elif "per_quantity" in earn:
        units, each = Fraction(quantity // earn["per_quantity"]), earn["points"]
    elif earn.get("mode", "step") == "step":
        units, each = Fraction(eligible // earn["per"]), earn["points"]
    else:
        units, each = Fraction(eligible, earn["per"]), earn["points"]
    return int(units * each * multiplier // 1)


def stack(found):
    """Of an exclusive group the rule with the most points, then priority, then rule id (semantics 8)."""
    best = {}
    for c in found:
        group = c[0].get("exclusive")
        if group is not None and (group not in best or rank(c) < rank(best[group])):
            best[group] = c
    return [c for c in found if c[0].get("exclusive") is None or best[c[0]["exclusive"]] is c]


def rank(c):
    return -c[3], -c[0].get("priority", 0), c[0]["id"]
