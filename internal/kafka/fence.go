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
)

// fenceWait bounds the fencing; without it a dead member's transaction ends by its time-out.
const fenceWait = 3 * time.Second

// slot is the static member and the transactional id of an instance: one name for both, so that who has left the group
// can be told from the transactions that are open.
func (l *Loop) slot(instance string) string { return l.Group + "." + instance }

// fence ends the open transactions of members that are no longer in the group. A transaction that its dead owner left
// open hides what others commit after it, and a broker looks for those past their time-out only every 10 s by default:
// a takeover would wait for up to 16 s. A member that is in the group ends its own.
func (l *Loop) fence(ctx context.Context, client *kgo.Client) {
	ctx, done := context.WithTimeout(ctx, fenceWait)
	defer done()
	gone, err := l.gone(ctx, kadm.NewClient(client))
	for _, id := range gone {
		if err == nil {
			err = endTransaction(ctx, client, id)
		}
		if err == nil {
			slog.Info("open transaction of a member that is gone was ended", "stage", l.Name, "transactional_id", id)
		}
	}
	if err != nil && ctx.Err() == nil {
		slog.Warn("open transactions of members that are gone end by their time-out", "stage", l.Name, "error", err)
	}
}

// gone lists the transactional ids of our group that have an open transaction and no member.
func (l *Loop) gone(ctx context.Context, admin *kadm.Client) ([]string, error) {
	open, err := admin.ListTransactions(ctx, nil, []string{"Ongoing"})
	if err != nil {
		return nil, fmt.Errorf("list transactions: %w", err)
	}
	var ids []string
	for _, t := range open.Sorted() {
		if strings.HasPrefix(t.TxnID, l.slot("")) && t.State == "Ongoing" {
			ids = append(ids, t.TxnID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	groups, err := admin.DescribeGroups(ctx, l.Group)
	if err == nil {
		err = groups.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("describe group %s: %w", l.Group, err)
	}
	members := map[string]bool{}
	for _, m := range groups[l.Group].Members {
		if m.InstanceID != nil {
			members[*m.InstanceID] = true
		}
	}
	var gone []string
	for _, id := range ids {
		if !members[id] {
			gone = append(gone, id)
		}
	}
	return gone, nil
}

// endTransaction takes a transactional id over for a moment: the broker aborts what is open under it and refuses
// whatever its former owner may still write.
func endTransaction(ctx context.Context, client *kgo.Client, id string) error {
	req := kmsg.NewPtrInitProducerIDRequest()
	req.TransactionalID, req.TransactionTimeoutMillis = &id, int32(fenceWait.Milliseconds())
	for {
		res, err := req.RequestWith(ctx, client)
		if err == nil {
			err = kerr.ErrorForCode(res.ErrorCode)
		}
		if err == nil {
			return nil
		}
		if !errors.Is(err, kerr.ConcurrentTransactions) { // that is: the abort is under way
			return fmt.Errorf("end the transaction of %s: %w", id, err)
		}
		sleep(ctx, 10*time.Millisecond)
	}
}
