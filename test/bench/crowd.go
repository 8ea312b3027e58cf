package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"jifen/internal/devstack"
	"jifen/internal/httpapi"
	"jifen/topics"
)

const (
	gift  = "gift"
	items = `{"apiVersion":"jifen/v1","kind":"Items","items":[{"id":"` + gift + `","name":{"zh":"礼品","en":"Gift"},"kind":"service","price":2,"stock":1000000}]}`
)

// crowd is the members who wait, and the installation that they wait for.
type crowd struct {
	*bed
	shop     *shopper
	orders   *orders
	random   *rand.Rand
	members  []string
	owners   *child // with credits and the feed
	redeemed int
}

// gather starts the stages in one process and the API in another, loads a gift and gives each member an order.
func (b *bed) gather(ctx context.Context) (*crowd, error) {
	w := &crowd{
		bed: b, orders: newOrders(b.Load, time.Now().Add(-time.Hour)),
		random: rand.New(rand.NewPCG(b.Seed, 1)), //nolint:gosec // a load that can be had again, no secret
	}
	if err := w.run(); err != nil {
		return nil, err
	}
	if err := w.serve(); err != nil {
		return nil, err
	}
	file := filepath.Join(b.dir, "items.yaml") // JSON is YAML
	if err := os.WriteFile(file, []byte(items), 0o600); err != nil {
		return nil, fmt.Errorf("items: %w", err)
	}
	if _, err := b.ask(ctx, append([]string{"items", "apply", file}, b.settings()...)...); err != nil {
		return nil, err
	}
	return w, w.endow(ctx)
}

// run starts the stages.
func (w *crowd) run() (err error) {
	w.owners, err = w.launch(append([]string{"run"}, w.settings("kafka.instance=bench")...)...)
	return err
}

// serve starts the API, which trusts an issuer of our own.
func (w *crowd) serve() error {
	issuer, err := httpapi.NewDevIssuer()
	if err != nil {
		return err
	}
	keys := filepath.Join(w.dir, "jwks.json")
	if err := os.WriteFile(keys, issuer.JWKS(), 0o600); err != nil {
		return fmt.Errorf("issuer: %w", err)
	}
	port, err := devstack.FreePort()
	if err != nil {
		return err
	}
	addr := "127.0.0.1:" + strconv.Itoa(port)
	w.shop = newShopper("http://"+addr, issuer)
	_, err = w.launch(append([]string{"serve"}, w.settings(
		"http.addr="+addr, "auth.issuer=urn:jifen:dev", "auth.keys_file="+keys, "http.signing_key=bench-bench-bench-bench-bench-bench",
	)...)...)
	return err
}

// endow has each member buy for far more than they will spend, and waits until the last of them has the points.
func (w *crowd) endow(ctx context.Context) error {
	var records []topics.Record
	for i := range waiters {
		w.members = append(w.members, "waiter-"+strconv.Itoa(i))
		records = append(records, w.orders.worth(w.members[i], endowment))
	}
	if err := w.producer.Produce(ctx, records); err != nil {
		return err
	}
	ctx, done := context.WithTimeout(ctx, patience)
	defer done()
	for _, m := range w.members {
		for {
			n, err := w.shop.available(ctx, m)
			if err == nil && n > 0 {
				break
			}
			if err := pause(ctx, lookInterval); err != nil {
				return fmt.Errorf("%s has no points: %w", m, err)
			}
		}
	}
	return nil
}

// found is what the audit says.
type found struct {
	Entries     int64
	Totals      struct{ Granted, Redeemed int64 }
	Differences []any
}

// audit holds the ledger against Redis and ClickHouse.
func (b *bed) audit(ctx context.Context, r *Report) (*found, error) {
	out, err := b.ask(ctx, append([]string{"audit", "-o", "json", "--wait", "60s"}, b.settings()...)...)
	if len(out) == 0 && err != nil {
		return nil, err
	}
	f := &found{}
	if err := json.Unmarshal(out, f); err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	r.Entries, r.Differences = f.Entries, len(f.Differences)
	if r.Differences > 0 {
		r.fault("audit: %d differences", r.Differences)
	}
	return f, nil
}
