package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"jifen/internal/codes"
	"jifen/internal/kafka"
	"jifen/internal/vault"
	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

var (
	errNoCodes    = errors.New("the item is not given by codes (fulfilment: codes)")
	errOtherCodes = errors.New("the same upload was made with other codes")
	errNoItem     = errors.New("there is no such item")
	errUndecided  = errors.New("not decided yet")
)

// upload is codes on their way into an item's pool. The same id again is the same upload.
type upload struct {
	item, id, actor string
	file            *codes.File
}

// faultyCodes are the lines of a file that cannot be loaded: nothing of it is.
type faultyCodes []codes.Fault

func (f faultyCodes) Error() string { return fmt.Sprintf("%d lines cannot be loaded", len(f)) }

// vault are the keys of the configuration.
func (a *app) vault() (vault.Ring, error) {
	ring, err := vault.Parse(a.config.Vault.Keys.Reveal())
	if err == nil && len(ring) == 0 {
		err = vault.ErrNoKeys
	}
	return ring, err
}

// item is an item's state; nil: there is none.
func (a *app) item(ctx context.Context, id string) (*ledger.Item, ledger.Head, error) {
	got, err := a.store.Read(ctx, []ledger.Want{{Shard: a.shard(topics.ItemAccount(id)), Items: []string{id}}})
	if err != nil {
		return nil, ledger.Head{}, err
	}
	i := got[0].World.Items[id]
	if i != nil && i.ID == "" {
		i = nil
	}
	return i, got[0].Head, nil
}

// chunksAtOnce is how many chunks of a pool are read in one go.
const chunksAtOnce = 200

// opened calls each with every code of an item whose number is in from..to.
func (a *app) opened(ctx context.Context, ring vault.Ring, item string, from, to int64, each func(number int64, c codes.Code)) error {
	for first := from; first <= to; {
		want := ledger.Want{Shard: a.shard(topics.ItemAccount(item))}
		for ; first <= to && len(want.Codes) < chunksAtOnce; first = ((first-1)/ledger.ChunkCodes+1)*ledger.ChunkCodes + 1 {
			want.Codes = append(want.Codes, ledger.ChunkOf(item, first))
		}
		got, err := a.store.Read(ctx, []ledger.Want{want})
		if err != nil {
			return err
		}
		for _, chunk := range got[0].World.Codes {
			for i := range chunk.Blocks {
				b := &chunk.Blocks[i]
				if b.First > to || b.First+b.Count <= from {
					continue
				}
				all, err := codes.Open(ring, item, b)
				if err != nil {
					return err
				}
				for n, c := range all {
					if number := b.First + int64(n); from <= number && number <= to {
						each(number, c)
					}
				}
			}
		}
	}
	return nil
}

// loadCodes puts the codes of a file into an item's pool, all or none, and returns the item's state after that. If another
// upload comes between, it looks again for codes that are there already.
func (a *app) loadCodes(ctx context.Context, producer *kafka.Producer, u upload) (*ledger.Item, *ledger.Load, error) {
	ring, err := a.vault()
	if err != nil {
		return nil, nil, err
	}
	for {
		i, _, err := a.item(ctx, u.item)
		switch {
		case err != nil:
			return nil, nil, err
		case i == nil:
			return nil, nil, errNoItem
		case !i.HasCodes():
			return i, nil, errNoCodes
		}
		if l := i.Pool.Load(u.id); l != nil {
			return i, l, a.sameCodes(ctx, ring, u, l)
		}
		known := map[string]bool{}
		if err := a.opened(ctx, ring, u.item, 1, i.Pool.Last, func(_ int64, c codes.Code) { known[c.Text] = true }); err != nil {
			return nil, nil, err
		}
		if faults := u.file.Faults(known); len(faults) > 0 {
			return nil, nil, faultyCodes(faults)
		}
		if err := a.sendCodes(ctx, producer, ring, u, i.Pool.Last); err != nil {
			return nil, nil, err
		}
	}
}

// sameCodes says whether an upload that was decided had these codes.
func (a *app) sameCodes(ctx context.Context, ring vault.Ring, u upload, l *ledger.Load) error {
	if l.Outcome != ledger.Applied {
		return nil
	}
	loaded := map[codes.Code]bool{}
	err := a.opened(ctx, ring, u.item, l.First, l.First+l.Count-1, func(_ int64, c codes.Code) { loaded[c] = true })
	if err != nil {
		return err
	}
	same := len(loaded) == len(u.file.Codes)
	for _, c := range u.file.Codes {
		same = same && loaded[c]
	}
	if !same {
		return errOtherCodes
	}
	return nil
}

