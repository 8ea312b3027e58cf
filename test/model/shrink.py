"""Delta debugging: fewer events, fewer parts of a book, while a predicate still holds."""

import copy


def fewer(items, holds):
    """A list that is smaller and still holds: ever smaller pieces are left out (ddmin)."""
    pieces = 2
    while len(items) > 1:
        size = max(1, len(items) // pieces)
        for at in range(0, len(items), size):
            rest = items[:at] + items[at + size :]
            if rest and holds(rest):
                items, pieces = rest, max(2, pieces - 1)
                break
        else:
            if size == 1:
                return items
            pieces = min(len(items), pieces * 2)
    return items


def simpler(book):
    """Books with one part less, the large parts first."""
    spec = book["spec"]
    for key in ("campaigns", "rules"):
        for i in range(len(spec.get(key, []))):
            if key == "rules" and len(spec[key]) == 1:
                continue
            b = copy.deepcopy(book)
            gone = b["spec"][key].pop(i)
            if key == "rules":
                forget(b["spec"], gone["id"])
            if not b["spec"][key]:
                del b["spec"][key]
            yield b
    for key in ("max_multiplier", "validity"):
        if key in spec:
            b = copy.deepcopy(book)
            del b["spec"][key]
            yield b
    for i, rule in enumerate(spec["rules"]):
        for key in set(rule) - {"id", "on", "earn"}:
            b = copy.deepcopy(book)
            del b["spec"]["rules"][i][key]
            yield b


def forget(spec, rule):
    """Campaigns that named only a rule that is gone go with it."""
    for c in spec.get("campaigns", [])[:]:
        if rule in c.get("rules", []):
            c["rules"].remove(rule)
            if not c["rules"]:
                spec["campaigns"].remove(c)
    if not spec.get("campaigns"):
        spec.pop("campaigns", None)


def smallest(book, events, differs):
    events = fewer(events, lambda es: differs(book, es))
    again = True
    while again:
        again = False
        for b in simpler(book):
            if differs(b, events):
                book, again = b, True
                break
    return book, fewer(events, lambda es: differs(book, es))
