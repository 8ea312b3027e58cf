package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"jifen/internal/config"
	"jifen/internal/devstack"
	"jifen/internal/devstack/issuer"
	"jifen/internal/httpapi"
	"jifen/internal/kafka"
	"jifen/internal/orderimport"
	"jifen/internal/rulefile"
	"jifen/internal/telemetry"
	"jifen/internal/vault"
	"jifen/test/data"
	"jifen/topics"
)

//go:embed demo/items.yaml
var demoItems []byte

// demoShards is enough for one machine.
const demoShards = 16

type demoFlags struct {
	once                                                  bool
	output, csv, mapFile, events, rulebook, now, balances string
}

func demoCommand() *cobra.Command {
	var f demoFlags
	cmd := &cobra.Command{
		Use: "demo", Short: "Start everything on this machine and run a week of real orders through it", Args: cobra.NoArgs,
		Long: "Starts an embedded Kafka, redis-server and the ClickHouse engine, runs the pipeline over a week of a gift retailer's\n" +
			"orders (or your own: --csv with --map, or --events), prints what happened and stays up with its addresses; --once ends there.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return &usageError{err}
			}
			return runDemo(cmd, f)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.once, "once", false, "end after printing what happened")
	outputFlag(cmd, &f.output, "text", "json")
	flags.StringVar(&f.csv, "csv", "", "orders of your own: a `FILE`, with --map")
	flags.StringVar(&f.mapFile, "map", "", "what the columns of --csv mean: a `FILE` (kind: OrderImport)")
	flags.StringVar(&f.events, "events", "", "events of your own: a `FILE` of CloudEvents in structured JSON, one a line")
	flags.StringVar(&f.rulebook, "rulebook", "", "a rulebook of your own: a `FILE`, or the name of a shipped one (demo, retail, retail-full)")
	flags.StringVar(&f.now, "now", "", "RFC 3339 `TIME` at which the program's clock starts (default: the last event's time)")
	flags.StringVar(&f.balances, "balances", "", "write what jifen balances -o csv would print at the end to `FILE`")
	return cmd
}

func (f *demoFlags) check() error {
	switch {
	case (f.csv == "") != (f.mapFile == ""):
		return errors.New("--csv and --map go together")
	case f.csv != "" && f.events != "":
		return errors.New("--csv and --events: one of them")
	case f.now == "":
		return nil
	}
	if _, err := time.Parse(time.RFC3339Nano, f.now); err != nil {
		return fmt.Errorf("--now %s: want a time such as 2010-12-12T18:00:00Z", f.now)
	}
	return nil
}

// own says that the demo runs on the caller's data: then it makes no redemptions of its own.
func (f *demoFlags) own() bool { return f.csv != "" || f.events != "" }

func runDemo(cmd *cobra.Command, f demoFlags) error {
	base, err := loadConfig(cmd)
	if err != nil {
		return err
	}
	level := base.Log.Level
	if level == "info" {
		level = "warn" // what happens is told in the demo's own words
	}
	log, err := telemetry.NewLogger(os.Stderr, level, base.Log.Format, os.Getenv("NO_COLOR") != "")
	if err != nil {
		return err
	}
	slog.SetDefault(log)
	d := &demo{flags: f, out: cmd.OutOrStdout(), base: base, started: time.Now()}
	if err := d.load(); err != nil {
		return err
	}
	d.say("starting Kafka (embedded), redis-server and the ClickHouse engine …")
	stack, err := devstack.StartStack(cmd.Context(), "", devstack.Want{Redis: true, Kfake: true, Engine: true})
	if err != nil {
		return err
	}
	return errors.Join(d.run(cmd.Context(), stack), stack.Close())
}

// demo is one run of the demo.
type demo struct {
	flags   demoFlags
	out     io.Writer
	base    config.Config
	started time.Time

	records  []topics.Record // what the shops would send
	last     time.Time       // time of the last event
	summary  orderimport.Summary
	book     []byte
	bookName string
	parsed   *topics.Rulebook
	receiver *demoReceiver // nil: the book has no milestones

	app    *app
	issuer *httpapi.DevIssuer
	staff  *issuer.Issuer // where they log in to the console
	addr   string         // of the API
}

// say tells the person in front of it what goes on; stdout is for what happened.
func (d *demo) say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// load reads everything before anything is started, so that a mistake costs no wait.
func (d *demo) load() error {
	var err error
	if d.bookName, d.book, err = d.rulebook(); err != nil {
		return err
	}
	if d.parsed, err = rulefile.Parse(d.bookName, d.book); err != nil {
		return err
	}
	if d.flags.events != "" {
		return d.loadEvents()
	}
	return d.loadOrders()
}

