package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"jifen/topics"
)

// offsetsTopic is where brokers keep the offsets of groups: a transaction's last partition.
const offsetsTopic = "__consumer_offsets"

// errOutcomeUnknown is a hanging transaction that only its operator can end.
var errOutcomeUnknown = errors.New("a transaction hangs and its coordinator no longer knows how it ended (docs/runbook.md, \"A transaction hangs\")")

// mend ends the hanging transactions of ids, each with the outcome that its coordinator recorded.
//
// Such a transaction is open in its partitions although its coordinator takes it for complete: Kafka 4.3.1 does not write
// the markers of partitions that have no leader at the moment (docs/decisions/0013). It hides all that was written after
// it, and its group's offsets, for ever. The outcome can be read only until the id is taken over, so this comes first.
func (l *Loop) mend(ctx context.Context, client *kgo.Client, ids ...string) error {
	if len(ids) == 0 {
		return nil
	}
	admin := kadm.NewClient(client)
	ended, err := settled(ctx, admin, ids)
	if err != nil || len(ended) == 0 {
		return withoutRights(err)
	}
	// Asked for after the outcomes: whatever is still open with an epoch before that of a transaction's end hangs.
	open, err := l.open(ctx, admin)
	if err != nil {
		return withoutRights(err)
	}
	for _, t := range ended {
		if e := end(ctx, client, t, open[t.ProducerID]); e != nil {
			err = errors.Join(err, fmt.Errorf("transaction of %s: %w", t.TxnID, e))
		}
	}
	return err
}

// coordinatorWait is how long a coordinator may take to come up before its absence is an error.
const coordinatorWait = 10 * time.Second

// comingUp says that a coordinator is not there yet, such as at the first start of a new cluster.
func comingUp(err error) bool {
	return errors.Is(err, kerr.CoordinatorNotAvailable) || errors.Is(err, kerr.CoordinatorLoadInProgress) || errors.Is(err, kerr.NotCoordinator)
}

// settled are the states of ids, once none of them is being ended any more.
func settled(ctx context.Context, admin *kadm.Client, ids []string) ([]kadm.DescribedTransaction, error) {
	for started := time.Now(); ; {
		described, err := admin.DescribeTransactions(ctx, ids...)
		if comingUp(err) && time.Since(started) < coordinatorWait && ctx.Err() == nil {
			sleep(ctx, 100*time.Millisecond)
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("describe transactions: %w", err)
		}
		ending := false
		var known []kadm.DescribedTransaction
		for _, t := range described.Sorted() {
			switch {
			case errors.Is(t.Err, kerr.TransactionalIDNotFound):
			case t.Err != nil:
				return nil, fmt.Errorf("describe transaction %s: %w", t.TxnID, t.Err)
			default:
				ending = ending || strings.HasPrefix(t.State, "Prepare")
				known = append(known, t)
			}
		}
		if !ending {
			return known, nil
		}
		if sleep(ctx, 20*time.Millisecond); ctx.Err() != nil {
			return nil, fmt.Errorf("transactions are being ended: %w", ctx.Err())
		}
	}
}

// open are the open transactions in the partitions that the stage writes to, by producer.
func (l *Loop) open(ctx context.Context, admin *kadm.Client) (map[int64][]kadm.DescribedProducer, error) {
	names := append([]string{offsetsTopic}, l.Writes...)
	for _, t := range l.Topics {
		names = append(names, topics.DeadLetterPrefix+t)
	}
	exist, err := admin.ListTopicsWithInternal(ctx, names...)
	if err != nil {
		return nil, fmt.Errorf("list topics: %w", err)
	}
	places := kadm.TopicsSet{}
	for name, t := range exist {
		switch {
		case len(t.Partitions) == 0: // it does not exist
		case name == offsetsTopic:
			places.Add(name, offsetsPartition(l.Group, len(t.Partitions)))
		default:
			places.Add(name, t.Partitions.Numbers()...)
		}
	}
	if len(places) == 0 {
		return nil, nil
	}
	described, err := admin.DescribeProducers(ctx, places)
	if err != nil {
		return nil, fmt.Errorf("describe producers: %w", err)
	}
	out := map[int64][]kadm.DescribedProducer{}
	described.EachPartition(func(p kadm.DescribedProducersPartition) {
		if p.Err != nil {
			err = fmt.Errorf("describe producers of %s/%d: %w", p.Topic, p.Partition, p.Err)
		}
		for _, d := range p.ActiveProducers {
			if d.CurrentTxnStartOffset >= 0 {
				out[d.ProducerID] = append(out[d.ProducerID], d)
			}
		}
	})
	return out, err
}

