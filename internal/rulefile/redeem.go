package rulefile

import (
	"fmt"
	"strings"

	"jifen/topics"
)

// redeem reads a campaign on redemptions: a lower price, more points given back, or both.
func (b *book) redeem(s *section) {
	s.none("rules", "multiplier", "group", "store", "channel", "budget")
	c := topics.Redeem{
		ID: s.word("id"), Items: s.itemsOf(), Categories: s.texts("categories"), Zone: s.word("zone"),
		Tier: s.references("tier", "tier", b.tiers), Shown: s.showing(),
	}
	c.From, c.To = s.between()
	if s.fields["price"] == nil && s.fields["rebate_multiplier"] == nil && !s.broken {
		s.fault(s.at, s.path+`: "price" or "rebate_multiplier" is missing`, `price: "0.8" for 8折, or rebate_multiplier: 2`)
	}
	if c.Price = s.ratio("price", topics.Ratio{}); c.Price.Den > 0 && (c.Price.Num == 0 || c.Price.Cmp(topics.One()) >= 0) {
		s.fault(s.fields["price"], fmt.Sprintf("%s: %s of the price is no lower price", s.of("price"), c.Price), `a part above 0 and below 1, such as "0.8" for 8折`)
	}
	if n := s.fields["rebate_multiplier"]; n != nil {
		c.RebateMultiplier = b.rebateMultiplier(s)
	}
	b.out.Redeem = append(b.out.Redeem, c)
}

// rebateMultiplier reads by how much a campaign multiplies the book's rebate. Whoever redeemed for more points back than they paid would
// be given points for nothing (D10, X8).
func (b *book) rebateMultiplier(s *section) topics.Ratio {
	const key = "rebate_multiplier"
	m := s.ratio(key, topics.One())
	switch total := b.out.Rebate.Mul(m); {
	case m.Cmp(topics.One()) < 0:
		s.fault(s.fields[key], fmt.Sprintf("%s: %s would give less back", s.of(key), m), "at least 1")
	case b.rebateNode == nil:
		s.fault(s.fields[key], s.of(key)+": the book gives nothing back that could be multiplied", `rebate: {rate: "0.05"} in the spec`)
	case b.out.Rebate.Num > 0 && (!total.Valid() || total.Cmp(topics.One()) >= 0):
		s.fault(s.fields[key], fmt.Sprintf("%s: a rebate of %s times %s gives all points back, or more", s.of(key), b.out.Rebate, m), "rate × rebate_multiplier below 1")
	}
	return m
}

// rebate reads which part of the points paid for redemptions is given back: {rate}.
func (b *book) rebate(s *section) {
	r := s.child("rebate", "rate")
	if r == nil {
		return
	}
	b.rebateNode = s.fields["rebate"]
	if r.broken || !r.has("rate", `a part below 1, such as "0.05" for 5 %`) {
		return
	}
	rate := r.ratio("rate", topics.Ratio{})
	if rate.Den > 0 && (rate.Num == 0 || rate.Cmp(topics.One()) >= 0) {
		r.fault(r.fields["rate"], fmt.Sprintf("%s: a rebate of %s", r.of("rate"), rate), `above 0 and below 1, such as "0.05" for 5 %`)
		return
	}
	b.out.Rebate = rate
}

// itemsOf reads items: all, or a list of ids; nothing stands for all.
func (s *section) itemsOf() []string {
	n, ok := s.fields["items"]
	if !ok {
		return nil
	}
	if v, ok := scalar(n); ok {
		if v != "all" {
			s.fault(n, fmt.Sprintf("%s: %q is no list of items", s.of("items"), v), "all, or a list of item ids")
		}
		return nil
	}
	return s.texts("items")
}

// showing reads how the mall shows a campaign: {name: {zh, en}, entrance, picture}.
func (s *section) showing() topics.Showing {
	out := topics.Showing{Entrance: s.flag("entrance")}
	if name := s.child("name", "zh", "en"); name != nil && !name.broken {
		const text = "a name of at most 100 characters"
		out.NameZH, out.NameEN = name.short("zh", text), name.short("en", text)
	}
	const picture = "an https address, or a path of the mall such as /pictures/sale.svg"
	out.Picture = s.short("picture", picture)
	if p := out.Picture; p != "" && !IsPicture(p) {
		s.fault(s.fields["picture"], fmt.Sprintf("%s: %q is no picture's address", s.of("picture"), p), picture)
	}
	return out
}

// IsPicture says that a picture's address is one that the mall's pages may load: over https, or from the mall itself.
func IsPicture(p string) bool {
	printable := !strings.ContainsFunc(p, func(r rune) bool { return r <= ' ' || r == '"' || r == '\\' || r == 0x7f })
	return printable && len(p) <= 512 && (strings.HasPrefix(p, "https://") && len(p) > len("https://") || strings.HasPrefix(p, "/") && !strings.HasPrefix(p, "//"))
}

// short reads a text of at most 100 characters; addresses have a bound of their own.
func (s *section) short(key, expected string) string {
	v := s.value(key, expected)
	if key != "picture" && len([]rune(v)) > 100 {
		s.fault(s.fields[key], s.of(key)+" is too long", expected)
		return ""
	}
	return v
}