func (d *demo) loadOrders() error {
	name, document, orders := data.OrdersMapName, data.OrdersMap, io.Reader(bytes.NewReader(data.Orders))
	if d.flags.csv != "" {
		var err error
		if document, err = os.ReadFile(d.flags.mapFile); err != nil {
			return fmt.Errorf("map: %w", err)
		}
		file, err := os.Open(d.flags.csv)
		if err != nil {
			return fmt.Errorf("orders: %w", err)
		}
		defer file.Close()
		name, orders = d.flags.mapFile, file
	}
	m, err := orderimport.ParseMap(name, document)
	if err != nil {
		return err
	}
	// History reaches no milestone. The demo's own week ends at its clock, within what an event may be late by: where the
	// book has milestones, its orders come as they would from the shops.
	live := d.milestones() && d.flags.csv == ""
	d.summary, err = orderimport.Run(context.Background(), orderimport.Options{CSV: orders, Map: m, Emit: func(events []topics.Event) error {
		for i := range events {
			if live {
				events[i].Backfill = ""
			}
			d.records = append(d.records, topics.Encode(&events[i]))
			d.last = later(d.last, events[i].Time)
		}
		return nil
	}})
	return err
}

func later(x, y time.Time) time.Time {
	if y.After(x) {
		return y
	}
	return x
}

// loadEvents reads structured events; what cannot be sent to any topic is named on stderr, as `jifen produce` does.
func (d *demo) loadEvents() error {
	file, err := os.Open(d.flags.events)
	if err != nil {
		return fmt.Errorf("events: %w", err)
	}
	defer file.Close()
	lines := jsonLines{in: file, name: d.flags.events, faults: os.Stderr}
	_, err = lines.produce(context.Background(), d)
	return err
}

// Produce keeps records until the stack is up; the last event's time is where the program's clock will start.
func (d *demo) Produce(_ context.Context, records []topics.Record) error {
	for _, r := range records {
		d.records = append(d.records, r)
		for _, h := range r.Headers {
			if at, err := time.Parse(time.RFC3339Nano, string(h.Value)); h.Key == "ce_time" && err == nil {
				d.last = later(d.last, at)
			}
		}
	}
	return nil
}

// run is the demo on a stack that is up.
func (d *demo) run(ctx context.Context, stack *devstack.Stack) error {
	if err := d.open(ctx, stack); err != nil {
		return err
	}
	defer func() { _ = errors.Join(d.app.close(), d.staff.Close()) }()
	if d.receiver != nil {
		defer func() { _ = d.receiver.server.Close() }()
	}
	if err := d.prepare(ctx); err != nil {
		return err
	}
	work, stop := context.WithCancel(ctx)
	defer stop()
	run, work := errgroup.WithContext(work)
	run.Go(func() error {
		return d.app.pipeline(work, map[string]bool{"credits": true, "balances": true, "analytics": true, "coupons": true, "webhooks": true, "notices": true, "messages": true, "contacts": true})
	})
	listening := make(chan string, 1)
	verifier, err := d.issuer.Verifier(work)
	if err != nil {
		return err
	}
	run.Go(func() error { return d.app.serveWith(work, verifier, func(addr string) { listening <- addr }) })
	run.Go(func() error {
		defer stop()
		select {
		case <-work.Done():
			return nil
		case d.addr = <-listening:
		}
		return d.tell(work)
	})
	return run.Wait()
}

// open makes the doors to the stack. Whatever the configuration says of services is overruled: the demo touches no others.
func (d *demo) open(ctx context.Context, stack *devstack.Stack) error {
	c := d.base
	c.Shards = demoShards
	c.Kafka = config.Default().Kafka
	c.Kafka.Brokers, c.Kafka.Instance = []string{stack.Kfake.Addr()}, "demo"
	c.Redis = config.Redis{Addrs: []string{stack.Redis.Addr()}}
	c.ClickHouse = config.ClickHouse{DSN: stack.Engine.DSN()}
	c.HTTP.Addr, c.Admin.Addr = "127.0.0.1:0", ""
	c.HTTP.SigningKey = config.Secret(fmt.Sprintf("demo-%x", topics.MarkOf(d.started.String(), stack.Redis.Addr())))
	c.Vault = config.Vault{Keys: config.Secret(vault.Generate("demo"))}
	c.Events.BackfillSources = []string{topics.AnySource}
	c.Program = config.Program{Now: d.flags.now, Zone: d.parsed.Zone.String()}
	c.Webhook = config.Default().Webhook
	if d.milestones() {
		var err error
		if d.receiver, err = startReceiver(ctx, c.HTTP.SigningKey.Reveal()); err != nil {
			return err
		}
		c.Webhook = d.receiver.config
	}
	if d.flags.now == "" && !d.last.IsZero() {
		c.Program.Now = d.last.Format(time.RFC3339Nano)
	}
	var err error
	if c.Auth.OIDC, err = d.startIssuer(); err != nil {
		return err
	}
	if d.app, err = newApp(ctx, c); err != nil {
		return err
	}
	d.issuer, err = httpapi.NewDevIssuer()
	return err
}

// prepare makes topics and tables and publishes the rulebook.
func (d *demo) prepare(ctx context.Context) error {
	if _, err := kafka.Apply(ctx, d.app.kafka, demoShards); err != nil {
		return err
	}
	if err := d.app.store.Ready(ctx); err != nil {
		return err
	}
	if err := d.app.migrate(ctx); err != nil {
		return err
	}
	return d.app.publish(func(topic rulebookTopic, _ time.Time) error {
		return topic.Publish(ctx, d.parsed.Version, d.book)
	})
}
