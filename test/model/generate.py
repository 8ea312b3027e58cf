"""Random histories for a random book; the same seed makes the same."""

import random

import books
import clock

NAMES = ["m%03d", "会员%03d", "M-%03d"]
SPAN = 550 * clock.DAY
NOWS = ["2025-06-17T12:34:56+00:00", "2025-01-09T12:34:56+00:00", "2026-05-26T12:34:56+00:00", "2025-03-30T12:34:56+00:00", "2024-12-20T12:34:56+00:00"]


def make(seed, events, members, features):
    """The book, the events in the order of the file, and the program's clock."""
    rng = random.Random(seed)
    now = clock.parse(rng.choice(NOWS))
    start = now - SPAN
    author = books.Author(rng, start, now, features)
    book = author.book()
    story = Story(rng, start, now, book)
    names = [rng.choice(NAMES) % n for n in range(members)]
    weights = [1 / (n + 2) ** 0.6 for n in range(members)]
    while len(story.placed) < events:
        story.live(rng.choices(range(members), weights)[0], names)
    story.placed.sort(key=lambda p: p[:2])
    return book, [e for _, _, e in story.placed[:events]], now


class Story:
    """Events with their places in the file."""

    def __init__(self, rng, start, now, book):
        self.rng, self.start, self.now, self.spec = rng, start, now, book["spec"]
        self.zone = self.spec["timezone"]
        self.placed, self.ids, self.orders, self.shopping = [], 0, 0, {}
        self.edges = [clock.parse(c[k]) for c in self.spec.get("campaigns", []) for k in ("from", "to")]
        self.silver = self.spec["tiers"]["levels"][1]["from"]
        self.size = {}

    def live(self, n, names):
        """Something that member n does. A fifth of the members buy nothing: only they do what a tier multiplies, by
        another topic than orders, so that it does not matter which of two topics is read first."""
        member = names[n]
        if n % 5 == 0:
            return self.other(member, ["hotel_night", "course", "quiz"])
        if self.rng.random() < 0.7:
            return self.order(member)
        return self.other(member, ["course", "quiz"])

    def when(self):
        r, kind = self.rng, self.rng.random()
        at = r.randint(self.start, self.now - clock.HOUR)
        if kind < 0.08:
            at = clock.start_of_day(clock.local_date(at, self.zone), self.zone) - r.choice([0, 0, 1])
        elif kind < 0.16 and self.edges:
            at = r.choice(self.edges) - r.choice([0, 1])
        elif kind < 0.18:
            at = self.leap(at)
        elif kind < 0.21:
            at = clock.year_start(clock.local_date(self.now, self.zone).year - r.choice([0, 1]), self.zone) - r.choice([0, 1, clock.HOUR])
        elif kind < 0.31:
            at = r.randint(self.now - 7 * clock.DAY, self.now - clock.HOUR)
        return self.calm(max(self.start, at))

    def leap(self, at):
        day = next((d for d in ("2024-02-29", "2025-02-28") if self.start < clock.parse(d + "T00:00:00+00:00") < self.now - 2 * clock.DAY), None)
        return clock.parse(day + "T10:00:00+00:00") + self.rng.randint(-clock.HOUR, clock.HOUR) if day else at

    def calm(self, at):
        """The program's clock runs on from `now`: nothing may fall due in the minutes that a run takes."""
        behind = (self.now - at) % clock.DAY
        return at - clock.HOUR if behind > 23 * clock.HOUR or behind < clock.HOUR // 2 else at

    def put(self, kind, member, at, data, place=None, **more):
        self.ids += 1
        r = self.rng
        data = {"member": member, **data}
        event = {"specversion": "1.0", "id": f"e{self.ids}", "source": "/shops/sh01", "type": kind, "time": self.write(at), "datacontenttype": "application/json", "data": data, **more}
        if at < self.now - 6 * clock.DAY and r.random() > 0.004:
            event["backfill"] = "history"
        place = at if place is None else place
        if r.random() < 0.03:
            place += r.randint(-2, 2) * clock.DAY
        self.placed.append((place, self.ids, event))
        if r.random() < 0.03:
            self.placed.append((place + r.randint(0, 30) * clock.DAY, self.ids, event))
        return event

    def write(self, at):
        zone = self.rng.choice([self.zone, "UTC", "Asia/Kathmandu"])
        return books.text(at, zone)

    def again(self, event, place):
        """The same under another event id."""
        self.ids += 1
        self.placed.append((place, self.ids, {**event, "id": f"e{self.ids}"}))

    # Orders

    def order(self, member):
        r, at = self.rng, self.when()
        self.orders += 1
        name, lines = f"O{self.orders}", self.lines(member)
        data = {"order": name, "store": r.choice(books.STORES), "channel": r.choice(books.CHANNELS), "currency": "CNY", "lines": lines, "freight": r.choice([0, 1000])}
        total = sum(x["net"] for x in lines)
        if r.random() < 0.12:
            data["paid_with_points"] = r.randint(0, total // 2)
        event = self.put("shop.order.paid.v1", member, at, data)
        if r.random() < 0.03:
            self.again(event, at + r.randint(0, 40) * clock.DAY)
        if r.random() < 0.04:
            # The same order id of another shop is another order.
            self.put("shop.order.paid.v1", member, self.calm(at + r.randint(0, clock.HOUR)), {**data, "lines": self.lines(member), "paid_with_points": 0}, source="/shops/web")
        if r.random() < 0.65:
            self.complete(member, name, at)
        if r.random() < 0.35:
            self.refund(member, name, at, lines)

    def lines(self, member):
        r = self.rng
        size = self.size.setdefault(member, r.choice(["any", "any", "edge", "near"]))
        if size != "any" and self.silver > 100 and r.random() < 0.8:
            return [{"line": "1", "sku": "A-1", "category": "basic", "quantity": 1, "net": self.silver // 4 - (size == "near")}]
        lines = []
        for n in range(r.choice([1, 1, 2, 3, 5])):
            net = r.choice([r.randint(1, 3000), r.randint(1000, 60000), r.randint(1, 100) * 1000])
            line = {"line": str(n + 1), "sku": r.choice(books.SKUS), "category": r.choice(books.CATEGORIES), "quantity": r.randint(1, 4), "net": net}
            if r.random() < 0.3:
                line["tags"] = r.sample(books.TAGS, r.randint(1, 2))
            lines.append(line)
        return lines

    def complete(self, member, name, at):
        r = self.rng
        then = at + r.choice([1, 3, 10, 40]) * clock.DAY - r.randint(0, clock.DAY)
        place = None
        if r.random() < 0.08:
            then, place = at - r.randint(0, 2) * clock.DAY, at - 2 * clock.DAY
        then = self.calm(then)
        if then > self.now - clock.HOUR:
            return
        event = self.put("shop.order.completed.v1", member, then, {"order": name}, place)
        if r.random() < 0.05:
            self.again(event, then + clock.DAY)

    def refund(self, member, name, at, lines):
        """One in full, or some in part; sometimes too much, twice, or before the order."""
        r, full, left = self.rng, self.rng.random() < 0.35, {x["line"]: x["net"] for x in lines}
        paid = at
        for n in range(1 if full else r.randint(1, 4)):
            at = self.calm(at + r.choice([r.randint(0, clock.DAY), r.randint(0, 60 * clock.DAY)]))
            if at > self.now - clock.HOUR:
                return
            back = []
            for line in left:
                some = left[line] if full or r.random() < 0.2 else r.randint(0, left[line])
                if r.random() < 0.03:
                    some = left[line] + r.randint(1, 5000)
                if some > 0 and (full or r.random() < 0.7):
                    back.append({"line": line, "net": some})
                    left[line] = max(0, left[line] - some)
            if not back:
                continue
            if r.random() < 0.02:
                back.append({"line": "99", "net": 100})
            place = None
            if n == 0 and r.random() < 0.08:
                at = self.calm(paid + r.randint(0, 2 * clock.HOUR))
                place = paid - 3 * clock.HOUR
            elif r.random() < 0.05:
                place = at + r.randint(10, 300) * clock.DAY  # told much later
            event = self.put("shop.order.refunded.v1", member, at, {"order": name if r.random() > 0.01 else "nowhere", "refund": f"R{name}-{n}", "lines": back}, place)
            if r.random() < 0.06:
                self.again(event, at + clock.DAY)

    # Everything else

    def other(self, member, activities):
        r, at, kind = self.rng, self.when(), self.rng.randrange(6)
        where = {"store": r.choice(books.STORES), "channel": r.choice(books.CHANNELS)} if r.random() < 0.7 else {}
        if kind == 0:
            self.put("shop.member.registered.v1", member, at, where)
        elif kind == 1:
            self.put("shop.member.profile_completed.v1", member, at, where)
        elif kind == 2:
            self.put("shop.share.created.v1", member, at, {"product": r.choice("PQ"), "platform": "wechat", "token": f"t{self.ids}", **where})
        elif kind == 3:
            self.put("shop.review.published.v1", member, at, {"review": f"v{self.ids}", "order": f"X{r.randint(1, 9)}", "line": r.choice("12"), "sku": "A-1", "rating": 5, "length": r.choice([3, 14, 15, 200]), "pictures": 0, **where})
        else:
            self.put("shop.activity.v1", member, at, {"activity": r.choice(activities), "quantity": r.randint(0, 5), **where})
