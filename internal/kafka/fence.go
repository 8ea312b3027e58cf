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

// fence ends the hanging and the open transactions of members that are no longer in the group. A transaction that its dead
// owner left open hides what others commit after it, and a broker looks for those past their time-out only every 10 s by
// default: a takeover would wait for up to 16 s. A member that is in the group ends its own.
func (l *Loop) fence(ctx context.Context, client *kgo.Client) {
	ctx, done := context.WithTimeout(ctx, fenceWait)
	defer done()
	gone, open, err := l.gone(ctx, kadm.NewClient(client))
	if err == nil {
		err = l.mend(ctx, client, gone...)
	}
	for _, id := range open {
		if e := endTransaction(ctx, client, id); e != nil {
			err = errors.Join(err, e)
			break
		}
		slog.Info("open transaction of a member that is gone was ended", "stage", l.Name, "transactional_id", id)
	}
	if err != nil && ctx.Err() == nil {
		slog.Warn("transactions of members that are gone were not ended; open ones end by their time-out", "stage", l.Name, "error", err)
	}
}

// gone lists the transactional ids of our group that have no member, and those of them that have an open transaction.
func (l *Loop) gone(ctx context.Context, admin *kadm.Client) (gone, open []string, err error) {
	all, err := admin.ListTransactions(ctx, nil, nil)
	if err != nil {
		return nil, nil, fmt.Errorf("list transactions: %w", err)
	}
	groups, err := admin.DescribeGroups(ctx, l.Group)
	if err == nil {
		err = groups.Error()
	}
	if err != nil {
		return nil, nil, fmt.Errorf("describe group %s: %w", l.Group, err)
	}
	members := map[string]bool{}
	for _, m := range groups[l.Group].Members {
		if m.InstanceID != nil {
			members[*m.InstanceID] = true
		}
	}
	for _, t := range all.Sorted() {
		if !strings.HasPrefix(t.TxnID, l.slot("")) || members[t.TxnID] {
			continue
		}
		gone = append(gone, t.TxnID)
		if t.State == "Ongoing" {
			open = append(open, t.TxnID)
		}
	}
	return gone, open, nil
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
