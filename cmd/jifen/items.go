package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"jifen/internal/kafka"
	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// itemFile is what `jifen items apply` reads.
type itemFile struct {
	APIVersion string     `yaml:"apiVersion"`
	Kind       string     `yaml:"kind"`
	Items      []itemSpec `yaml:"items"`
}

// itemSpec is one item; prices are points for one unit, stock is the number of units loaded so far in all.
type itemSpec struct {
	ID   string `yaml:"id"`
	Name struct {
		ZH string `yaml:"zh"`
		EN string `yaml:"en"`
	} `yaml:"name"`
	Kind           string           `yaml:"kind"`
	Price          int64            `yaml:"price"`
	TierPrices     map[string]int64 `yaml:"tier_prices"`
	Tiers          []string         `yaml:"tiers"`
	LimitPerMember int64            `yaml:"limit_per_member"`
	Stock          int64            `yaml:"stock"`
	OnSale         *bool            `yaml:"on_sale"`
}

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
			"does not name stays as it is; on_sale: false takes one off sale.",
		Example: "  items:\n" +
			"    - id: mug\n" +
			"      name: {zh: 马克杯, en: Mug}\n" +
			"      kind: physical            # physical, virtual or service\n" +
			"      price: 300\n" +
			"      tier_prices: {gold: 240}  # optional\n" +
			"      tiers: [silver, gold]     # optional: only for these\n" +
			"      limit_per_member: 2       # optional\n" +
			"      stock: 100",
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

// parseItems reads an item file; what is wrong is said with line and column.
func parseItems(name string, data []byte) ([]itemSpec, error) {
	var f itemFile
	if err := yaml.UnmarshalWithOptions(data, &f, yaml.Strict()); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if f.APIVersion != "jifen/v1" || f.Kind != "Items" {
		return nil, fmt.Errorf("%s: want apiVersion jifen/v1 and kind Items", name)
	}
	var faults []error
	seen := map[string]bool{}
	for n, i := range f.Items {
		if err := i.check(); err != nil {
			faults = append(faults, fmt.Errorf("%s: item %d (%s): %w", name, n+1, i.ID, err))
		}
		if seen[i.ID] {
			faults = append(faults, fmt.Errorf("%s: item %d: %s stands there twice", name, n+1, i.ID))
		}
		seen[i.ID] = true
	}
	return f.Items, errors.Join(faults...)
}

func (i *itemSpec) check() error {
	switch {
	case i.ID == "" || len(i.ID) > 128:
		return errors.New("id: want 1 to 128 characters")
	case i.Kind != "physical" && i.Kind != "virtual" && i.Kind != "service":
		return fmt.Errorf("kind %q: want physical, virtual or service", i.Kind)
	case i.Price <= 0 || i.Stock < 0 || i.LimitPerMember < 0:
		return errors.New("price must be above 0; stock and limit_per_member not below it")
	}
	for tier, p := range i.TierPrices {
		if p <= 0 {
			return fmt.Errorf("tier_prices.%s: must be above 0", tier)
		}
	}
	return nil
}

func (i *itemSpec) definition() *pointspb.ItemDefinition {
	d := &pointspb.ItemDefinition{
		Id: i.ID, NameZh: i.Name.ZH, NameEn: i.Name.EN, Kind: i.Kind, BasePrice: i.Price, Tiers: i.Tiers,
		LimitPerMember: i.LimitPerMember, OnSale: i.OnSale == nil || *i.OnSale,
	}
	for _, tier := range sortedKeys(i.TierPrices) {
		d.TierPrices = append(d.TierPrices, &pointspb.TierPrice{Tier: tier, Points: i.TierPrices[tier]})
	}
	return d
}

// applyItems asks the owners to set items, and waits until Redis shows how that ended.
func (a *app) applyItems(ctx context.Context, name string, data []byte) ([]itemResult, error) {
	specs, err := parseItems(name, data)
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
			return results, fmt.Errorf("item %s: %w", specs[i].ID, err)
		}
		results = append(results, itemResult{specs[i].ID, string(result)})
	}
	return results, nil
}

// itemWait is how long an item may take to be applied.
const itemWait = 30 * time.Second

func (a *app) applyItem(ctx context.Context, producer *kafka.Producer, spec *itemSpec) (ledger.Outcome, error) {
	q := &pointspb.ItemRequest{Definition: spec.definition(), Loaded: spec.Stock}
	body, err := q.MarshalVT()
	if err != nil {
		return "", fmt.Errorf("encode: %w", err)
	}
	// The id is the content's, so the same again is known as such.
	mark := topics.MarkOf("item", string(body))
	id := fmt.Sprintf("item-%x", mark)
	account := topics.ItemAccount(spec.ID)
	want := []ledger.Want{{Shard: a.shard(account), Items: []string{spec.ID}}}
	if got, err := a.store.Read(ctx, want); err != nil {
		return "", err
	} else if i := got[0].World.Items[spec.ID]; i != nil && i.LastID == id && i.LastResult == ledger.Applied {
		return ledger.Unchanged, nil
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
		if i := got[0].World.Items[spec.ID]; i != nil && i.LastID == id {
			if i.LastResult != ledger.Applied {
				return i.LastResult, fmt.Errorf("refused: %s", i.LastResult)
			}
			return ledger.Applied, nil
		}
	}
	return "", fmt.Errorf("not decided after %s: does the pipeline run (jifen run)?", itemWait)
}
