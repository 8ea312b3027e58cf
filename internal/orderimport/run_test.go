package orderimport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"jifen/topics"
)

const baseMap = `apiVersion: jifen/v1
kind: OrderImport
source: /s
currency: EUR
columns: {order: o, member: m, time: t, sku: s, quantity: q, unit_price: p}
time: {layout: "2006-01-02 15:04", zone: Europe/Berlin}
refund: {when: {order_prefix: C}, match: latest}
`

func mapOf(t testing.TB, yaml string) Map {
	t.Helper()
	m, err := ParseMap("map.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// brief writes events as lines such as "paid O1 m1 1:A×2=500".
func brief(events []topics.Event) string {
	var b strings.Builder
	for _, e := range events {
		if e.Type == topics.TypeOrderPaid {
			fmt.Fprintf(&b, "paid %s %s", e.Data.Order, e.Data.Member)
		} else {
			fmt.Fprintf(&b, "refunded %s of %s %s", e.Data.Refund, e.Data.Order, e.Data.Member)
		}
		for _, l := range e.Data.Lines {
			fmt.Fprintf(&b, " %s", l.Line)
			if e.Type == topics.TypeOrderPaid {
				fmt.Fprintf(&b, ":%s×%d", l.SKU, l.Quantity)
			}
			fmt.Fprintf(&b, "=%d", l.Net)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func expect(t *testing.T, m Map, csv, want string) Summary {
	t.Helper()
	events, summary := runAll(t, Options{CSV: strings.NewReader(csv), Map: m, Backfill: "r"})
	if got := brief(events); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	return summary
}

func TestRefundTakesTheMostRecentEarlierLinesAsFarAsTheyLast(t *testing.T) {
	s := expect(t, mapOf(t, baseMap), `o,m,t,s,q,p
C1,m1,2024-01-05 10:00,A,-5,9.99
O1,m1,2024-01-01 10:00,A,3,1.00
O2,m1,2024-01-02 10:00,A,4,2.00
O1,m1,2024-01-01 10:00,B,1,5.00
O3,m1,2024-01-06 10:00,A,9,3.00
O4,m2,2024-01-02 10:00,A,9,3.00
C2,m1,2024-01-05 11:00,A,-4,1
C3,m3,2024-01-05 11:00,A,-1,1
C4,,2024-01-05 11:00,A,-1,1
O5,m1,2024-01-07 10:00,Z,1,1
C5,m1,2024-01-07 10:00,Z,-1,1
`, `paid O1 m1 1:A×3=300 2:B×1=500
paid O2 m1 1:A×4=800
paid O4 m2 1:A×9=2700
refunded C1:O2 of O2 m1 1=800
refunded C1:O1 of O1 m1 1=100
refunded C2:O1 of O1 m1 1=200
paid O3 m1 1:A×9=2700
paid O5 m1 1:Z×1=100
refunded C5:O5 of O5 m1 1=100
`)
	if s.RefundOrders != 5 || s.RefundLinesMatched != 2 || s.RefundLinesUnmatched != 2 || s.RefundLinesPartlyMatched != 1 || s.RefundLinesWithoutMember != 1 {
		t.Errorf("%+v", s)
	}
}

func TestRefundByID(t *testing.T) {
	m := mapOf(t, strings.Replace(baseMap, "latest", "by_id", 1))
	expect(t, m, `o,m,t,s,q,p
O1,m1,2024-01-01 10:00,A,3,1.00
O2,m1,2024-01-02 10:00,A,4,2.00
CO1,,2024-01-03 10:00,A,-2,1.00
CO9,m1,2024-01-03 10:00,A,-2,1.00
`, `paid O1 m1 1:A×3=300
paid O2 m1 1:A×4=800
refunded CO1:O1 of O1 m1 1=200
`)
	m = mapOf(t, strings.Replace(baseMap, "{order_prefix: C}, match: latest", "{negative: quantity}, match: by_id", 1))
	expect(t, m, `o,m,t,s,q,p
O1,m1,2024-01-01 10:00,A,3,1.00
O1,m1,2024-01-03 10:00,A,-2,1.00
`, `paid O1 m1 1:A×3=300
refunded O1:O1 of O1 m1 1=200
`)
}

func TestRowsThatAreLeftOutRejectedOrRounded(t *testing.T) {
	var rejects bytes.Buffer
	events, s := runAll(t, Options{Map: mapOf(t, baseMap), Rejects: &rejects, CSV: strings.NewReader("\ufeff" + `o,m,t,s,q,p
O1,m1,2024-01-01 10:00,A,3,7.400000000000001
O1,m1,2024-01-01 10:00,A,0,1
O1,m1,2024-01-01 10:00,A,-1,1
O1,m1,2024-01-01 10:00,A,1,0
O1,m2,2024-01-01 10:00,A,1,1
O1,m1,2024-01-01,A,1,1
O1,m1,2024-01-01 10:00,A,one,1
O1,m1,2024-01-01 10:00,A,1,"1,50"
O1,m1,2024-01-01 10:00,A,1
,m1,2024-01-01 10:00,A,1,1
O2,,2024-01-01 10:00,"A ""x""
B",1,1
O3,,2024-01-01 10:00,A,1,1
O4,m1,2024-01-01 10:00,A,1000000000001,100
O5,m1,2024-01-01 10:00,A,1,0.004
`)})
	if got, want := brief(events), "paid O1 m1 1:A×3=2220\n"; got != want {
		t.Errorf("got %s want %s", got, want)
	}
	if s.LinesLeftOut != 3 || s.AmountsRounded != 2 || s.OrdersWithoutMember != 1 || s.Rows != 14 {
		t.Errorf("%+v", s)
	}
	wantRejects := `line,reason,message,row
6,member_differs,is another than in the order's rows before,O1|m2|2024-01-01 10:00|A|1|1
7,time,is not as the layout says,O1|m1|2024-01-01|A|1|1
8,quantity,is not a number,O1|m1|2024-01-01 10:00|A|one|1
9,unit_price,is not a number,"O1|m1|2024-01-01 10:00|A|1|1,50"
10,columns,5 columns,O1|m1|2024-01-01 10:00|A|1
11,order,is missing,|m1|2024-01-01 10:00|A|1|1
12,text,"sku, store, channel and category must be up to 128 printable characters","O2||2024-01-01 10:00|A ""x""
B|1|1"
15,quantity,is too large or has more than six decimals,O1|
`
	wantRejects = strings.Replace(wantRejects, "O1|\n", "O4|m1|2024-01-01 10:00|A|1000000000001|100\n", 1)
	if got := rejects.String(); got != wantRejects {
		t.Errorf("got\n%s\nwant\n%s", got, wantRejects)
	}
}

// TestBlanksWithoutHeaderOrOrderIDs reads a file as CDNOW's: member, day, number of pieces, amount.
func TestBlanksWithoutHeaderOrOrderIDs(t *testing.T) {
	m := mapOf(t, `apiVersion: jifen/v1
kind: OrderImport
source: /cdnow
currency: USD
file: {delimiter: blanks, header: false}
columns: {member: 1, time: 2, quantity: 3, amount: 4}
time: {layout: "20060102", zone: America/New_York}
`)
	file := " 00001 19970101  1   11.77\r\n 00002 19970112  5   77.005\n\n 00002 19970112  5   77.005\n 00003 19970112 1 0.00\n"
	events, s := runAll(t, Options{CSV: strings.NewReader(file), Map: m})
	again, _ := runAll(t, Options{CSV: strings.NewReader(file), Map: m})
	if len(events) != 3 || events[1].Data.Order == events[2].Data.Order || events[1].Data.Lines[0].Net != 7701 || s.LinesLeftOut != 1 || s.AmountsRounded != 2 {
		t.Fatalf("%s %+v", brief(events), s)
	}
	for i := range events {
		if again[i].ID != events[i].ID || again[i].Backfill != events[i].Backfill {
			t.Errorf("%s is another at the second time", events[i].ID)
		}
	}
	other, _ := runAll(t, Options{CSV: strings.NewReader(" 00001 19970101  1   11.78\n"), Map: m})
	if other[0].ID == events[0].ID || other[0].Backfill == events[0].Backfill {
		t.Error("another file has the same ids")
	}
}

func TestRefundsByAmountOfAFileWithoutQuantities(t *testing.T) {
	m := mapOf(t, `apiVersion: jifen/v1
kind: OrderImport
source: /s
currency: JPY
file: {delimiter: ";", encoding: windows-1252}
columns: {order: o, member: m, time: t, amount: a, store: st}
time: {layout: "2006-01-02", zone: Asia/Tokyo}
refund: {when: {negative: amount}}
`)
	expect(t, m, "o;m;t;a;st\nO1;m\xfcller;2024-01-01;500;x\nR1;m\xfcller;2024-01-02;-200;x\nR2;m\xfcller;2024-01-03;-400;x\n",
		"paid O1 müller 1:×1=500\nrefunded R1:O1 of O1 müller 1=200\nrefunded R2:O1 of O1 müller 1=300\n")
}

// TestPartialRefundsAddUpToTheLine: 3 × 0.125 is 38 after rounding, and the three refunds of one give back 38.
func TestPartialRefundsAddUpToTheLine(t *testing.T) {
	expect(t, mapOf(t, baseMap), `o,m,t,s,q,p
O1,m1,2024-01-01 10:00,A,3,0.125
C1,m1,2024-01-02 10:00,A,-1,0.125
C2,m1,2024-01-03 10:00,A,-1,0.125
C3,m1,2024-01-04 10:00,A,-1,0.125
`, `paid O1 m1 1:A×3=38
refunded C1:O1 of O1 m1 1=13
refunded C2:O1 of O1 m1 1=12
refunded C3:O1 of O1 m1 1=13
`)
}

func TestErrorsOfTheSinkAndTheFileEndTheRun(t *testing.T) {
	full := errors.New("full")
	opt := Options{CSV: strings.NewReader("o,m,t,s,q,p\nO1,m1,2024-01-01 10:00,A,3,1\n"), Map: mapOf(t, baseMap), Emit: func([]topics.Event) error { return full }}
	if _, err := Run(context.Background(), opt); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
	opt.CSV = strings.NewReader("order,m,t,s,q,p\n")
	if _, err := Run(context.Background(), opt); err == nil || !strings.Contains(err.Error(), `no column "o"`) {
		t.Errorf("got %v", err)
	}
	opt.CSV = strings.NewReader("")
	if _, err := Run(context.Background(), opt); err == nil {
		t.Error("an empty file has no header")
	}
}

func FuzzImport(f *testing.F) {
	f.Add("o,m,t,s,q,p\nO1,m1,2024-01-01 10:00,A,3,1.5\nC1,m1,2024-01-02 10:00,A,-1,1\n")
	f.Add("o,m,t,s,q,p\n\"O1,m1\n,,,,,\nO1,m,2024-01-01 10:00,,1e3,1e-3\n")
	m := mapOf(f, baseMap)
	f.Fuzz(func(t *testing.T, file string) {
		_, err := Run(context.Background(), Options{CSV: strings.NewReader(file), Map: m, Emit: func(batch []topics.Event) error {
			for i := range batch {
				r := topics.Encode(&batch[i])
				limits := topics.Limits{SkewMax: 1 << 62, BackfillSources: []string{topics.AnySource}}
				if _, rej := topics.Decode(&r, limits, batch[i].Time); rej != nil {
					t.Fatalf("%v: %+v", rej, batch[i])
				}
			}
			return nil
		}})
		_ = err // a file without the columns is an error, never a crash
	})
}
