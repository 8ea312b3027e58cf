package analytics

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/go-json-experiment/json"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// What shops sent of a member who was erased does not stay (decision 0028). Who that is stands in the ledger's own rows, so
// there is nothing to remember, and nothing is lost by a restart: whatever is still there is deleted then.

// forgetEvery is how often it is looked for events of others that name somebody who was erased before they came.
const forgetEvery = 24 * time.Hour

const (
	whoWasErased  = `SELECT DISTINCT member FROM ledger WHERE kind = 'erased' AND account_kind = 'member'`
	erasedMembers = `(` + whoWasErased + `)`
	// ofErased are the events that are of them, or that say nothing without them: their clicks on others' shares, and that
	// they turned out to be another one.
	ofErased = `(member IN ` + erasedMembers + ` OR JSONExtractString(data, 'member') IN ` + erasedMembers + `
	OR type = '` + topics.TypeShareClicked + `' AND JSONExtractString(data, 'visitor') IN ` + erasedMembers + `
	OR type = '` + topics.TypeMerged + `' AND JSONExtractString(data, 'from') IN ` + erasedMembers + `)`
	// throughErased are the orders of others that came through their shares: the token in them names the sharer.
	throughErased = `(type = '` + topics.TypeOrderPaid + `' AND data LIKE '%"referral"%'
	AND splitByChar('\x1f', tryBase64URLDecode(splitByChar('.', JSONExtractString(data, 'referral'))[3]))[1] IN ` + erasedMembers + `)`
)

// ForgetErased deletes the events of erased members from shop_events, and their share tokens from others' orders. It returns
// how many rows it found; it may be repeated at any time, and finds none then.
func (s *Store) ForgetErased(ctx context.Context) (rows uint64, err error) {
	var of, through uint64
	count := "SELECT countIf(" + ofErased + "), countIf(" + throughErased + ") FROM shop_events"
	if err := s.conn.QueryRow(ctx, count).Scan(&of, &through); err != nil {
		return 0, fmt.Errorf("events of erased members: %w", err)
	}
	for _, m := range []struct {
		rows     uint64
		mutation string
	}{
		{of, "DELETE WHERE " + ofErased},
		{through, `UPDATE data = replaceRegexpAll(data, '"referral"\\s*:\\s*"[^"]*"', '"referral":""') WHERE ` + throughErased},
	} {
		if m.rows == 0 {
			continue
		}
		if err := s.conn.Exec(ctx, "ALTER TABLE shop_events "+m.mutation+" SETTINGS mutations_sync = 1"); err != nil {
			return 0, fmt.Errorf("forget events of erased members: %w", err)
		}
	}
	return of + through, nil
}

// loadErased asks the table who was erased: their events are not inserted. The caller holds s.mu.
func (s *Store) loadErased(ctx context.Context) error {
	rows, err := s.conn.Query(ctx, whoWasErased)
	if err != nil {
		return fmt.Errorf("erased members: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var member string
		if err := rows.Scan(&member); err != nil {
			return fmt.Errorf("erased members: %w", err)
		}
		s.noteErased(member)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("erased members: %w", err)
	}
	s.tellForget()
	return nil
}

// sawErased notes an entry that erases its member. The caller holds s.mu.
func (s *Store) sawErased(v *entryView) {
	if v.kind != pointspb.Kind_ERASED {
		return
	}
	if member, ok := topics.MemberOf(v.account); ok {
		s.noteErased(strings.Clone(member))
	}
}

func (s *Store) noteErased(member string) {
	if s.wasErased(member) {
		return
	}
	s.erased[member], s.erasing = struct{}{}, true
}

// tellForget says that the table has rows of erasures that nobody has looked at. The caller holds s.mu.
func (s *Store) tellForget() {
	if !s.erasing {
		return
	}
	s.erasing = false
	select {
	case s.forget <- struct{}{}:
	default: // it is on the way already
	}
}

// forgets says that an event is one that ForgetErased would delete, but for what is a dead letter anyway.
func (s *Store) forgets(r *topics.Record, e *attributes) bool {
	if len(s.erased) == 0 {
		return false
	}
	if s.wasErased(text(r.Key)) {
		return true
	}
	if e.typ != topics.TypeShareClicked && e.typ != topics.TypeMerged {
		return false
	}
	var names struct {
		Visitor string `json:"visitor"`
		From    string `json:"from"`
	}
	if json.Unmarshal(e.data, &names) != nil {
		return false
	}
	return e.typ == topics.TypeShareClicked && s.wasErased(names.Visitor) || e.typ == topics.TypeMerged && s.wasErased(names.From)
}

func (s *Store) wasErased(member string) bool {
	_, ok := s.erased[member]
	return ok
}

// Forget deletes the events of erased members whenever somebody was erased, and once a day whatever came since, until ctx
// ends. It tries again while ClickHouse does not answer.
func (f *Feed) Forget(ctx context.Context) error {
	daily := time.NewTicker(forgetEvery)
	defer daily.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-f.store.forget:
		case <-daily.C:
		}
		f.forgetOnce(ctx)
	}
}

func (f *Feed) forgetOnce(ctx context.Context) {
	waits := &backoff.ExponentialBackOff{InitialInterval: time.Second, RandomizationFactor: 0.3, Multiplier: 2, MaxInterval: time.Minute}
	_, _ = backoff.Retry(ctx, func() (uint64, error) { return f.store.ForgetErased(ctx) }, // it gives up when ctx ends, and not before
		backoff.WithBackOff(waits), backoff.WithMaxElapsedTime(0), backoff.WithNotify(f.retrying))
}
