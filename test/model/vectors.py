"""The specification's vectors, as far as events drive them, against the model."""

import unittest

import clock
from model import Model, split

LEVELS = [{"id": "normal", "from": 0, "multiplier": "1"}, {"id": "silver", "from": 500000, "multiplier": "1.5"}, {"id": "gold", "from": 2000000, "multiplier": "2"}]


def rule(name, category, **more):
    earn = more.pop("earn", {"points": 1, "per": 1000, "mode": "step"})
    return {"id": name, "on": "shop.order.paid.v1", "match": {"category": [category]}, "earn": earn, "tier_multiplier": True, **more}


class Vectors(unittest.TestCase):
    def setUp(self):
        self.rules = [rule("basic", "basic"), rule("new", "new", earn={"points": 1, "per": 500, "mode": "step"})]
        self.more, self.events = {}, []

    def event(self, kind, time, **data):
        self.events.append({"id": str(len(self.events)), "source": "/s", "type": "shop." + kind + ".v1", "time": time + "+08:00", "backfill": "x", "data": {"member": "m", **data}})

    def order(self, time, name, *lines):
        self.event("order.paid", time, order=name, lines=[{"line": str(i), "category": c, "net": n, "quantity": 1} for i, (c, n) in enumerate(lines)])

    def back(self, time, name, refund, *lines):
        self.event("order.refunded", time, order=name, refund=refund, lines=[{"line": str(i), "net": n} for i, n in lines])

    def at(self, now):
        spec = {"timezone": "Asia/Shanghai", "validity": {"period": "1y"}, "tiers": {"levels": LEVELS}, "rules": self.rules, **self.more}
        model = Model({"spec": spec}, clock.parse(now + "+08:00"))
        for e in self.events:
            model.process(e)
        available, pending, _, _, tier = model.balances()["m"]
        return available, pending, tier

    def silver(self):
        self.order("2026-01-01T10:00:00", "S", ("other", 500000))

    def test_E1_C1_C2(self):
        self.silver()
        self.order("2026-05-26T11:00:55", "O", ("basic", 29900), ("new", 45500))
        self.assertEqual(self.at("2026-06-10T00:00:00"), (179, 0, "silver"))
        left = [149, 119, 43]
        for n, net in enumerate((10000, 10000, 25500)):
            self.back(f"2026-05-2{7 + n}T00:00:00", "O", f"R{n}", (1, net))
            self.assertEqual(self.at("2026-06-10T00:00:00")[0], left[n])

    def test_E2(self):
        self.silver()
        self.rules = [rule("p", "basic", earn={"points": 1, "per": 1000, "mode": "proportional"})]
        self.order("2026-05-26T11:00:55", "O", ("basic", 29900))
        self.assertEqual(self.at("2026-06-10T00:00:00")[0], 44)

    def test_E3(self):
        self.order("2026-05-26T11:00:55", "O", ("basic", 900), ("basic", 900))
        self.assertEqual(self.at("2026-06-10T00:00:00")[0], 1)

    def test_E6(self):
        self.assertEqual(split(43, [19900, 10000]), [29, 14])

    def test_C3_C8(self):
        self.order("2026-05-26T11:00:55", "O", ("basic", 7000))
        for n, left in enumerate([6, 5, 4, 4, 3, 2, 2, 1, 0, 0]):
            for _ in range(2):
                self.back("2026-05-27T00:00:00", "O", f"R{n}", (0, 700))
            self.assertEqual(self.at("2026-06-10T00:00:00")[0], left)

    def test_L1(self):
        self.order("2025-05-26T11:00:55", "O", ("basic", 10000))
        self.assertEqual(self.at("2026-05-26T23:59:59.999")[0], 10)
        self.assertEqual(self.at("2026-05-27T00:00:00")[0], 0)

    def test_L2(self):
        self.order("2024-02-29T11:00:55", "O", ("basic", 10000))
        self.assertEqual(self.at("2025-02-28T23:59:59.999")[0], 10)
        self.assertEqual(self.at("2025-03-01T00:00:00")[0], 0)

    def test_P1_P2(self):
        self.rules = [{**r, "pending": {"days": 7}} for r in self.rules]
        self.silver()
        self.order("2026-06-01T10:00:00", "O", ("basic", 29900), ("new", 45500))
        self.assertEqual(self.at("2026-06-08T09:59:59.999"), (0, 179, "silver"))
        self.assertEqual(self.at("2026-06-08T10:00:00"), (179, 0, "silver"))
        self.back("2026-06-05T10:00:00", "O", "R", (1, 45500))
        self.assertEqual(self.at("2026-06-05T10:00:00"), (0, 43, "silver"))

    def test_T1_T2_T3(self):
        self.more = {"clawback": "debt"}
        self.rules = [rule("basic", "basic", earn={"points": 1, "per": 100, "mode": "step"})]
        self.order("2026-03-01T10:00:00", "O0", ("other", 490000))
        self.order("2026-03-02T10:00:00", "O1", ("basic", 30000))
        self.order("2026-03-03T10:00:00", "O2", ("basic", 30000))
        self.assertEqual(self.at("2026-03-04T00:00:00"), (750, 0, "silver"))
        self.back("2026-03-04T10:00:00", "O1", "R1", (0, 30000))
        self.assertEqual(self.at("2026-03-06T00:00:00"), (450, 0, "silver"))
        self.back("2026-03-06T10:00:00", "O2", "R2", (0, 30000))
        self.assertEqual(self.at("2026-03-06T23:59:59.999"), (0, 0, "silver"))
        self.assertEqual(self.at("2026-03-07T00:00:00"), (0, 0, "normal"))

    def test_B1_B5(self):
        self.rules = [{"id": "share", "on": "shop.share.created.v1", "earn": {"fixed": 10}, "cap": {"points": 30, "per": "day"}}]
        for n, left in enumerate([10, 20, 30, 30]):
            self.event("share.created", "2026-05-26T23:59:59.900", product=str(n))
            self.assertEqual(self.at("2026-06-10T00:00:00")[0], left)
        self.event("share.created", "2026-05-27T00:00:00", product="x")
        self.assertEqual(self.at("2026-06-10T00:00:00")[0], 40)

    def test_B3(self):
        self.silver()
        self.more = {"campaigns": [{"id": m, "on": "earn", "multiplier": m, "group": "g", "from": "2026-05-01T00:00:00+08:00", "to": "2026-06-01T00:00:00+08:00"} for m in "23"]}
        self.order("2026-05-26T11:00:55", "O", ("basic", 100000))
        self.assertEqual(self.at("2026-06-10T00:00:00")[0], 450)

    def test_V1_V2(self):
        self.more = {"campaigns": [{"id": "sale", "on": "earn", "multiplier": "2", "from": "2026-06-18T00:00:00+08:00", "to": "2026-06-21T00:00:00+08:00"}]}
        self.order("2026-06-20T23:59:59.999", "O", ("basic", 10000))
        self.assertEqual(self.at("2026-07-01T00:00:00")[0], 20)
        self.order("2026-06-21T00:00:00", "P", ("basic", 10000))
        self.assertEqual(self.at("2026-07-01T00:00:00")[0], 30)


if __name__ == "__main__":
    unittest.main()
