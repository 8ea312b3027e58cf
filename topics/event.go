package topics

import "time"

// The inbound event types (interfaces: "Events").
const (
	TypeOrderPaid        = "shop.order.paid.v1"
	TypeOrderCompleted   = "shop.order.completed.v1"
	TypeOrderRefunded    = "shop.order.refunded.v1"
	TypeShareCreated     = "shop.share.created.v1"
	TypeShareClicked     = "shop.share.clicked.v1"
	TypeReviewPublished  = "shop.review.published.v1"
	TypeReviewRemoved    = "shop.review.removed.v1"
	TypeRegistered       = "shop.member.registered.v1"
	TypeProfileCompleted = "shop.member.profile_completed.v1"
	TypeSurveyCompleted  = "shop.member.survey_completed.v1"
	TypeSignedIn         = "shop.member.signed_in.v1"
	TypeTierChanged      = "shop.member.tier_changed.v1"
	TypeMerged           = "shop.member.merged.v1"
	TypeErased           = "shop.member.erased.v1"
	TypeCouponUsed       = "shop.coupon.used.v1"
	TypeActivity         = "shop.activity.v1"
)

// Event is a decoded and checked CloudEvent: its attributes and the data of its type (unused fields are zero).
type Event struct {
	Source, ID, Type string
	Time             time.Time // when it happened
	Backfill         string    // extension attribute: the run's name
	Traceparent      string
	Data             Data
	Shared           Share // what an order's referral says, once its signature was verified; zero: nothing
}

// Data is the union of the inbound events' data; amounts are minor units.
type Data struct {
	Member         string            `json:"member"`
	Store          string            `json:"store,omitempty"`
	Channel        string            `json:"channel,omitempty"`
	Order          string            `json:"order,omitempty"`
	Refund         string            `json:"refund,omitempty"`
	Currency       string            `json:"currency,omitempty"`
	Lines          []Line            `json:"lines,omitempty"`
	Freight        int64             `json:"freight,omitempty"`
	Tax            int64             `json:"tax,omitempty"`
	PaidWithPoints int64             `json:"paid_with_points,omitempty"`
	Referral       string            `json:"referral,omitempty"`
	Product        string            `json:"product,omitempty"`
	Platform       string            `json:"platform,omitempty"`
	Token          string            `json:"token,omitempty"`
	Visitor        string            `json:"visitor,omitempty"`
	Review         string            `json:"review,omitempty"`
	Line           string            `json:"line,omitempty"`
	SKU            string            `json:"sku,omitempty"`
	Rating         int64             `json:"rating,omitempty"`
	Length         int64             `json:"length,omitempty"`
	Pictures       int64             `json:"pictures,omitempty"`
	Survey         string            `json:"survey,omitempty"`
	Tier           string            `json:"tier,omitempty"`
	Device         string            `json:"device,omitempty"`
	AddressHash    string            `json:"address_hash,omitempty"`
	From           string            `json:"from,omitempty"`
	Coupon         string            `json:"coupon,omitempty"`
	Activity       string            `json:"activity,omitempty"`
	Quantity       int64             `json:"quantity,omitempty"`
	Amount         int64             `json:"amount,omitempty"`
	Attributes     map[string]string `json:"attributes,omitempty"`
}

// Line is a line of an order, or what is given back of it (then only Line and Net count).
type Line struct {
	Line     string   `json:"line"`
	SKU      string   `json:"sku,omitempty"`
	Category string   `json:"category,omitempty"`
	Tags     []string `json:"tags,omitempty"`
	Quantity int64    `json:"quantity,omitempty"`
	Net      int64    `json:"net"`
}

// Reason is why a record became a dead letter.
type Reason string

// The reasons of dead letters (libraries: conventions, 4).
const (
	ReasonDecode      Reason = "DECODE"
	ReasonSchema      Reason = "SCHEMA"
	ReasonUnknownType Reason = "UNKNOWN_TYPE"
	ReasonRange       Reason = "RANGE"
	ReasonTooOld      Reason = "TOO_OLD"
	ReasonFuture      Reason = "FUTURE"
	ReasonSignature   Reason = "SIGNATURE"
	ReasonRuleError   Reason = "RULE_ERROR"
	ReasonOversize    Reason = "OVERSIZE"
	ReasonUndelivered Reason = "UNDELIVERED"
	ReasonErased      Reason = "ERASED"
	ReasonConflict    Reason = "CONFLICT"
)

// Reject is a record that can never work: it becomes a dead letter with a reason and a sentence.
type Reject struct {
	Reason  Reason
	Message string
}

func (r *Reject) Error() string { return string(r.Reason) + ": " + r.Message }

// Header is a record header, free of any client library.
type Header struct {
	Key   string
	Value []byte
}

// Record is a Kafka record, free of any client library.
type Record struct {
	Topic      string
	Partition  int32
	Offset     int64
	Key, Value []byte
	Headers    []Header
}
