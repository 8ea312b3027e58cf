package rulediff

import (
	"reflect"

	"jifen/topics"
)

// redeemOf are the campaigns on redemptions.
func redeemOf(b *topics.Rulebook) []thing {
	w := writer{b}
	all := make([]thing, len(b.Redeem))
	for i := range b.Redeem {
		c := &b.Redeem[i]
		said := map[string]string{"ID": "", "Price": rate(c.Price), "RebateMultiplier": rate(c.RebateMultiplier), "Zone": c.Zone}
		list := append([]property{{"on", "redeem"}}, w.properties("", reflect.ValueOf(*c), said)...)
		if len(c.Items) == 0 {
			list = append(list, property{"items", "all"})
		}
		for i := range list {
			if list[i].name == "timezone" {
				list[i].name = "zone"
			}
		}
		all[i] = thing{c.ID, list}
	}
	return all
}

// rate spells a rate that may be absent.
func rate(r topics.Ratio) string {
	if r.Den == 0 {
		return ""
	}
	return "×" + r.String()
}
