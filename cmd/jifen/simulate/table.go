package simulate

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"jifen/topics"
)

// Table prints the report for people; times are in the zone of the rulebook in force at the program's clock, else of the
// first.
func (r *Report) Table(out io.Writer, books topics.Books) {
	p := printer{out: out, zone: time.UTC}
	if b := books.At(r.Now); b != nil {
		p.zone = b.Zone
	} else if len(books) > 0 {
		p.zone = books[0].Zone
	}
	for _, v := range r.Rulebooks {
		fmt.Fprintf(out, "rules    %s %s, from %s\n", v.Name, v.Version, p.time(v.From))
	}
	fmt.Fprintf(out, "clock    %s\n", p.time(r.Now))
	if s := r.States; s != nil {
		known := "as of"
		if !s.Known {
			known = "nothing is known of this member as of"
		}
		fmt.Fprintf(out, "member   %s: %s entry %d of shard %d\n", s.Member, known, s.Seq, s.Shard)
	}
	for _, s := range r.Steps {
		p.step(s)
	}
	fmt.Fprint(out, "\nNothing was written.\n")
}

// printer prints steps.
type printer struct {
	out  io.Writer
	zone *time.Location
}

func (p printer) time(t time.Time) string { return t.In(p.zone).Format(time.RFC3339) }

func (p printer) step(s *Step) {
	fmt.Fprintln(p.out)
	switch {
	case s.Event != nil:
		fmt.Fprintf(p.out, "line %d: %s %s of %s, %s: %s\n", s.Line, s.Event.Type, s.Event.ID, s.Member, p.time(s.Event.Time), outcome(s))
	case s.Line > 0:
		fmt.Fprintf(p.out, "line %d: no event: %s\n", s.Line, outcome(s))
	default:
		fmt.Fprintf(p.out, "the clock, for %s, %s: %s\n", s.Member, p.time(s.At), outcome(s))
	}
	if d := s.DeadLetter; d != nil {
		fmt.Fprintf(p.out, "  %s: %s\n", d.Reason, d.Message)
	}
	p.entries(s.Entries)
	if s.Before != nil && s.After != nil {
		fmt.Fprintf(p.out, "  balance  %s\n", between(s.Before, s.After))
	}
}

// outcome says how a step ended: outcomes are the ledger's words.
func outcome(s *Step) string {
	if s.DeadLetter == nil {
		return strings.ReplaceAll(s.Outcome, "_", " ")
	}
	if s.DeadLetter.Topic == topics.DeadLetterPrefix {
		return "dead letter, whatever topic it is sent to"
	}
	return "dead letter, to " + s.DeadLetter.Topic
}

func (p printer) entries(entries []Entry) {
	if len(entries) == 0 {
		return
	}
	// What tabwriter and standard output cannot write, nobody reads.
	table := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "  ENTRY\tRULE\tPOINTS\tLOT\tEXPIRES\tWHY")
	for i := range entries {
		e := &entries[i]
		lot, expires := "", ""
		if e.Lot != nil {
			lot, expires = strconv.Itoa(int(e.Lot.Number)), "never"
			switch {
			case e.Lot.ExpiresAt != nil:
				expires = e.Lot.ExpiresAt.In(p.zone).Format(time.DateOnly)
			case e.Lot.ActiveAt == nil:
				expires = "" // not known before the order is completed
			}
		}
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\t%s\t%s\n", e.Kind, e.Rule, moved(e), lot, expires, e.Why)
	}
	_ = table.Flush()
}

// moved is what an entry does to the member's accounts: the points, and the accounts where it is not just available ones.
func moved(e *Entry) string {
	sums, order := map[string]int64{}, []string{}
	for _, x := range e.Postings {
		switch x.Account {
		case "pending", "available", "frozen", "debt":
			if _, known := sums[x.Account]; !known {
				order = append(order, x.Account)
			}
			sums[x.Account] += x.Points
		}
	}
	if len(order) == 0 {
		return "0"
	}
	if len(order) == 1 && order[0] == "available" {
		return signed(sums["available"])
	}
	parts := make([]string, len(order))
	for i, account := range order {
		n := sums[account]
		if account == "debt" {
			n = -n // debt is carried as negative points
		}
		parts[i] = account + " " + signed(n)
	}
	return strings.Join(parts, ", ")
}

// between says what changed of a balance, and the rest once.
func between(x, y *Balance) string {
	var parts []string
	add := func(name string, before, after int64, always bool) {
		switch {
		case before != after:
			parts = append(parts, fmt.Sprintf("%s %d → %d", name, before, after))
		case always || after != 0:
			parts = append(parts, fmt.Sprintf("%s %d", name, after))
		}
	}
	add("available", x.Available, y.Available, true)
	add("pending", x.Pending, y.Pending, false)
	add("frozen", x.Frozen, y.Frozen, false)
	add("debt", x.Debt, y.Debt, false)
	switch {
	case x.Tier != y.Tier:
		parts = append(parts, fmt.Sprintf("tier %s → %s", x.Tier, y.Tier))
	case y.Tier != "":
		parts = append(parts, "tier "+y.Tier)
	}
	return strings.Join(parts, ", ")
}
