package codes_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jifen/internal/codes"
	"jifen/internal/vault"
	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

func zone(t *testing.T) *time.Location {
	t.Helper()
	z, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

var now = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

func ring(t *testing.T) vault.Ring {
	t.Helper()
	r, err := vault.Parse(vault.Generate("k"))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAFileIsReadAsItsAuthorMeansIt(t *testing.T) {
	f := codes.Read([]byte("\ufeffcode, expires\r\nA-1\r\n\r\n  B-2 ,2026-06-30\n\"C,3\",\nD 4,2026-07-01T00:00:00Z\n"), zone(t), now)
	last := time.Date(2026, 6, 30, 16, 0, 0, 0, time.UTC).UnixMilli() // midnight after the last day, in Shanghai
	want := []codes.Code{{Text: "A-1"}, {Text: "B-2", ExpiresAt: last}, {Text: "C,3"}, {Text: "D 4", ExpiresAt: time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC).UnixMilli()}}
	if d := cmp.Diff(f.Codes, want); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
	if faults := f.Faults(nil); len(faults) != 0 {
		t.Errorf("faults %+v", faults)
	}
}

func TestEveryBadLineIsNamed(t *testing.T) {
	text := strings.Join([]string{
		"GOOD", "a,b,c", "\"open", strings.Repeat("x", 257), "tab\there", "GOOD", "E,tomorrow", "F,2026-05-31", "G,2026-06-01", "\xff", "POOL", ",2026-07-01", "GOOD,2027-01-01",
	}, "\n")
	f := codes.Read([]byte(text), zone(t), now)
	want := []codes.Fault{
		{2, codes.BadLine, 0},
		{3, codes.BadLine, 0},
		{4, codes.BadCode, 0},
		{5, codes.BadCode, 0},
		{6, codes.InFile, 1},
		{7, codes.BadExpiry, 0},
		{8, codes.Expired, 0},
		{10, codes.BadLine, 0},
		{11, codes.InPool, 0},
		{12, codes.BadCode, 0},
		{13, codes.InFile, 1},
	}
	if d := cmp.Diff(f.Faults(map[string]bool{"POOL": true, "OTHER": true}), want); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
	if got := codes.Read(nil, zone(t), now).Faults(nil); len(got) != 1 || got[0].Problem != codes.NothingYet {
		t.Errorf("an empty file: %+v", got)
	}
}

func TestAFileOfTooManyCodesIsRefused(t *testing.T) {
	var b strings.Builder
	for n := range ledger.CodesMost {
		fmt.Fprintf(&b, "CODE-%015d\n", n)
	}
	f := codes.Read([]byte(b.String()), zone(t), now)
	if got := f.Faults(nil); len(got) != 0 {
		t.Fatalf("the most that there may be: %+v", got[0])
	}
	if _, err := codes.Seal(ring(t), "card", 0, f.Codes); err != nil {
		t.Errorf("20,000 codes of 20 characters do not fit: %v", err)
	}
	b.WriteString("ONE-MORE\nTWO-MORE\n")
	if got := codes.Read([]byte(b.String()), zone(t), now).Faults(nil); len(got) != 1 || got[0] != (codes.Fault{Line: ledger.CodesMost + 1, Problem: codes.TooMany}) {
		t.Errorf("one too many: %+v", got)
	}
	for i := range f.Codes {
		f.Codes[i].Text += strings.Repeat("x", 60)
	}
	if _, err := codes.Seal(ring(t), "card", 0, f.Codes); !errors.Is(err, codes.ErrTooLarge) {
		t.Errorf("20,000 codes of 80 characters: %v", err)
	}
}

func TestWhatIsSealedCanBeLoadedAndOpensInItsPlaceOnly(t *testing.T) {
	keys := ring(t)
	var all []codes.Code
	for n := range 1200 {
		c := codes.Code{Text: fmt.Sprint("CODE ", n)}
		if n%2 == 1 {
			c.ExpiresAt = now.Add(time.Hour).UnixMilli()
		}
		all = append(all, c)
	}
	w := ledger.NewWorld()
	moment := ledger.Moment{Now: now.UnixMilli(), Books: topics.NewBooks()}
	ask := func(id string, r *pointspb.Request) {
		t.Helper()
		r.Account, r.Id = "item:card", id
		if d, err := ledger.Handle(w, r, moment); err != nil || d.Outcome != ledger.Applied {
			t.Fatalf("%s: %v, %v", id, d, err)
		}
	}
	ask("set", &pointspb.Request{What: &pointspb.Request_Item{Item: &pointspb.ItemRequest{Definition: &pointspb.ItemDefinition{Id: "card", Fulfilment: ledger.FulfilCodes}}}})
	for id, part := range [][]codes.Code{all[:730], all[730:]} {
		q, err := codes.Seal(keys, "card", w.Items["card"].Pool.Last, part)
		if err != nil {
			t.Fatal(err)
		}
		ask(fmt.Sprint("load", id), &pointspb.Request{What: &pointspb.Request_Codes{Codes: q}})
	}
	seen := map[string]bool{}
	for number := int64(1); number <= 1200; number++ {
		b := w.Codes[ledger.ChunkOf("card", number)].Block(number)
		opened, err := codes.Open(keys, "card", b)
		if err != nil {
			t.Fatal(err)
		}
		c := opened[number-b.First]
		seen[c.Text] = true
		if even := c.ExpiresAt == 0; even != (number <= 365 || number > 730 && number <= 965) {
			t.Fatalf("code %d expires at %d", number, c.ExpiresAt)
		}
	}
	if len(seen) != 1200 {
		t.Errorf("%d codes came back", len(seen))
	}
	b := *w.Codes[ledger.ChunkOf("card", 1)].Block(1)
	moved := b
	moved.First++
	for name, open := range map[string]func() error{
		"another item":    func() error { _, err := codes.Open(keys, "mug", &b); return err },
		"other numbers":   func() error { _, err := codes.Open(keys, "card", &moved); return err },
		"another's vault": func() error { _, err := codes.Open(ring(t), "card", &b); return err },
		"no vault":        func() error { _, err := codes.Open(nil, "card", &b); return err },
	} {
		if err := open(); err == nil || strings.Contains(err.Error(), "CODE") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
