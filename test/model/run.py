"""Compares the program with the model on random histories; see README.md."""

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import books
import clock
import generate
import shrink
from model import Model

HEAD = ["member", "available", "pending", "frozen", "debt", "tier"]


def expected(book, events, now):
    model = Model(book, now)
    for e in events:
        model.process(e)
    return model.balances()


def write(folder, book, events):
    """A rulebook and a file of events, as `jifen demo` takes them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "book.yaml").write_text(json.dumps(book, ensure_ascii=False, indent=1) + "\n")
    (folder / "events.jsonl").write_text("".join(json.dumps(e, ensure_ascii=False) + "\n" for e in events))


def call(*args, fails=()):
    """What a program prints; an exit code that is neither 0 nor one of fails ends the run."""
    done = subprocess.run(args, capture_output=True, text=True)
    if done.returncode not in (0, *fails):
        raise SystemExit(f"{' '.join(args)}: exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return done


class Demo:
    """`jifen demo`: Kafka, Redis, ClickHouse, all stages."""

    def __init__(self, program, folder):
        self.program, self.folder, self.faults = program, folder, ""

    def balances(self, book, events, now):
        write(self.folder, book, events)
        out = self.folder / "balances.csv"
        done = call(self.program, "demo", "--once", "-o", "json", "--events", str(self.folder / "events.jsonl"), "--rulebook",
                    str(self.folder / "book.yaml"), "--now", books.text(now, "UTC"), "--balances", str(out), fails=[1])
        if not out.exists():
            raise SystemExit(f"jifen demo: exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
        story = json.loads(done.stdout.strip().split("\n")[-1])
        if story["audit_differences"] != 0 or story["events"] != len(events):
            self.faults = f"the program's own audit: {done.stderr[-2000:]}{story}"
        with out.open(newline="") as f:
            rows = list(csv.reader(f))
        if rows[0] != HEAD or [r[0].encode() for r in rows[1:]] != sorted(r[0].encode() for r in rows[1:]):
            raise SystemExit(f"{out}: header or order is not the contract's")
        return {r[0]: (*map(int, r[1:5]), r[5]) for r in rows[1:]}


class Simulate:
    """`jifen simulate`: the same decisions in one process, quick enough to shrink with."""

    def __init__(self, program, folder):
        self.program, self.folder, self.faults = program, folder, ""

    def balances(self, book, events, now):
        write(self.folder, book, events)
        told = call(self.program, "simulate", "--set", "events.backfill_sources=*", "--rules", str(self.folder / "book.yaml"), "--event",
                    str(self.folder / "events.jsonl"), "--now", books.text(now, "UTC"), "-o", "json").stdout
        rows = {}
        for step in json.loads(told)["steps"]:
            if "after" in step:
                b = step["after"]
                rows[step["member"]] = (b["available"], b["pending"], b["frozen"], b["debt"], b["tier"])
        return rows


def differences(want, got):
    return [m for m in sorted(set(want) | set(got)) if want.get(m) != got.get(m)]


def story_of(events, member):
    return "".join(json.dumps(e, ensure_ascii=False) + "\n" for e in events if e["data"]["member"] == member)


def report(seed, case, differ, arms):
    """The first member that differs, with its whole history, and a smallest history that still differs."""
    book, events, now = case
    member = differ[0]
    print(f"seed {seed}: {len(differ)} members differ: {' '.join(differ[:20])}\n{story_of(events, member)}", end="")
    print(f"member {member}, clock {books.text(now, 'UTC')}\n  model   {arms['want'].get(member)}\n  program {arms['got'].get(member)}")
    folder = arms["reports"] / f"seed-{seed}"
    write(folder, book, events)
    quick = Simulate(arms["program"], folder / "smallest")

    def differs(b, es):
        want, got = expected(b, es, now), quick.balances(b, es, now)
        return want.get(member) != got.get(member)

    mine = [e for e in events if e["data"]["member"] == member]
    if not differs(book, mine):
        print("not by `jifen simulate` on this member's events alone: look at the order in which topics were read")
        return
    small, few = shrink.smallest(book, mine, differs)
    write(folder / "smallest", small, few)
    print(f"smallest: {len(few)} events, {len(small['spec']['rules'])} rules, in {folder}/smallest\n{story_of(few, member)}", end="")
    print(f"  rules   {json.dumps(small['spec']['rules'], ensure_ascii=False)}\n  model   {expected(small, few, now).get(member)}")
    print(f"  program {quick.balances(small, few, now).get(member)}")


def options():
    p = argparse.ArgumentParser()
    p.add_argument("--jifen", required=True, help="the program")
    p.add_argument("--seeds", default="1-20", help="a seed, or first-last")
    p.add_argument("--events", type=int, default=5000)
    p.add_argument("--members", type=int, default=150)
    p.add_argument("--features", default=",".join(books.DEFAULT), help="of books: " + ",".join(books.FEATURES) + "; default: " + (",".join(books.DEFAULT) or "none"))
    p.add_argument("--with", dest="arm", choices=["demo", "simulate"], default="demo")
    p.add_argument("--reports", type=Path, default=Path(tempfile.gettempdir()) / "jifen-model")
    return p.parse_args()


def main():
    o = options()
    first, _, last = o.seeds.partition("-")
    features = set(filter(None, o.features.split(",")))
    bad = 0
    for seed in range(int(first), int(last or first) + 1):
        began = time.time()
        book, events, now = generate.make(seed, o.events, o.members, features)
        want = expected(book, events, now)
        with tempfile.TemporaryDirectory() as folder:
            arm = (Demo if o.arm == "demo" else Simulate)(o.jifen, Path(folder))
            got = arm.balances(book, events, now)
        differ = differences(want, got)
        total = [sum(w[i] for w in want.values()) for i in range(4)]
        print(f"seed {seed}: {len(events)} events, {len(want)} members, available {total[0]}, pending {total[1]}, {len(differ)} differ, {time.time() - began:.0f} s", flush=True)
        if arm.faults:
            print(arm.faults)
        bad += bool(differ or arm.faults)
        if differ:
            report(seed, (book, events, now), differ, {"want": want, "got": got, "program": o.jifen, "reports": o.reports})
    print(f"{bad} seeds differ")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
