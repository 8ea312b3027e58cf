package analytics

import (
	cmp2 "cmp"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"pgregory.net/rapid"

	"jifen/topics/pointspb"
)

// fill sets every field of a message to something drawn, so that a field whose number moved is seen.
func fill(t *rapid.T, m protoreflect.Message) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		switch {
		case f.IsList() && f.Message() != nil:
			list := m.Mutable(f).List()
			for range rapid.IntRange(0, 3).Draw(t, "n") {
				fill(t, list.AppendMutable().Message())
			}
		case f.IsList():
			list := m.Mutable(f).List()
			for range rapid.IntRange(0, 3).Draw(t, "n") {
				list.Append(scalar(t, f))
			}
		case f.Message() != nil:
			if rapid.Bool().Draw(t, "there") {
				fill(t, m.Mutable(f).Message())
			}
		default:
			m.Set(f, scalar(t, f))
		}
	}
}

func scalar(t *rapid.T, f protoreflect.FieldDescriptor) protoreflect.Value {
	switch f.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(rapid.StringN(0, 10, 40).Draw(t, "text"))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes(rapid.SliceOfN(rapid.Byte(), 0, 16).Draw(t, "bytes"))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(rapid.Bool().Draw(t, "bool"))
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(rapid.Int32Range(0, 9).Draw(t, "enum")))
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(rapid.Int32().Draw(t, "int32"))
	case protoreflect.Uint32Kind:
		return protoreflect.ValueOfUint32(rapid.Uint32().Draw(t, "uint32"))
	case protoreflect.Uint64Kind:
		return protoreflect.ValueOfUint64(rapid.Uint64().Draw(t, "uint64"))
	default:
		return protoreflect.ValueOfInt64(rapid.Int64Range(-1e15, 1e15).Draw(t, "int64"))
	}
}

func TestViewSeesWhatTheEntrySays(t *testing.T) {
	var v entryView // used again for every entry, as the feed does
	rapid.Check(t, func(t *rapid.T) {
		e := new(pointspb.Entry)
		fill(t, e.ProtoReflect())
		record, err := proto.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if err := v.read(record); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(viewOf(e), v, cmp.AllowUnexported(entryView{}, postingView{}, causeView{}, arithmeticView{}, ratioView{}, budgetView{}), cmp.Transformer("nil", func(b []byte) string { return string(b) }), cmp.Transformer("postings", func(p []postingView) []postingView { return append([]postingView{}, p...) }), cmp.Transformer("none", func(s []string) []string { return append([]string{}, s...) })); diff != "" {
			t.Fatalf("(-entry +view):\n%s", diff)
		}
		if j := appendArithmetic(nil, &v.arithmetic, v.budget.campaign); !json.Valid(j) {
			t.Fatalf("not JSON: %s", j)
		}
		if j := appendPostings(nil, v.postings); len(v.postings) > 0 && !json.Valid(j) {
			t.Fatalf("not JSON: %s", j)
		}
		if len(record) > 0 && v.read(record[:len(record)-1]) == nil {
			t.Fatal("a record that was cut is read")
		}
	})
}

// TestShortFieldsAreReadAsAnyOther wherever a message begins and is cut, and whatever bytes it is.
func TestShortFieldsAreReadAsAnyOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.SliceOfN(rapid.OneOf(rapid.ByteRange(0, 40), rapid.Byte()), 0, 60).Draw(t, "message")
		for from := range m {
			for to := from; to <= len(m); to++ {
				cut := m[from:to:to]
				number, x, b, rest := next(cut)
				longNumber, longX, longB, longRest := long(cut)
				if number != longNumber || x != longX || string(b) != string(longB) || string(rest) != string(longRest) {
					t.Fatalf("% x: %d %d % x % x, want %d %d % x % x", cut, number, x, b, rest, longNumber, longX, longB, longRest)
				}
			}
		}
	})
}

// viewOf is the view of e by way of the generated type.
func viewOf(e *pointspb.Entry) entryView {
	v := entryView{
		account: e.GetAccount(), rule: e.GetRule(), version: e.GetVersion(), seq: e.GetSeq(), kind: e.GetKind(),
		effective: e.GetEffectiveAt(), recorded: e.GetRecordedAt(), id: e.GetId(),
		lot: uint64(e.GetLot().GetNumber()), active: e.GetLot().GetActiveAt(), expires: e.GetLot().GetExpiresAt(),
		order: e.GetOrder().GetOrder(), completed: e.GetCompleted(), orderKey: e.GetOrderKey(), refundOrder: e.GetRefund().GetOrder(), refund: cmp2.Or(e.GetReturn().GetId(), e.GetRefund().GetRefund()),
		tierFrom: e.GetTier().GetFrom(), tierTo: e.GetTier().GetTo(),
		redemption: e.GetRedemption().GetId(), under: cmp2.Or(e.GetRedemption().GetCampaign(), e.GetRedemption().GetRebateCampaign()), item: e.GetRedemption().GetItem(), quantity: e.GetRedemption().GetQuantity(), outcome: cmp2.Or(e.GetReturn().GetOutcome(), e.GetAct().GetOutcome(), e.GetRedemption().GetOutcome()),
		act: e.GetAct().GetId(), actOf: e.GetAct().GetOf(), reason: e.GetAct().GetReason(),
	}
	c, a := e.GetCause(), e.GetArithmetic()
	v.cause = causeView{c.GetSource(), c.GetId(), c.GetType(), c.GetBackfill(), c.GetStore(), c.GetChannel(), c.GetOccurredAt()}
	v.arithmetic = arithmeticView{
		there: a != nil, mode: a.GetMode(), tier: a.GetTier(), points: a.GetPoints(), per: a.GetPer(), eligible: a.GetEligible(), quantity: a.GetQuantity(),
		desired: a.GetDesired(), awarded: a.GetAwarded(), kept: a.GetKeptPoints(), takenBefore: a.GetReversedBefore(), lot: int64(a.GetLot()), before: a.GetBefore(),
		tierMultiplier: ratioView{a.GetTierMultiplier().GetNum(), a.GetTierMultiplier().GetDen()},
		campaign:       ratioView{a.GetCampaign().GetNum(), a.GetCampaign().GetDen()}, campaigns: a.GetCampaigns(), holdout: a.GetHoldout(),
		bound: a.GetBound(), left: a.GetLeft(), less: ratioView{a.GetLess().GetNum(), a.GetLess().GetDen()},
	}
	v.budget = budgetView{e.GetBudget().GetCampaign(), e.GetBudget().GetDesired(), e.GetBudget().GetAwarded()}
	for _, p := range e.GetPostings() {
		v.sums[p.GetAccount()] += p.GetPoints()
		if e.GetKind() != pointspb.Kind_GRANTED {
			v.postings = append(v.postings, postingView{uint64(p.GetAccount()), uint64(p.GetLot()), p.GetPoints()}) //nolint:gosec // an account
		}
	}
	for _, line := range e.GetOrder().GetLines() {
		v.orderNet += line.GetNet()
	}
	return v
}
