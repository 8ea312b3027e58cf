package topics

import (
	"encoding/json"
	"fmt"
	"time"
)

// The types of points.coupons.v1.
const (
	TypeCouponIssued  = "coupon.issued.v1"
	TypeCouponRevoked = "coupon.revoked.v1"
)

// couponSource is the ce_source of what milestones lead to.
const couponSource = "/jifen/milestones"

// CouponEvent is what marketing is told of a coupon (R34). Its id follows from the coupon: however often it is told, it is
// the same.
type CouponEvent struct {
	Type string
	Time time.Time // of what crossed, or of the return
	Data CouponData
}

// CouponData is the data of a CouponEvent.
type CouponData struct {
	Member    string `json:"member"`
	Coupon    string `json:"coupon"`
	Milestone string `json:"milestone"`
	Template  string `json:"template"`
	Period    string `json:"period"` // 2026, 2026-Q2, 2026-06 or ever
	Number    uint32 `json:"number"` // of the period's coupons
	Threshold int64  `json:"threshold"`
	Available int64  `json:"available,omitempty"` // once it was crossed
	Order     string `json:"order,omitempty"`     // that crossed, or was returned, as the shop names it
}

type couponEnvelope struct {
	SpecVersion     string     `json:"specversion"`
	ID              string     `json:"id"`
	Source          string     `json:"source"`
	Type            string     `json:"type"`
	Subject         string     `json:"subject"`
	Time            string     `json:"time"`
	DataContentType string     `json:"datacontenttype"`
	Data            CouponData `json:"data"`
}

// ID is the identity of the event.
func (e *CouponEvent) ID() string {
	if e.Type == TypeCouponRevoked {
		return e.Data.Coupon + "-revoked"
	}
	return e.Data.Coupon + "-issued"
}

// Encode writes the event as a CloudEvent in structured mode, keyed by its member.
func (e *CouponEvent) Encode() (Record, error) {
	value, err := json.Marshal(couponEnvelope{
		SpecVersion: specVersion, ID: e.ID(), Source: couponSource, Type: e.Type, Subject: e.Data.Coupon,
		Time: e.Time.UTC().Format(time.RFC3339Nano), DataContentType: jsonContent, Data: e.Data,
	})
	if err != nil {
		return Record{}, fmt.Errorf("encode %s: %w", e.ID(), err)
	}
	return Record{Topic: Coupons, Partition: -1, Key: []byte(e.Data.Member), Value: value, Headers: []Header{StructuredHeader()}}, nil
}

// DecodeCoupon reads what Encode wrote.
func DecodeCoupon(value []byte) (*CouponEvent, *Reject) {
	var c couponEnvelope
	if err := json.Unmarshal(value, &c); err != nil {
		return nil, &Reject{ReasonDecode, "the value is no JSON of a coupon's event"}
	}
	at, err := time.Parse(time.RFC3339Nano, c.Time)
	e := &CouponEvent{Type: c.Type, Time: at, Data: c.Data}
	if c.Type != TypeCouponIssued && c.Type != TypeCouponRevoked {
		return nil, &Reject{ReasonUnknownType, "the type is none of a coupon's"}
	}
	if err != nil || c.Data.Coupon == "" || c.ID != e.ID() {
		return nil, &Reject{ReasonSchema, "id, time or coupon are not as a coupon's event has them"}
	}
	return e, nil
}
