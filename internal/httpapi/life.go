package httpapi

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"jifen/topics"
)

// Life is what became of a redemption, as the member's shard keeps it.
type Life struct {
	State            string // created, shipped, delivered, fulfilled, closed, cancelled, returned
	Parts            []RedemptionPart
	Steps            []RedemptionStep // oldest first, those that succeeded
	Returns          []RedemptionReturn
	Problems         []RedemptionProblem
	Carrier, Number  string
	ShippedAt        time.Time // of the last shipment; zero: none
	ReturnableUntil  time.Time // zero: not known yet
	Lots             []LotUse
	Codes            bool              // it has codes, which its owner reads
	Obstacles        map[string]string // why the member cannot do something now, by cancel, return, exchange and report
	Answers          []StepAnswer
	UnitPoints, Back int64 // price of a unit; units that came back
	ListPoints       int64 // of a unit, before a campaign; 0: not kept
	Campaign         string
	Rebate           *RedemptionRebate // nil: none
}

// RedemptionRebate is what a redemption gives back in points (R52).
type RedemptionRebate struct {
	Points int64  `json:"points" doc:"Less what was taken back."`
	State  string `json:"state" enum:"pending,given,reversed"`
}

// Rateable says that what was redeemed has reached its member, and did not come back (R44).
func (f *Life) Rateable() bool {
	return f != nil && (f.State == "fulfilled" || f.State == "delivered" || f.State == "closed")
}

// RedemptionPart is what an item gave for a redemption: of a bundle there are several, its own first.
type RedemptionPart struct {
	Item       string `json:"item"`
	Name       string `json:"name" doc:"In the language asked for."`
	Quantity   int64  `json:"quantity"`
	Fulfilment string `json:"fulfilment" enum:"shipping,codes,booking,manual,bundle"`
	BookingURL string `json:"booking_url,omitempty" doc:"Where its owner books it, where it is a service (R47)."`
}

// RedemptionStep is a step of a redemption.
type RedemptionStep struct {
	Step   string    `json:"step" doc:"created, shipped, delivered, fulfilled, cancelled, return_requested, returned, return_rejected, exchange_accepted, exchanged, problem_reported, problem_resolved, …"`
	At     time.Time `json:"at"`
	Of     string    `json:"of,omitempty" doc:"The return or problem that it is about."`
	Actor  string    `json:"actor,omitempty" doc:"For staff: who did it."`
	Reason string    `json:"reason,omitempty"`
}

// RedemptionReturn is a return or an exchange.
type RedemptionReturn struct {
	ID       string    `json:"id"`
	Kind     string    `json:"kind" enum:"return,exchange"`
	Quantity int64     `json:"quantity"`
	Reason   string    `json:"reason,omitempty"`
	State    string    `json:"state" enum:"requested,accepted,rejected,exchanged"`
	Points   int64     `json:"points,omitempty" doc:"Given back."`
	SoldOut  bool      `json:"sold_out,omitempty" doc:"An accepted exchange waits for stock; it can be inspected again, or its points given back."`
	At       time.Time `json:"at"`
}

// RedemptionProblem is a problem that the member reported.
type RedemptionProblem struct {
	ID      string    `json:"id"`
	Reason  string    `json:"reason,omitempty"`
	Code    int64     `json:"code,omitempty" doc:"Which of the codes, counted from 1; absent: all of it."`
	State   string    `json:"state" enum:"open,replaced,refunded,rejected"`
	Points  int64     `json:"points,omitempty" doc:"Given back."`
	SoldOut bool      `json:"sold_out,omitempty" doc:"There was nothing to replace it with; it can be resolved again."`
	At      time.Time `json:"at"`
}

// Tracking is a shipment.
type Tracking struct {
	Carrier   string    `json:"carrier"`
	Number    string    `json:"number"`
	ShippedAt time.Time `json:"shipped_at"`
}

