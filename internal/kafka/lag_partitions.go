package kafka

import "context"

// lagCounted is up to how many offsets a partition's lag is counted record by record.
const lagCounted = 16

// Partitions is how many records of each partition of a topic the group has not committed; 0 where that is none. A small lag
// is counted, for what is left may be markers only; a large one is of offsets.
func (l *Lag) Partitions(ctx context.Context, topic string) (map[int32]int64, error) {
	end, from, err := l.span(ctx, topic)
	if err != nil {
		return nil, err
	}
	lags, small := map[int32]int64{}, map[int32]int64{}
	for p, at := range end {
		switch n := max(0, at-from[p]); {
		case n > lagCounted:
			lags[p] = n
		case n > 0:
			small[p], lags[p] = from[p], 0
		default:
			lags[p] = 0
		}
	}
	ends, err := committedEnds(ctx, l.admin, []string{topic}) // what is still open would keep the count waiting
	if err != nil {
		return nil, err
	}
	err = (&Replayer{l.config}).replayTo(ctx, topic, small, ends[topic], func(p int32, _ int64, _ []byte) error {
		lags[p]++
		return nil
	})
	return lags, err
}
