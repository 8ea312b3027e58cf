package rulefile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// Bounds of what an item says.
const (
	priceMost       = 1_000_000_000_000
	unitsMost       = 1_000_000_000
	textMost        = 4000 // characters of a description
	picturesMost    = 10
	componentsMost  = 20
	kindItems       = "Items"
	expectedBooking = "an https address in which {redemption} stands for the redemption's id"
)

// Item is an item as merchants write it. Stock is the number of units loaded so far in all.
type Item struct {
	Definition *pointspb.ItemDefinition
	Stock      int64
}

func itemKeys() []string {
	return []string{
		"id", "name", "description", "instructions", "kind", "price", "tier_prices", "tiers", "limit", "limit_per_member", "stock", "on_sale",
		"sale_from", "sale_to", "categories", "zones", "pictures", "fulfilment", "booking_url", "components", "codes_low",
	}
}

// ParseItems reads an item file (apiVersion: jifen/v1, kind: Items). The error is Faults.
func ParseItems(name string, data []byte) ([]Item, error) {
	d, top := open(name, data)
	if top == nil {
		return nil, d.faults.sorted()
	}
	s := d.section(top, "", "apiVersion", "kind", "items")
	s.envelope(kindItems)
	var items []Item
	seen := map[string]bool{}
	if s.has("items", "a list of items") {
		for i, n := range s.list("items") {
			item := d.item(n, fmt.Sprintf("items[%d]", i))
			if id := item.Definition.Id; id != "" && seen[id] {
				d.fault(n, fmt.Sprintf("items[%d]: item %q stands here twice", i, id), "each item once")
			} else {
				seen[id] = true
			}
			items = append(items, item)
		}
	}
	if len(d.faults) > 0 {
		return nil, d.faults.sorted()
	}
	return items, nil
}

// ParseItem reads one item, from YAML or JSON. The error is Faults.
func ParseItem(name string, data []byte) (Item, error) {
	d, top := open(name, data)
	if top == nil {
		return Item{}, d.faults.sorted()
	}
	item := d.item(top, "")
	if len(d.faults) > 0 {
		return Item{}, d.faults.sorted()
	}
	return item, nil
}

func (d *document) item(n ast.Node, path string) Item {
	s := d.section(n, path, itemKeys()...)
	x := &pointspb.ItemDefinition{Id: s.id("id"), Kind: "physical", OnSale: true}
	if s.has("kind", "one of physical, virtual, service, bundle") {
		x.Kind = s.choice("kind", "physical", "virtual", "service", "bundle")
	}
	if name := s.child("name", "zh", "en"); name != nil && !name.broken {
		x.NameZh, x.NameEn = name.long("zh", 100), name.long("en", 100)
	}
	x.DescriptionZh, x.DescriptionEn = s.words("description")
	x.InstructionsZh, x.InstructionsEn = s.words("instructions")
	if s.has("price", "points for one unit") {
		x.BasePrice = s.integer("price", 1, priceMost)
	}
	x.TierPrices, x.Tiers = s.tierPrices(), s.texts("tiers")
	s.limitOf(x)
	if n := s.fields["on_sale"]; n != nil {
		x.OnSale = s.flag("on_sale")
	}
	from, to := s.instant("sale_from"), s.instant("sale_to")
	if x.SaleFrom, x.SaleTo = millis(from), millis(to); x.SaleFrom != 0 && x.SaleTo != 0 && x.SaleTo <= x.SaleFrom {
		s.fault(s.fields["sale_to"], s.of("sale_to")+" is not after sale_from", "a time after "+s.value("sale_from", ""))
	}
	x.Categories, x.Zones, x.Pictures = s.ids("categories"), s.ids("zones"), s.pictures()
	s.handOver(x)
	stock := int64(0)
	if s.fields["stock"] != nil {
		stock = s.integer("stock", 0, unitsMost)
	}
	return Item{Definition: x, Stock: stock}
}