// offsetsPartition is where a group's offsets are, by the hash of Java's strings.
func offsetsPartition(group string, partitions int) int32 {
	var h uint32
	for _, c := range []byte(group) {
		h = 31*h + uint32(c)
	}
	return int32(h&0x7fffffff) % int32(partitions)
}

// end writes the markers that t lacks in the partitions where it is open. A transaction ends with the epoch after that
// of its records (transaction.version 2), and the next one has that epoch: so what is older than the end hangs, and what
// is not may be under way and is left alone.
func end(ctx context.Context, client *kgo.Client, t kadm.DescribedTransaction, open []kadm.DescribedProducer) error {
	marker := kmsg.NewWriteTxnMarkersRequestMarker()
	marker.ProducerID, marker.ProducerEpoch, marker.TransactionVersion = t.ProducerID, t.ProducerEpoch, 2
	marker.Committed = t.State == "CompleteCommit"
	places := kadm.TopicsSet{}
	for _, p := range open {
		if p.ProducerEpoch >= t.ProducerEpoch {
			continue
		}
		if t.State != "CompleteCommit" && t.State != "CompleteAbort" || p.ProducerEpoch != t.ProducerEpoch-1 {
			return fmt.Errorf("%s/%d from offset %d, producer %d, epoch %d, while the coordinator has %s of epoch %d: %w", p.Topic, p.Partition,
				p.CurrentTxnStartOffset, p.ProducerID, p.ProducerEpoch, t.State, t.ProducerEpoch, errOutcomeUnknown)
		}
		marker.CoordinatorEpoch = max(marker.CoordinatorEpoch, p.CoordinatorEpoch)
		places.Add(p.Topic, p.Partition)
	}
	if len(places) == 0 {
		return nil
	}
	for _, p := range places.IntoList() {
		topic := kmsg.NewWriteTxnMarkersRequestMarkerTopic()
		topic.Topic, topic.Partitions = p.Topic, p.Partitions
		marker.Topics = append(marker.Topics, topic)
	}
	if err := mark(ctx, client, marker); err != nil {
		return err
	}
	slog.Warn("hanging transaction was ended as its coordinator had recorded", "transactional_id", t.TxnID, "outcome", t.State,
		"producer", t.ProducerID, "epoch", t.ProducerEpoch, "partitions", places.IntoList())
	return nil
}

// mark writes markers and fails with the first that was refused.
func mark(ctx context.Context, client *kgo.Client, marker kmsg.WriteTxnMarkersRequestMarker) error {
	req := kmsg.NewPtrWriteTxnMarkersRequest()
	req.Markers = append(req.Markers, marker)
	for _, shard := range client.RequestSharded(ctx, req) {
		if shard.Err != nil {
			return fmt.Errorf("write the markers of a hanging transaction: %w", shard.Err)
		}
		for _, m := range shard.Resp.(*kmsg.WriteTxnMarkersResponse).Markers {
			for _, t := range m.Topics {
				for _, p := range t.Partitions {
					if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
						return fmt.Errorf("write the marker of a hanging transaction to %s/%d: %w", t.Topic, p.Partition, err)
					}
				}
			}
		}
	}
	return nil
}

// withoutRights lets a stage start that may not look for hanging transactions, or whose brokers cannot tell.
func withoutRights(err error) error {
	var auth *kadm.AuthError
	if errors.As(err, &auth) || errors.Is(err, kerr.UnsupportedVersion) {
		slog.Warn("hanging transactions cannot be looked for", "error", err)
		return nil
	}
	return err
}
