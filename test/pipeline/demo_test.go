package pipeline_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jifen/internal/testkit"
)

// story is what `jifen demo -o json` prints last; its names are a contract.
type story struct {
	Events               *int           `json:"events"`
	OrdersPaid           *int           `json:"orders_paid"`
	MembersWithOrders    *int           `json:"members_with_orders"`
	PointsGranted        *int64         `json:"points_granted"`
	PointsReversed       *int64         `json:"points_reversed"`
	PointsExpired        *int64         `json:"points_expired"`
	PointsRedeemed       *int64         `json:"points_redeemed"`
	RefundLinesUnmatched *int           `json:"refund_lines_unmatched"`
	DeadLetters          map[string]int `json:"dead_letters"`
	SumLedger            *int64         `json:"sum_ledger"`
	SumRedis             *int64         `json:"sum_redis"`
	SumClickHouse        *int64         `json:"sum_clickhouse"`
	AuditDifferences     *int           `json:"audit_differences"`
	CouponsIssued        *int           `json:"coupons_issued"`
	CouponsDelivered     *int           `json:"coupons_delivered"`
	CouponsNotVerified   *int           `json:"coupons_not_verified"`
	MembersWithCoupons   *int           `json:"members_with_coupons"`
	MembersCrossed       *int           `json:"members_crossed"`
	Redemptions          []struct {
		Status int   `json:"status"`
		Points int64 `json:"points"`
	} `json:"redemptions"`
}

// demo runs `jifen demo --once -o json` and reads the last line of its stdout.
func demo(t *testing.T, args ...string) (story, string) {
	t.Helper()
	testkit.Require(t, "redis-server")
	testkit.Engine(t) // downloads it, or says that it cannot
	cmd := exec.CommandContext(t.Context(), testkit.Binary(t), append([]string{"demo", "--once", "-o", "json"}, args...)...)
	var faults strings.Builder
	cmd.Stderr = &faults
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("demo: %v\n%s%s", err, out, faults.String())
	}
	lines := strings.Split(strings.TrimRight(string(out), "\n"), "\n")
	var s story
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &s); err != nil {
		t.Fatalf("last line: %v: %s", err, lines[len(lines)-1])
	}
	return s, faults.String()
}

// is compares figures that must be there.
func is[N int | int64](t *testing.T, what string, got *N, want N) {
	t.Helper()
	if got == nil {
		t.Errorf("%s is missing", what)
	} else if *got != want {
		t.Errorf("%s is %d, want %d", what, *got, want)
	}
}

// TestDemoGivesTheContractFigures compares with an independent computation over the same file.
func TestDemoGivesTheContractFigures(t *testing.T) {
	s, _ := demo(t)
	is(t, "orders_paid", s.OrdersPaid, 531)
	is(t, "members_with_orders", s.MembersWithOrders, 396)
	is(t, "points_granted", s.PointsGranted, 197332)
	is(t, "points_reversed", s.PointsReversed, 619)
	is(t, "refund_lines_unmatched", s.RefundLinesUnmatched, 122)
	is(t, "audit_differences", s.AuditDifferences, 0)
	sum := *s.PointsGranted - *s.PointsReversed - *s.PointsExpired - *s.PointsRedeemed
	is(t, "sum_ledger", s.SumLedger, sum)
	is(t, "sum_redis", s.SumRedis, sum)
	is(t, "sum_clickhouse", s.SumClickHouse, sum)
	equal(t, "dead letters", s.DeadLetters, map[string]int{})
	var redeemed int64
	for _, r := range s.Redemptions {
		equal(t, "redemption's status", r.Status, 201)
		redeemed += r.Points
	}
	equal(t, "redemptions", len(s.Redemptions), 3)
	is(t, "points_redeemed", s.PointsRedeemed, redeemed)
}

// TestDemoOfTheFullBook: the same orders under tiers that multiply and a milestone. Whoever crosses it, by the postings
// alone, has exactly one coupon, delivered to a receiver that verifies.
func TestDemoOfTheFullBook(t *testing.T) {
	s, _ := demo(t, "--rulebook", "retail-full")
	is(t, "orders_paid", s.OrdersPaid, 531)
	is(t, "members_with_orders", s.MembersWithOrders, 396)
	is(t, "audit_differences", s.AuditDifferences, 0)
	is(t, "members_crossed", s.MembersCrossed, 3)
	is(t, "members_with_coupons", s.MembersWithCoupons, 3)
	is(t, "coupons_issued", s.CouponsIssued, 3)
	is(t, "coupons_delivered", s.CouponsDelivered, 3)
	is(t, "coupons_not_verified", s.CouponsNotVerified, 0)
	equal(t, "dead letters", s.DeadLetters, map[string]int{})
}

// TestDemoOnOwnHistory runs a history whose balances were computed by hand, with its own rulebook and clock.
func TestDemoOnOwnHistory(t *testing.T) {
	events, want, letters := ownHistory()
	dir := t.TempDir()
	file, balances := filepath.Join(dir, "events.jsonl"), filepath.Join(dir, "balances.csv")
	if err := os.WriteFile(file, []byte(events.text()), 0o600); err != nil {
		t.Fatal(err)
	}
	s, _ := demo(t, "--events", file, "--rulebook", testdata(t, "book.yaml"), "--now", ownNow, "--balances", balances)
	got, err := os.ReadFile(balances)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "balances", string(got), csvOf(want, "ana", "ben", "cat", "dan", "eve", "fay", "hal", "ivy"))
	equal(t, "dead letters", s.DeadLetters, letters)
	is(t, "events", s.Events, len(events))
	is(t, "audit_differences", s.AuditDifferences, 0)
	is(t, "points_granted", s.PointsGranted, 565+179+105+9+50+20+290+30)
	is(t, "points_reversed", s.PointsReversed, 136+10)
	is(t, "points_expired", s.PointsExpired, 100)
	is(t, "sum_clickhouse", s.SumClickHouse, 1002)
	equal(t, "redemptions of its own", len(s.Redemptions), 0)
}

// TestDemoRefusesWhatItCannotReadBeforeItStartsAnything says what is wrong, in one place, and leaves nothing running.
func TestDemoRefusesWhatItCannotReadBeforeItStartsAnything(t *testing.T) {
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken.yaml")
	book, err := os.ReadFile(testdata(t, "book.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(broken, []byte(strings.Replace(string(book), "mode: step", "mode: stairs", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says []string
	}{
		{[]string{"--rulebook", broken}, 1, []string{"broken.yaml", "stairs"}},
		{[]string{"--events", filepath.Join(dir, "nowhere.jsonl")}, 1, []string{"nowhere.jsonl"}},
		{[]string{"--csv", "x.csv"}, 2, []string{"--csv and --map go together"}},
		{[]string{"-o", "xml"}, 2, []string{"json"}},
	} {
		cmd := exec.CommandContext(t.Context(), testkit.Binary(t), append([]string{"demo", "--once"}, c.args...)...)
		out, _ := cmd.CombinedOutput()
		equal(t, strings.Join(c.args, " "), cmd.ProcessState.ExitCode(), c.code)
		for _, word := range c.says {
			if !strings.Contains(string(out), word) {
				t.Errorf("%v does not say %q:\n%s", c.args, word, out)
			}
		}
		if slices.Contains(strings.Fields(string(out)), "starting") {
			t.Errorf("%v started something:\n%s", c.args, out)
		}
	}
}
