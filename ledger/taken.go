package ledger

import (
	"fmt"
	"slices"

	"jifen/topics/pointspb"
)

// ItemPeriod is how many units of an item a member redeemed in a calendar period, where the item's limit counts by periods.
type ItemPeriod struct {
	Item, Per string
	Period    int32 // its first day, such as 20260601
	Count     int64
}

func (a *Account) takenIn(item, per string, period int32) int64 {
	for _, x := range a.TakenIn {
		if x.Item == item && x.Per == per && x.Period == period {
			return x.Count
		}
	}
	return 0
}

// countIn adds units to a period of an item's limit, and takes them off again. A period before it is over, and dropped.
func (a *Account) countIn(item, per string, period int32, n int64) {
	if per == "" || n == 0 {
		return
	}
	i := slices.IndexFunc(a.TakenIn, func(x ItemPeriod) bool { return x.Item == item && x.Per == per && x.Period == period })
	switch {
	case i >= 0:
		if a.TakenIn[i].Count += n; a.TakenIn[i].Count <= 0 {
			a.TakenIn = slices.Delete(a.TakenIn, i, i+1)
		}
	case n > 0:
		a.TakenIn = slices.DeleteFunc(a.TakenIn, func(x ItemPeriod) bool { return x.Item == item && x.Per == per && x.Period < period })
		a.TakenIn = append(a.TakenIn, ItemPeriod{Item: item, Per: per, Period: period, Count: n})
	}
}

// uncount gives units back to the item's limit: a redemption that was cancelled, or returned as a whole, does not count.
func (a *Account) uncount(f *pointspb.RedemptionFacts) {
	a.countTaken(f.Item, -f.Uncounted)
	a.countIn(f.Item, f.LimitPer, f.LimitPeriod, -f.Uncounted)
}

// uncounts notes on an entry that gives all of a redemption back that its units count no more.
func (r *Redemption) uncounts(f *pointspb.RedemptionFacts) {
	f.Uncounted, f.LimitPer, f.LimitPeriod = r.Quantity, r.LimitPer, r.LimitPeriod
}

func (a *Account) countTaken(item string, n int64) {
	i := slices.IndexFunc(a.Taken, func(x ItemCount) bool { return x.Item == item })
	switch {
	case i >= 0:
		if a.Taken[i].Count += n; a.Taken[i].Count <= 0 {
			a.Taken = slices.Delete(a.Taken, i, i+1)
		}
	case n > 0:
		a.Taken = append(a.Taken, ItemCount{Item: item, Count: n})
	}
}

func (a *Account) checkTaken() error {
	for _, x := range a.Taken {
		if x.Count <= 0 {
			return fmt.Errorf("I16: item %s was redeemed %d times", x.Item, x.Count)
		}
	}
	for _, x := range a.TakenIn {
		if x.Count <= 0 || x.Per == "" || x.Period == 0 {
			return fmt.Errorf("I16: item %s was redeemed %d times in the %s of %d", x.Item, x.Count, x.Per, x.Period)
		}
	}
	return nil
}

func (s *state) takenIn(all []ItemPeriod) {
	s.count(len(all))
	for _, x := range all {
		s.text(x.Item)
		s.text(x.Per)
		s.int(int64(x.Period))
		s.int(x.Count)
	}
}

func (r *reading) takenIn() ItemPeriod {
	return ItemPeriod{Item: r.text(), Per: r.text(), Period: int32(r.int()), Count: r.int()}
}
