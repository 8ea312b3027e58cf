package ledger

import (
	"cmp"
	"slices"
)

// stack keeps of each exclusive group the award with the highest points, then priority, then rule id. Never edit time.
func stack(found []award) []award {
	if !slices.ContainsFunc(found, func(x award) bool { return x.Exclusive != "" }) {
		return found
	}
	best := map[string]award{}
	for _, x := range found {
		b, ok := best[x.Exclusive]
		if x.Exclusive != "" && (!ok || better(x, b)) {
			best[x.Exclusive] = x
		}
	}
	return slices.DeleteFunc(found, func(x award) bool {
		return x.Exclusive != "" && best[x.Exclusive].Rule != x.Rule
	})
}

func better(x, y award) bool {
	return cmp.Or(
		cmp.Compare(x.arithmetic.Desired, y.arithmetic.Desired), cmp.Compare(x.Priority, y.Priority), cmp.Compare(y.Rule, x.Rule),
	) > 0
}
