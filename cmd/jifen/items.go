package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"jifen/internal/kafka"
	"jifen/internal/rulefile"
	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// itemResult is what became of one item.
type itemResult struct {
	Item   string `json:"item"`
	Result string `json:"result"`
}

func itemsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "items", Short: "Load the items that members can redeem"}
	apply := &cobra.Command{
		Use: "apply FILE", Short: "Set items, their prices and their stock; the same file again changes nothing", Args: cobra.ExactArgs(1),
		Long: "Sets the items of a file (apiVersion: jifen/v1, kind: Items) and waits until their owners have decided. Prices are points\n" +
			"for one unit; stock is the number of units loaded so far in all, so more is loaded by a higher number. An item that the file\n" +
			"does not name stays as it is; on_sale: false takes one off sale. What is wrong with a file is said with line and column, and\n" +
			"nothing of it is applied.\n\n" +
			"A picture is an https address or a path of the mall. Zones are those of campaigns in the rulebook. A limit counts units of\n" +
			"one member by the calendar of the program's zone: per is day, week, month, year or ever. fulfilment is shipping, codes,\n" +
			"booking or manual: physical items ship unless they say otherwise, the others are fulfilled by hand. With booking goes\n" +
			"booking_url, in which {redemption} stands for the redemption's id. A bundle names its components and has a price of its own.",
		Example: "  apiVersion: jifen/v1\n" +
			"  kind: Items\n" +
			"  items:\n" +
			"    - id: mug\n" +
			"      name: {zh: 马克杯, en: Mug}\n" +
			"      kind: physical            # physical, virtual, service or bundle\n" +
			"      price: 300\n" +
			"      stock: 100\n" +
			"      # all that follows is optional\n" +
			"      description: {zh: 三百毫升, en: 300 ml}\n" +
			"      instructions: {zh: 不可微波, en: Not for microwaves}\n" +
			"      tier_prices: {gold: 240}\n" +
			"      tiers: [silver, gold]     # only for these\n" +
			"      limit: {times: 2, per: month}\n" +
			"      sale_from: 2026-06-01T00:00:00+08:00\n" +
			"      sale_to: 2026-07-01T00:00:00+08:00\n" +
			"      categories: [home]\n" +
			"      zones: [double]\n" +
			"      pictures: [/pictures/mug.svg]\n" +
			"    - id: breakfast\n" +
			"      name: {zh: 早餐套装, en: Breakfast}\n" +
			"      kind: bundle\n" +
			"      price: 500\n" +
			"      components: [{item: mug, quantity: 2}, {item: tea}]\n" +
			"      stock: 20",
		RunE: withApp(func(cmd *cobra.Command, a *app, args []string) error {
			data, err := os.ReadFile(args[0])
			if err != nil {
				return fmt.Errorf("items: %w", err)
			}
			results, err := a.applyItems(cmd.Context(), args[0], data)
			for _, r := range results {
				if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%-12s %s\n", r.Result, r.Item); err != nil {
					return fmt.Errorf("print: %w", err)
				}
			}
			return err
		}),
	}
	cmd.AddCommand(apply, itemsCodesCommand())
	return cmd
}

// applyItems asks the owners to set items, and waits until Redis shows how that ended.
func (a *app) applyItems(ctx context.Context, name string, data []byte) ([]itemResult, error) {
	specs, err := rulefile.ParseItems(name, data)
	if err != nil {
		return nil, err
	}
	producer, err := kafka.NewProducer(a.kafka)
	if err != nil {
		return nil, err
	}
	defer producer.Close()
	var results []itemResult
	for i := range specs {
		result, err := a.applyItem(ctx, producer, &specs[i])
		if err != nil {
			return results, fmt.Errorf("item %s: %w", specs[i].Definition.Id, err)
		}
		results = append(results, itemResult{specs[i].Definition.Id, string(result)})
	}
	return results, nil
}

// itemWait is how long an item may take to be applied.
const itemWait = 30 * time.Second

func (a *app) applyItem(ctx context.Context, producer *kafka.Producer, spec *rulefile.Item) (ledger.Outcome, error) {
	q := &pointspb.ItemRequest{Definition: spec.Definition, Loaded: spec.Stock}
	body, err := q.MarshalVT()
	if err != nil {
		return "", fmt.Errorf("encode: %w", err)
	}
	// The id is the content's, so the same again is known as such.
	mark := topics.MarkOf("item", string(body))
	id := fmt.Sprintf("item-%x", mark)
	account := topics.ItemAccount(spec.Definition.Id)
	want := []ledger.Want{{Shard: a.shard(account), Items: []string{spec.Definition.Id}}}
	if got, err := a.store.Read(ctx, want); err != nil {
		return "", err
	} else if i := got[0].World.Items[spec.Definition.Id]; i != nil && i.LastID == id && i.LastResult == ledger.Applied {
		return ledger.Unchanged, nil
	}
	switch faults, err := a.missingComponents(ctx, spec.Definition); {
	case err != nil:
		return "", err
	case len(faults) > 0:
		return "", faults
	}
	record, err := a.request(&pointspb.Request{Account: account, Id: id, Actor: "items apply", What: &pointspb.Request_Item{Item: q}})
	if err != nil {
		return "", err
	}
	if err := producer.Produce(ctx, []topics.Record{record}); err != nil {
		return "", err
	}
	ctx, done := context.WithTimeout(ctx, itemWait)
	defer done()
	for every(ctx, 20*time.Millisecond) {
		got, err := a.store.Read(ctx, want)
		if err != nil {
			return "", err
		}
		if i := got[0].World.Items[spec.Definition.Id]; i != nil && i.LastID == id {
			if i.LastResult != ledger.Applied {
				return i.LastResult, fmt.Errorf("refused: %s", i.LastResult)
			}
			return ledger.Applied, nil
		}
	}
	return "", fmt.Errorf("not decided after %s: does the pipeline run (jifen run)?", itemWait)
}
