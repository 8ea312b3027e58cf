package httpapi

import (
	"cmp"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"jifen/topics"
)

var update = flag.Bool("update", false, "write docs/reference/errors.md")

// codes reads the codes out of the source, so that none is forgotten.
func codes(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "problems.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == 1 && strings.HasPrefix(v.Names[0].Name, "code") {
			if lit, ok := v.Values[0].(*ast.BasicLit); ok {
				code, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, code)
			}
		}
		return true
	})
	slices.SortFunc(all, func(x, y string) int { return cmp.Or(cmp.Compare(statusOf(x), statusOf(y)), cmp.Compare(x, y)) })
	return all
}

// refunds are how a refund can end.
func refunds() [][3]string {
	return [][3]string{
		{"applied", "of what the order has", "its points are taken back"},
		{"too_much", "of more than is kept of a line", "what is kept of the line is given back, the rest has no effect"},
		{"unknown_line", "of a line that the order does not have, whatever else it is", "its other lines are given back"},
		{"waiting", "of an order that the member does not have (yet): before its order, of an unknown order, of another member's", "it is applied when the order comes; what never comes is forgotten with the horizon"},
		{"duplicate", "one that came before, by event id or by return id", "nothing"},
		{"conflict", "one whose return id came before with other lines or amounts", "nothing; dead letter `CONFLICT`"},
		{"erased", "of an erased member", "nothing; dead letter `ERASED`"},
	}
}

// reasons are why a record became a dead letter, and what to do about it.
func reasons() [][3]string {
	return [][3]string{
		{string(topics.ReasonDecode), "neither JSON in UTF-8 nor a CloudEvent", "mend the producer, send the event again under the same id"},
		{string(topics.ReasonSchema), "a member or attribute is missing, has another type or another form than the schema's", "the same"},
		{string(topics.ReasonUnknownType), "the type is none of the topic's", "the same; a type of a newer version needs a newer jifen first"},
		{string(topics.ReasonRange), "an amount below 0 or above 10^12, more than 1,000 lines, another currency than the rulebook's", "the same"},
		{string(topics.ReasonUndelivered), "a coupon's event that the webhook's receiver did not take in `webhook.tries_max` tries (topic `dlq.points.coupons.v1`)", "repair the receiver, then `jifen replay dlq`"},
		{string(topics.ReasonOversize), "larger than 1 MiB", "split the order or leave out what nobody reads"},
		{string(topics.ReasonFuture), "further ahead of the program's clock than events.skew", "set the producer's clock right, send again"},
		{string(topics.ReasonTooOld), "older than events.late_after, and no backfill of a source in events.backfill_sources", "send it as a backfill: `jifen produce --backfill NAME`; or let people decide: `/v1/late-events`"},
		{string(topics.ReasonErased), "of a member who was erased before it came (topics `dlq.points.credits.v1`, `dlq.points.requests.v1`, or the shop's where owners evaluate); a return of an erased member's order takes nothing back", "find out why the shop still uses the id: it is not used again, and bringing the record back changes nothing"},
		{string(topics.ReasonConflict), "a refund whose id another refund of its order has, with other lines or amounts (topics `dlq.points.credits.v1`, `dlq.points.requests.v1`, or the shop's where owners evaluate); it takes nothing back", "if it is another return, send it under an id of its own; bringing the record back changes nothing"},
		{string(topics.ReasonSignature), "a share or a click whose token none of the keys in shares.keys signed, or that is another member's or product's", "if a key is missing, add it and bring the record back: `jifen replay dlq`; else look at who sends it"},
		{string(topics.ReasonRuleError), "the rule's arithmetic cannot be done, such as points beyond 64 bits, or its condition cannot be told", "look at the rule; the event is not credited by itself"},
	}
}

func TestDocsErrors(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Errors\n\nMade from the program: `go test ./internal/httpapi -run Docs -update`.\n\n## HTTP\n\n" +
		"Every error is `application/problem+json` (RFC 9457): `type` is `" + problemType + "<code>`, `code` is for programs and never\n" +
		"changes, `title` and `detail` are in the language of `Accept-Language` (Chinese unless English is preferred), `errors` lists\n" +
		"which parts of the input are wrong. A 503 has `Retry-After`. Refusals of a redemption are 409.\n\n" +
		"| status | code | title | what to do |\n|---|---|---|---|\n")
	for _, code := range codes(t) {
		text := textOf(code)
		fmt.Fprintf(&b, "| %d | `%s` | %s · %s | %s |\n", statusOf(code), code, text.titleEN, text.titleZH, text.detailEN)
	}
	b.WriteString("\n## Dead letters\n\nHeader `" + topics.HeaderReason + "` of the records in `dlq.*` ([topics.md](topics.md#dead-letters)):\n\n" +
		"| reason | the record is | what to do |\n|---|---|---|\n")
	for _, r := range reasons() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r[0], r[1], r[2])
	}
	b.WriteString("\n## Refunds\n\nHow a `shop.order.refunded.v1` ended is counted in `jifen_balances_outcomes_total{kind=\"shop.order.refunded.v1\"}`; " +
		"the entry of\nkind `REFUNDED` has what was given back by line, and what was asked where that is more.\n\n" +
		"| outcome | the refund is | what happens |\n|---|---|---|\n")
	for _, r := range refunds() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r[0], r[1], r[2])
	}
	const file = "../../docs/reference/errors.md"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != b.String() {
		t.Errorf("%s is not up to date: go test ./internal/httpapi -run Docs -update", file)
	}
}
