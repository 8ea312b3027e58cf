package topics

import (
	"encoding/json"
	"fmt"
	"time"
)

// TypeVisit is the type of points.visits.v1.
const TypeVisit = "mall.visited.v1"

// visitSource is the ce_source of what the mall's pages tell.
const visitSource = "/jifen/mall"

// Visit is a page of the mall that a member looked at (R58).
type Visit struct {
	Member   string    `json:"member"`
	Page     string    `json:"page"`               // of VisitPages
	Item     string    `json:"item,omitempty"`     // that the page is about
	Campaign string    `json:"campaign,omitempty"` // that the page shows, or that led to it
	At       time.Time `json:"at"`
}

// VisitPages are the pages of the mall, as visits name them.
func VisitPages() []string {
	return []string{
		"home", "items", "item", "confirm", "order", "redemptions", "redemption", "points", "earning", "tier", "leaderboard", "messages", "addresses",
		"contact", "campaign", "me", "help",
	}
}

// Encode writes a visit under an id of its own, keyed by its member; its value is JSON, its attributes are headers.
func (v *Visit) Encode(id string) (Record, error) {
	at := v.At.UTC()
	w := *v
	w.At = at
	value, err := json.Marshal(w)
	if err != nil {
		return Record{}, fmt.Errorf("encode a visit: %w", err)
	}
	r := Record{Topic: Visits, Partition: -1, Key: []byte(v.Member), Value: value}
	for _, h := range [][2]string{
		{"content-type", jsonContent},
		{"ce_specversion", specVersion},
		{"ce_id", id},
		{"ce_source", visitSource},
		{"ce_type", TypeVisit},
		{"ce_time", at.Format(time.RFC3339Nano)},
	} {
		r.Headers = append(r.Headers, Header{Key: h[0], Value: []byte(h[1])})
	}
	return r, nil
}
