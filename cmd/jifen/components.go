package main

import (
	"context"
	"fmt"

	"jifen/internal/httpapi"
	"jifen/ledger"
	"jifen/topics/pointspb"
)

// missingComponents says what of a bundle cannot be in one now: an item that there is not, or a bundle. Components lie at
// other shards and may change afterwards; therefore a redemption looks again.
func (a *app) missingComponents(ctx context.Context, d *pointspb.ItemDefinition) (httpapi.ItemFaults, error) {
	if len(d.GetComponents()) == 0 {
		return nil, nil
	}
	var ids []string
	for _, c := range d.Components {
		ids = append(ids, c.Item)
	}
	items, err := a.readItems(ctx, ids)
	if err != nil {
		return nil, err
	}
	var faults httpapi.ItemFaults
	for n, id := range ids {
		switch i := items[id]; {
		case i == nil:
			faults = append(faults, fmt.Sprintf("components[%d]: there is no item %q (expected one that there is)", n, id))
		case i.Fulfilment == ledger.FulfilBundle || len(i.Details.Components) > 0:
			faults = append(faults, fmt.Sprintf("components[%d]: %q is a bundle (expected an item that is none)", n, id))
		}
	}
	return faults, nil
}