// sendCodes asks the owner to load codes behind the newest one that is known, and waits until it has decided, or until other
// codes came first.
func (a *app) sendCodes(ctx context.Context, producer *kafka.Producer, ring vault.Ring, u upload, before int64) error {
	q, err := codes.Seal(ring, u.item, before, u.file.Codes)
	if err != nil {
		return err
	}
	record, err := a.request(&pointspb.Request{
		Account: topics.ItemAccount(u.item), Id: u.id, Actor: u.actor, What: &pointspb.Request_Codes{Codes: q},
	})
	if err == nil {
		err = producer.Produce(ctx, []topics.Record{record})
	}
	if err != nil {
		return err
	}
	for every(ctx, 20*time.Millisecond) {
		i, _, err := a.item(ctx, u.item)
		if err != nil {
			return err
		}
		if i != nil && (i.Pool.Load(u.id) != nil || i.Pool.Last > before) {
			return nil
		}
	}
	return errUndecided
}

func itemsCodesCommand() *cobra.Command {
	return &cobra.Command{
		Use: "codes ITEM FILE", Short: "Load codes into the pool of an item, all of a file or none", Args: cobra.ExactArgs(2),
		Long: "Loads the codes of a CSV file into the pool of an item with fulfilment codes: a code a line, and in an optional second column\n" +
			"until when it is good: its last day, such as 2026-12-31, in the program's zone, or an instant in RFC 3339. Codes have at most 256\n" +
			"characters, a file at most 20,000 codes. They are sealed by vault.keys before they leave this process. If a line is wrong, or its\n" +
			"code stands in the file twice or was loaded before, every such line is named and nothing is loaded. The same file again for the\n" +
			"same item is known as such only by that; nothing is loaded twice.",
		RunE: withApp(func(cmd *cobra.Command, a *app, args []string) error {
			data, err := os.ReadFile(args[1])
			if err != nil {
				return fmt.Errorf("codes: %w", err)
			}
			i, l, err := a.loadCodesFile(cmd.Context(), args[0], data)
			var faults faultyCodes
			if errors.As(err, &faults) {
				for _, f := range faults {
					if _, err := fmt.Fprintf(cmd.ErrOrStderr(), "%s:%d: %s\n", args[1], f.Line, codeWords(f)); err != nil {
						return fmt.Errorf("print: %w", err)
					}
				}
			}
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%d loaded, %d left\n", l.Count, i.Pool.Left(a.clock().UnixMilli())); err != nil {
				return fmt.Errorf("print: %w", err)
			}
			return nil
		}),
	}
}

// loadCodesFile loads a file of codes as whoever runs the program.
func (a *app) loadCodesFile(ctx context.Context, item string, data []byte) (*ledger.Item, *ledger.Load, error) {
	producer, err := kafka.NewProducer(a.kafka)
	if err != nil {
		return nil, nil, err
	}
	defer producer.Close()
	zone, err := time.LoadLocation(a.config.Program.Zone)
	if err != nil {
		return nil, nil, fmt.Errorf("program.zone: %w", err)
	}
	ctx, done := context.WithTimeout(ctx, itemWait)
	defer done()
	// Not the codes' hash, which would tell short codes: what is random is an upload of its own.
	u := upload{item: item, id: fmt.Sprintf("codes-%x", vault.NewSecret()[:16]), actor: "items codes", file: codes.Read(data, zone, a.clock())}
	i, l, err := a.loadCodes(ctx, producer, u)
	if err == nil && l.Outcome != ledger.Applied {
		err = fmt.Errorf("refused: %s", l.Outcome)
	}
	return i, l, err
}

func codeWords(f codes.Fault) string {
	switch f.Problem {
	case codes.BadLine:
		return "is no CSV of one or two columns"
	case codes.BadCode:
		return fmt.Sprintf("wants a code of 1 to %d printable characters", codes.CharsMax)
	case codes.BadExpiry:
		return "wants a date such as 2026-12-31, or an instant in RFC 3339"
	case codes.Expired:
		return "has expired"
	case codes.InFile:
		return fmt.Sprintf("repeats the code of line %d", f.Of)
	case codes.InPool:
		return "has a code that was loaded before"
	case codes.TooMany:
		return fmt.Sprintf("is one more than the %d codes that a file may have", ledger.CodesMost)
	}
	return "has no code"
}