// RedemptionLot is what one lot paid.
type RedemptionLot struct {
	Lot       string     `json:"lot"`
	Points    int64      `json:"points"`
	ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"Absent: never."`
}

// RedemptionBody is a redemption.
type RedemptionBody struct {
	ID              string              `json:"id"`
	State           string              `json:"state" enum:"pending,refused,created,shipped,delivered,fulfilled,closed,cancelled,returned"`
	Code            string              `json:"code,omitempty" doc:"Why it was refused."`
	Item            string              `json:"item"`
	Name            string              `json:"name,omitempty" doc:"Of the item, in the language asked for."`
	Kind            string              `json:"kind,omitempty" doc:"Of the item."`
	Quantity        int64               `json:"quantity"`
	Points          int64               `json:"points" doc:"Paid; 0 unless created."`
	UnitPoints      int64               `json:"unit_points,omitempty" doc:"Paid for one unit."`
	PriceVersion    int64               `json:"price_version,omitempty"`
	CreatedAt       *time.Time          `json:"created_at,omitempty" doc:"When it was decided."`
	Parts           []RedemptionPart    `json:"parts,omitempty"`
	HasCodes        bool                `json:"has_codes,omitempty"`
	ListPoints      int64               `json:"list_points,omitempty" doc:"Of a unit, before a campaign."`
	Campaign        string              `json:"campaign,omitempty" doc:"That made it cheaper."`
	Rebate          *RedemptionRebate   `json:"rebate,omitempty"`
	BookingURL      string              `json:"booking_url,omitempty" doc:"Where its owner books the service (R47)."`
	Instructions    string              `json:"instructions,omitempty" doc:"How to use it, in the language asked for (R50)."`
	Tracking        *Tracking           `json:"tracking,omitempty" doc:"Of the last shipment."`
	Steps           []RedemptionStep    `json:"steps,omitempty" doc:"Oldest first."`
	Returns         []RedemptionReturn  `json:"returns,omitempty"`
	Problems        []RedemptionProblem `json:"problems,omitempty"`
	Lots            []RedemptionLot     `json:"lots,omitempty" doc:"What paid, in that order."`
	ReturnableUntil *time.Time          `json:"returnable_until,omitempty" doc:"Until when a return can be asked for, once everything has arrived."`
	Can             []string            `json:"can,omitempty" doc:"What its member can do now: cancel, return, exchange, report, rate."`
}

// named is a redemption's body, with names from the catalogue as it is now: an item that is not there keeps its id.
func (a *API) named(ctx context.Context, r Redemption) RedemptionBody {
	return a.namedAll(ctx, []Redemption{r})[0]
}

// namedAll is named for several redemptions, whose items are read at once.
func (a *API) namedAll(ctx context.Context, all []Redemption) []RedemptionBody {
	if len(all) == 0 {
		return []RedemptionBody{}
	}
	var ids []string
	for i := range all {
		ids = append(ids, all[i].Item)
		if all[i].Life != nil {
			for _, p := range all[i].Life.Parts {
				ids = append(ids, p.Item)
			}
		}
	}
	slices.Sort(ids)
	items, err := a.items.ItemsOf(ctx, slices.Compact(ids))
	if err != nil { // what was redeemed is known, whatever becomes of its name
		slog.WarnContext(ctx, "names of redeemed items", "error", err)
	}
	out := make([]RedemptionBody, len(all))
	for i := range all {
		out[i] = nameIn(ctx, all[i], items)
	}
	return out
}

func nameIn(ctx context.Context, r Redemption, items map[string]Item) RedemptionBody {
	item := func(id string) *Item {
		if i, ok := items[id]; ok {
			return &i
		}
		return &Item{NameZH: id, NameEN: id}
	}
	l, i := languageIn(ctx), item(r.Item)
	b := redemptionOf(r, caller(ctx).hasAny(counter()...))
	b.Name, b.Kind = l.nameOf(i), i.Kind
	if r.Life != nil {
		b.Instructions = either(l, i.InstructionsZH, i.InstructionsEN)
	}
	link := func(of *Item) string { // its owner's alone
		if r.Life == nil || r.Member != caller(ctx).ID {
			return ""
		}
		return topics.BookingLink(of.BookingURL, r.ID)
	}
	b.BookingURL = link(i)
	for n := range b.Parts {
		part := item(b.Parts[n].Item)
		b.Parts[n].Name, b.Parts[n].BookingURL = l.nameOf(part), link(part)
	}
	return b
}

func redemptionOf(r Redemption, staff bool) RedemptionBody {
	at := r.CreatedAt.UTC()
	b := RedemptionBody{ID: r.ID, State: stateCreated, Item: r.Item, Quantity: r.Quantity, Points: r.Points, PriceVersion: r.PriceVersion, CreatedAt: &at}
	if r.Outcome != outcomeApplied {
		b.State, b.Code, b.Points = stateRefused, r.Outcome, 0
		return b
	}
	if r.Life == nil {
		return b
	}
	f := r.Life
	b.State, b.UnitPoints, b.HasCodes, b.Returns, b.Problems = f.State, f.UnitPoints, f.Codes, f.Returns, f.Problems
	b.ListPoints, b.Campaign, b.Rebate = f.ListPoints, f.Campaign, f.Rebate
	b.Parts = append(b.Parts, f.Parts...) // they get names
	b.ReturnableUntil = instantOf(f.ReturnableUntil)
	if !f.ShippedAt.IsZero() {
		b.Tracking = &Tracking{f.Carrier, f.Number, f.ShippedAt.UTC()}
	}
	for _, s := range f.Steps {
		if !staff {
			s.Actor = ""
		}
		b.Steps = append(b.Steps, s)
	}
	for _, u := range f.Lots {
		b.Lots = append(b.Lots, RedemptionLot{u.Lot, u.Points, instantOf(u.ExpiresAt)})
	}
	for _, what := range []string{canCancel, canReturn, canExchange, canReport} {
		if f.Obstacles[what] == "" {
			b.Can = append(b.Can, what)
		}
	}
	if f.Rateable() {
		b.Can = append(b.Can, "rate")
	}
	return b
}
