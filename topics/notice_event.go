package topics

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// noticeSource is the ce_source of what members are told.
const noticeSource = "jifen"

// NoticeEvent is what a member is told, as points.notices.v1 has it (topics/schema/notice.json). Its id is that of the
// ledger's entry: however often it is told, it is the same.
type NoticeEvent struct {
	ID   string
	Kind string
	Time time.Time // the instant that the notice is of
	Data NoticeData
}

// NoticeData is the data of a NoticeEvent.
type NoticeData struct {
	Member     string `json:"member"`
	Points     int64  `json:"points"`
	Available  int64  `json:"available"`
	ExpiresAt  string `json:"expires_at,omitempty"`
	Days       int32  `json:"days,omitempty"`
	Tier       string `json:"tier"`
	ToTier     string `json:"to_tier,omitempty"`
	Metric     string `json:"metric,omitempty"`
	Missing    int64  `json:"missing,omitempty"`
	Freeze     string `json:"freeze,omitempty"`
	ReviewBy   string `json:"review_by,omitempty"`
	Redemption string `json:"redemption,omitempty"`
	Item       string `json:"item,omitempty"`
	ItemName   *Words `json:"item_name,omitempty"`
	Quantity   int64  `json:"quantity,omitempty"`
	Carrier    string `json:"carrier,omitempty"`
	Number     string `json:"number,omitempty"`
	Reason     string `json:"reason,omitempty"`
	Resolution string `json:"resolution,omitempty"`

	Bookings     []NoticeBooking `json:"bookings,omitempty"`     // redeemed
	Instructions *Words          `json:"instructions,omitempty"` // redeemed

	CodesLeft *int64       `json:"codes_left,omitempty"` // codes_low
	Items     []NoticeItem `json:"items"`
	Text      Words        `json:"text"`
}

// NoticeItem is an item that points could buy.
type NoticeItem struct {
	Item   string `json:"item"`
	NameZh string `json:"name_zh"`
	NameEn string `json:"name_en"`
	Points int64  `json:"points"`
}

// NoticeBooking is where a service that was redeemed is booked (R50).
type NoticeBooking struct {
	Item     string `json:"item"`
	ItemName Words  `json:"item_name"`
	URL      string `json:"url"`
}

// bookedRedemption stands in an item's booking URL for the id of the redemption.
const bookedRedemption = "{redemption}"

// BookingLink is where the owner of a redemption books an item with this booking URL.
func BookingLink(bookingURL, redemption string) string {
	return strings.ReplaceAll(bookingURL, bookedRedemption, url.QueryEscape(redemption))
}

type noticeEnvelope struct {
	SpecVersion     string     `json:"specversion"`
	ID              string     `json:"id"`
	Source          string     `json:"source"`
	Type            string     `json:"type"`
	Subject         string     `json:"subject"`
	Time            string     `json:"time"`
	DataContentType string     `json:"datacontenttype"`
	Data            NoticeData `json:"data"`
}

const noticeTypePrefix, noticeTypeSuffix = "notice.", ".v1"

// Encode writes the event as a CloudEvent in structured mode, keyed by its member.
func (e *NoticeEvent) Encode() (Record, error) {
	if e.Data.Items == nil {
		e.Data.Items = []NoticeItem{}
	}
	value, err := json.Marshal(noticeEnvelope{
		SpecVersion: specVersion, ID: e.ID, Source: noticeSource, Type: noticeTypePrefix + e.Kind + noticeTypeSuffix, Subject: e.Data.Member,
		Time: e.Time.UTC().Format(time.RFC3339Nano), DataContentType: jsonContent, Data: e.Data,
	})
	if err != nil {
		return Record{}, fmt.Errorf("encode notice %s: %w", e.ID, err)
	}
	return Record{Topic: Notices, Partition: -1, Key: []byte(e.Data.Member), Value: value, Headers: []Header{StructuredHeader()}}, nil
}

// DecodeNotice reads what Encode wrote.
func DecodeNotice(value []byte) (*NoticeEvent, *Reject) {
	var c noticeEnvelope
	if err := json.Unmarshal(value, &c); err != nil {
		return nil, &Reject{ReasonDecode, "the value is no JSON of a notice"}
	}
	kind, ok := strings.CutPrefix(c.Type, noticeTypePrefix)
	kind, dated := strings.CutSuffix(kind, noticeTypeSuffix)
	if !ok || !dated || kind == "" {
		return nil, &Reject{ReasonUnknownType, "the type is none of a notice"}
	}
	at, err := time.Parse(time.RFC3339Nano, c.Time)
	if err != nil || c.ID == "" || strings.ContainsAny(c.ID, "\r\n") || !IsID(c.Data.Member) {
		return nil, &Reject{ReasonSchema, "id, time or member are not as a notice has them"}
	}
	return &NoticeEvent{ID: c.ID, Kind: kind, Time: at, Data: c.Data}, nil
}
