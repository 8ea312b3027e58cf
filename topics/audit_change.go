package topics

import (
	"encoding/json"
	"fmt"
	"time"
)

// AuditedChange is a record of points.audit.v1 about what somebody did that is no entry of the ledger: settings that were
// set, an address that was read. Before and After are JSON, without personal data.
type AuditedChange struct {
	By      string          `json:"by"`
	What    string          `json:"what"` // settings | address_read
	Outcome string          `json:"outcome"`
	At      time.Time       `json:"at"`
	Of      string          `json:"of,omitempty"` // what it was done to
	Member  string          `json:"member,omitempty"`
	Reason  string          `json:"reason,omitempty"`
	Before  json.RawMessage `json:"before,omitempty"`
	After   json.RawMessage `json:"after,omitempty"`
}

// Record is the record as it goes to its topic.
func (a *AuditedChange) Record() (Record, error) {
	value, err := json.Marshal(a)
	if err != nil {
		return Record{}, fmt.Errorf("audit record of %s: %w", a.What, err)
	}
	return Record{Topic: Audit, Partition: -1, Key: []byte(a.By), Value: value}, nil
}
