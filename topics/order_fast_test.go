package topics

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func fastTypes() []string { return []string{TypeOrderPaid, TypeOrderCompleted, TypeOrderRefunded} }

// checkFast fails unless the fast path says "I do not know" or what the library path says.
func checkFast(t interface{ Fatalf(string, ...any) }, typ, data string) (known bool) {
	k, _ := kindOf(typ)
	var fast, slow Data
	known = fastOrder(data, k.fast, &fast)
	used := Data{Lines: []Line{{SKU: "old", Quantity: 9, Tags: []string{"a", "b", "c"}}, {Tags: []string{"d"}}}[:1:2]}
	if again := fastOrder(data, k.fast, &used); again != known || known && !reflect.DeepEqual(used, fast) && len(fast.Lines) > 0 {
		t.Fatalf("%s: in used room %t and %+v, else %t and %+v: %s", typ, again, used, known, fast, data)
	}
	if !known {
		return false
	}
	if rej := k.decode([]byte(data), &slow); rej != nil {
		t.Fatalf("%s: the fast path takes what the library refuses (%v): %s", typ, rej, data)
	}
	if !reflect.DeepEqual(fast, slow) {
		t.Fatalf("%s: %s\nfast    %+v\nlibrary %+v", typ, data, fast, slow)
	}
	return true
}

func FuzzFastOrderEqualsLibrary(f *testing.F) {
	for _, data := range fastSeeds() {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data string) {
		for _, typ := range fastTypes() {
			checkFast(t, typ, data)
		}
	})
}

func fastSeeds() []string {
	return []string{
		order450,
		`{"order":"O1","member":"m1"}`,
		`{"order":"O1","member":"m1","refund":"R1","lines":[{"line":"1","net":5}]}`,
		` { "member" : "会员" , "order":"O", "currency":"CNY","lines" : [ {"net":0 , "line":"1","tags":[ ] }]}`,
		`{"order":"O1","member":"m1","currency":"CNY","lines":[{"line":"1","net":1},{"line":"1","net":01}]}`,
		`{"order":"O1","member":"m\"1","currency":"CNY","lines":[{"line":"1","net":1.0}],"tax":-1}`,
	}
}

func TestFastPathKnowsOrdinaryOrders(t *testing.T) {
	seeds := fastSeeds()
	for i, typ := range []string{TypeOrderPaid, TypeOrderCompleted, TypeOrderRefunded, TypeOrderPaid} {
		if !checkFast(t, typ, seeds[i]) {
			t.Errorf("%s: left to the library: %s", typ, seeds[i])
		}
	}
}

// TestFastOrderEqualsLibraryOnMutants changes single bytes of orders: each must be left to the library or read alike.
func TestFastOrderEqualsLibraryOnMutants(t *testing.T) {
	known := 0
	for n, seed := range fastSeeds() {
		for i := range len(seed) {
			for _, b := range []string{"", `"`, `\`, ",", ":", "{", "}", "[", "]", "0", "9", "-", ".", "e", "null", "\n", "\x00", "\x7f", "\xff", "é"} {
				for _, typ := range fastTypes() {
					if checkFast(t, typ, seed[:i]+b+seed[i+1:]) && n < 4 {
						known++
					}
				}
			}
		}
	}
	if known < 1000 {
		t.Fatalf("only %d mutants were known to the fast path", known)
	}
}

func TestFastOrderEqualsLibraryOnGeneratedOrders(t *testing.T) {
	known, all := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		e := Event{Type: rapid.SampledFrom(fastTypes()).Draw(t, "type"), Data: orderData(t)}
		switch e.Type {
		case TypeOrderCompleted:
			e.Data = Data{Member: e.Data.Member, Order: e.Data.Order, Store: e.Data.Store}
		case TypeOrderRefunded:
			e.Data = Data{Member: e.Data.Member, Order: e.Data.Order, Refund: "R", Lines: e.Data.Lines}
			for i, l := range e.Data.Lines {
				e.Data.Lines[i] = Line{Line: l.Line, Net: l.Net}
			}
		}
		all++
		if checkFast(t, e.Type, string(appendData(nil, &e))) {
			known++
		}
	})
	if known*2 < all {
		t.Fatalf("the fast path knew only %d of %d orders", known, all)
	}
}

func orderData(t *rapid.T) Data {
	id := rapid.OneOf(rapid.StringMatching(`[A-Za-z0-9-]{1,12}`), rapid.StringN(1, 40, 130), rapid.SampledFrom([]string{"会员", "é", strings.Repeat("字", 128)}))
	plain := rapid.StringMatching(`[A-Za-z0-9 -]{1,12}`)
	amount := rapid.OneOf(rapid.Int64Range(0, 100000), rapid.Int64Range(AmountMax-1, AmountMax+1), rapid.Just(int64(-1)))
	if rapid.IntRange(0, 9).Draw(t, "ordinary") > 1 {
		id, amount = plain, rapid.Int64Range(0, AmountMax)
	}
	d := Data{
		Member: id.Draw(t, "member"), Order: id.Draw(t, "order"), Currency: "CNY", Store: id.Draw(t, "store"),
		Freight: amount.Draw(t, "freight"),
	}
	for i := range rapid.IntRange(1, 20).Draw(t, "lines") {
		d.Lines = append(d.Lines, Line{
			Line: fmt.Sprint(i), SKU: id.Draw(t, "sku"), Tags: rapid.SliceOfN(plain, 0, 3).Draw(t, "tags"),
			Quantity: rapid.Int64Range(0, 9).Draw(t, "quantity"), Net: amount.Draw(t, "net"),
		})
	}
	return d
}

func TestIsPlainFindsEveryBadByteAnywhere(t *testing.T) {
	for n := range 20 {
		good := strings.Repeat("~ ", 10)[:n]
		if !isPlain(good) {
			t.Fatalf("%q is plain", good)
		}
		for i := range n {
			for b := range 256 {
				s := good[:i] + string([]byte{byte(b)}) + good[i+1:]
				if want := b >= 0x20 && b < 0x7f && b != '\\'; isPlain(s) != want {
					t.Fatalf("%q: want %t", s, want)
				}
			}
		}
	}
}
