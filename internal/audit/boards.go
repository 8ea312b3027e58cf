package audit

import (
	"context"
	"fmt"
	"strconv"

	"jifen/ledger"
)

// compareBoards compares a shard's leaderboards; found are the periods of those that there are.
func (a *Audit) compareBoards(ctx context.Context, n int32, w *ledger.World, found []string) error {
	boards := map[string]map[string]int64{}
	for id, m := range w.Members {
		for _, x := range m.Earned {
			if points := m.Ranked(x.Period); points > 0 {
				period := strconv.Itoa(int(x.Period))
				if boards[period] == nil {
					boards[period] = map[string]int64{}
				}
				boards[period][id] = points
			}
		}
	}
	for _, period := range union(found, boards) {
		have, err := a.Redis.Board(ctx, n, period)
		if err != nil {
			return err
		}
		for _, id := range union(nil, boards[period]) {
			if have[id] != boards[period][id] {
				a.differBoard(n, period, id, boards[period][id], have[id])
			}
		}
		for _, id := range union(nil, have) {
			if _, there := boards[period][id]; !there {
				a.differBoard(n, period, id, 0, have[id])
			}
		}
	}
	return nil
}

func (a *Audit) differBoard(n int32, period, member string, want, have int64) {
	a.report.differ(Difference{
		Where: "redis", Shard: n, What: "leaderboard " + period, Field: member, Ledger: fmt.Sprint(want), Found: fmt.Sprint(have),
	})
}
