package audit

import (
	"context"
	"fmt"
	"strconv"

	"jifen/ledger"
)

// boards reads a shard's leaderboards: points by period and member.
func (a *Audit) boards(ctx context.Context, n int32, periods []string) (map[string]map[string]int64, error) {
	all := map[string]map[string]int64{}
	for _, period := range periods {
		board, err := a.Redis.Board(ctx, n, period)
		if err != nil {
			return nil, err
		}
		all[period] = board
	}
	return all, nil
}

// boardsOf are the leaderboards as the states have them.
func boardsOf(w *ledger.World) map[string]map[string]int64 {
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
	return boards
}

func (a *Audit) compareBoards(n int32, found map[string]map[string]int64) {
	boards := boardsOf(a.worlds[n])
	for _, period := range union(nil, boards) {
		if found[period] == nil {
			found[period] = map[string]int64{}
		}
	}
	for _, period := range union(nil, found) {
		want, have := boards[period], found[period]
		for _, id := range union(union(nil, want), have) {
			_, there := want[id]
			_, listed := have[id]
			if _, moved := a.moved[id]; !moved && (want[id] != have[id] || listed && !there) {
				a.report.differ(Difference{
					Where: "redis", Shard: n, What: "leaderboard " + period, Field: id, Ledger: fmt.Sprint(want[id]), Found: fmt.Sprint(have[id]),
				})
			}
		}
	}
}
