package balances

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	"jifen/processors"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// auditedItem adds what somebody set of an item, or of its stock, to points.audit.v1.
func auditedItem(shard int32, e *pointspb.Entry, out *processors.Output) error {
	item, _ := topics.ItemOf(e.Account)
	f := e.Item
	a := topics.AuditedItem{
		By: f.Actor, What: strings.TrimPrefix(e.Cause.Type, "jifen."), Outcome: e.Redemption.GetOutcome(), At: time.UnixMilli(e.RecordedAt).UTC(),
		Item: item, Act: e.Redemption.GetId(), Reason: f.Reason, Units: f.Loaded,
		Entry: placeOf(shard, e),
	}
	for _, x := range []struct {
		from *pointspb.ItemDefinition
		into *json.RawMessage
	}{{f.Before, &a.Before}, {f.Definition, &a.After}} {
		if x.from == nil {
			continue
		}
		text, err := protojson.Marshal(x.from)
		if err != nil {
			return fmt.Errorf("audit record of %s, seq %d: %w", e.Account, e.Seq, err)
		}
		*x.into = text
	}
	return told(a.By, a, e, out)
}
