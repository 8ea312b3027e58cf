package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"jifen/internal/httpapi"
	"jifen/internal/kafka"
	"jifen/ledger"
)

func balancesCommand() *cobra.Command {
	var format, asOf, knownAt string
	cmd := &cobra.Command{
		Use: "balances", Short: "Print every member's balance at the program's clock, or at another instant", Args: cobra.NoArgs,
		Long: "Prints the balance of every member that has a state, read from Redis and advanced to the program's clock.\n\n" +
			"With --as-of or --known-at it prints what ClickHouse's entries add up to: those that were effective at --as-of and had been\n" +
			"recorded at --known-at (both default to the program's clock). An --as-of ahead of the clock prints what the clock alone\n" +
			"will make of Redis's states.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			at, err := readInstants(asOf, knownAt)
			if err != nil {
				return err
			}
			return withApp(func(cmd *cobra.Command, a *app, _ []string) error {
				all, err := a.balancesAt(cmd.Context(), at)
				if err != nil {
					return err
				}
				return printBalances(cmd.OutOrStdout(), all, format)
			})(cmd, nil)
		},
	}
	outputFlag(cmd, &format, "csv", "json")
	cmd.Flags().StringVar(&asOf, "as-of", "", "by what was effective at this RFC 3339 `TIME`")
	cmd.Flags().StringVar(&knownAt, "known-at", "", "by what had been recorded at this RFC 3339 `TIME`")
	return cmd
}

// readInstants reads the flags of another instant; the zero time where one is not given.
func readInstants(asOf, knownAt string) (at httpapi.Instants, err error) {
	for _, f := range []struct {
		name, text string
		to         *time.Time
	}{{"--as-of", asOf, &at.AsOf}, {"--known-at", knownAt, &at.KnownAt}} {
		if f.text == "" {
			continue
		}
		if *f.to, err = time.Parse(time.RFC3339Nano, f.text); err != nil {
			return at, &usageError{fmt.Errorf("%s: %w", f.name, err)}
		}
	}
	return at, nil
}

// balancesAt are everybody's balances, now where no instant is named.
func (a *app) balancesAt(ctx context.Context, at httpapi.Instants) ([]memberBalance, error) {
	now := a.clock()
	switch {
	case at.KnownAt.After(now):
		return nil, &usageError{errors.New("--known-at is ahead of the program's clock")}
	case at.AsOf.After(now) && !at.KnownAt.IsZero():
		return nil, &usageError{errors.New("--known-at: --as-of is ahead of the program's clock")}
	case at.AsOf.After(now) || at.AsOf.IsZero() && at.KnownAt.IsZero():
		return a.everyBalance(ctx, at.AsOf)
	}
	if at.AsOf.IsZero() {
		at.AsOf = now
	}
	if at.KnownAt.IsZero() {
		at.KnownAt = now
	}
	books, err := kafka.ReadRulebooks(ctx, a.rulebooks())
	if err != nil {
		return nil, err
	}
	return a.pastBalances(ctx, at, books)
}

// memberBalance is a line of `jifen balances`.
type memberBalance struct {
	Member    string `json:"member"`
	Available int64  `json:"available"`
	Pending   int64  `json:"pending"`
	Frozen    int64  `json:"frozen"`
	Debt      int64  `json:"debt"`
	Tier      string `json:"tier"`
}

func printBalances(w io.Writer, all []memberBalance, format string) error {
	if format == "json" {
		for _, b := range all {
			if err := json.NewEncoder(w).Encode(b); err != nil {
				return fmt.Errorf("print: %w", err)
			}
		}
		return nil
	}
	out := csv.NewWriter(w)
	_ = out.Write([]string{"member", "available", "pending", "frozen", "debt", "tier"}) // Flush tells
	for _, b := range all {
		n := func(v int64) string { return strconv.FormatInt(v, 10) }
		_ = out.Write([]string{b.Member, n(b.Available), n(b.Pending), n(b.Frozen), n(b.Debt), b.Tier})
	}
	out.Flush()
	return out.Error()
}

// everyBalance reads all accounts and advances them to the program's clock and on to until, in order of member.
func (a *app) everyBalance(ctx context.Context, until time.Time) ([]memberBalance, error) {
	names, err := a.store.Names(ctx)
	if err != nil {
		return nil, err
	}
	books, err := kafka.ReadRulebooks(ctx, a.rulebooks())
	if err != nil {
		return nil, err
	}
	var out []memberBalance
	for shard, n := range names {
		for members := range slices.Chunk(n.Members, 2000) {
			got, err := a.store.Read(ctx, []ledger.Want{{Shard: shard, Members: members}})
			if err != nil {
				return nil, err
			}
			m := ledger.Moment{Now: max(a.clock().UnixMilli(), got[0].Head.Now), Books: books}
			for _, id := range slices.Sorted(maps.Keys(got[0].World.Members)) {
				if got[0].World.Member(id).Erased != 0 {
					continue
				}
				at := ledger.Moment{Now: max(m.Now, until.UnixMilli()), Books: books}
				ledger.Forecast(got[0].World, id, m, at.Now)
				x := got[0].World.Member(id)
				b := x.Balance(at.Now)
				out = append(out, memberBalance{id, b.Available, b.Pending, b.Frozen, b.Debt, x.Tier(books.At(at.Time()), at.Now)})
			}
		}
	}
	slices.SortFunc(out, func(x, y memberBalance) int {
		if x.Member < y.Member {
			return -1
		}
		return 1
	})
	return out, nil
}