// handOver reads how a unit reaches its member.
func (s *section) handOver(x *pointspb.ItemDefinition) {
	if s.fields["fulfilment"] != nil {
		x.Fulfilment = s.choice("fulfilment", "shipping", "codes", "booking", "manual")
	}
	if x.BookingUrl = s.long("booking_url", 1000); x.BookingUrl != "" && !strings.HasPrefix(x.BookingUrl, "https://") {
		s.fault(s.fields["booking_url"], fmt.Sprintf("%s: %q is no address", s.of("booking_url"), x.BookingUrl), expectedBooking)
	}
	if (x.Fulfilment == "booking") != (x.BookingUrl != "") && !s.broken {
		s.fault(cmp.Or(s.fields["booking_url"], s.at), named(s.path)+"fulfilment booking and booking_url go together", "both, or neither")
	}
	if s.fields["codes_low"] != nil {
		x.CodesLow = s.integer("codes_low", 0, unitsMost)
	}
	for i, n := range s.list("components") {
		c := s.section(n, fmt.Sprintf("%s[%d]", s.of("components"), i), "item", "quantity")
		part := &pointspb.Component{Item: c.id("item"), Quantity: 1}
		if c.fields["quantity"] != nil {
			part.Quantity = c.integer("quantity", 1, 100)
		}
		if part.Item != "" && (part.Item == x.Id || slices.ContainsFunc(x.Components, func(o *pointspb.Component) bool { return o.Item == part.Item })) {
			s.fault(n, fmt.Sprintf("%s: %q cannot be a component here", c.path, part.Item), "each item once, and not the bundle itself")
		}
		x.Components = append(x.Components, part)
	}
	switch n := s.fields["components"]; {
	case s.broken:
	case x.Kind == "bundle" && n == nil:
		s.fault(s.at, named(s.path)+`a bundle without "components"`, "a list of {item, quantity}")
	case x.Kind != "bundle" && n != nil:
		s.fault(n, s.of("components")+" has no meaning here", "kind: bundle, or no components")
	case x.Kind == "bundle" && x.Fulfilment != "":
		s.fault(s.fields["fulfilment"], s.of("fulfilment")+" has no meaning here", "that of the components")
	case len(x.Components) > componentsMost:
		s.fault(n, fmt.Sprintf("%s: a bundle of %d components", s.of("components"), len(x.Components)), fmt.Sprintf("at most %d", componentsMost))
	}
}

// limitOf reads how many units a member may have: limit: {times, per}, or limit_per_member.
func (s *section) limitOf(x *pointspb.ItemDefinition) {
	if n := s.fields["limit_per_member"]; n != nil {
		x.LimitPerMember = s.integer("limit_per_member", 0, unitsMost)
	}
	l := s.child("limit", "times", "per")
	if l == nil || l.broken {
		return
	}
	if s.fields["limit_per_member"] != nil {
		s.fault(s.fields["limit_per_member"], s.of("limit_per_member")+" stands beside limit", "limit alone")
	}
	if l.has("times", "units of one member") {
		x.LimitPerMember = l.integer("times", 1, unitsMost)
	}
	x.LimitPer = string(topics.PerEver)
	if l.fields["per"] != nil {
		x.LimitPer = string(l.period())
	}
}

// tierPrices reads the prices of tiers, in the order of their names.
func (s *section) tierPrices() (all []*pointspb.TierPrice) {
	n, ok := s.fields["tier_prices"]
	if !ok {
		return nil
	}
	m, ok := n.(*ast.MappingNode)
	if !ok {
		s.fault(n, s.of("tier_prices")+" is "+kind(n), "a mapping of tiers to points")
		return nil
	}
	var tiers []string
	for _, pair := range m.Values {
		if key, ok := scalar(pair.Key); ok && isID(key) {
			tiers = append(tiers, key)
			continue
		}
		s.fault(pair.Key, s.of("tier_prices")+": a key is no tier", expectedID)
	}
	t := s.section(n, s.of("tier_prices"), tiers...)
	slices.Sort(tiers)
	for _, tier := range slices.Compact(tiers) {
		all = append(all, &pointspb.TierPrice{Tier: tier, Points: t.integer(tier, 1, priceMost)})
	}
	return all
}

// words reads a text in both languages: {zh, en}.
func (s *section) words(key string) (zh, en string) {
	w := s.child(key, "zh", "en")
	if w == nil || w.broken {
		return "", ""
	}
	return w.long("zh", textMost), w.long("en", textMost)
}

func (s *section) long(key string, most int) string {
	expected := fmt.Sprintf("text of at most %d characters", most)
	v := s.value(key, expected)
	if utf8.RuneCountInString(v) > most {
		s.fault(s.fields[key], s.of(key)+" is too long", expected)
		return ""
	}
	return v
}

// ids reads a list of names.
func (s *section) ids(key string) []string {
	all := s.texts(key)
	for _, v := range all {
		if !isID(v) {
			s.fault(s.fields[key], fmt.Sprintf("%s: %q is no name", s.of(key), v), expectedID)
			return nil
		}
	}
	return all
}

func (s *section) pictures() []string {
	all := s.texts("pictures")
	for _, p := range all {
		if !IsPicture(p) || len(all) > picturesMost {
			s.fault(s.fields["pictures"], fmt.Sprintf("%s: %q is no picture's address, or one too many", s.of("pictures"), p),
				fmt.Sprintf("at most %d https addresses or paths of the mall such as /pictures/mug.svg", picturesMost))
			return nil
		}
	}
	return all
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
