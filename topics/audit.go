package topics

import (
	"encoding/json"
	"time"
)

// Audited is a record of points.audit.v1: what somebody did to a member's account by hand. It follows from an entry of the
// ledger and is written in its transaction; refusals are recorded, too.
type Audited struct {
	By       string         `json:"by"`   // who acted
	What     string         `json:"what"` // freeze | unfreeze | adjust | confirm | approve | decline | appeal
	Outcome  string         `json:"outcome"`
	At       time.Time      `json:"at"`
	Member   string         `json:"member"`
	Act      string         `json:"act"`                   // id of the request
	Of       string         `json:"of,omitempty"`          // the freeze or adjustment that it is about
	Proposer string         `json:"proposed_by,omitempty"` // of an adjustment that a second person decided
	Reason   string         `json:"reason,omitempty"`
	Evidence string         `json:"evidence,omitempty"`
	Scope    string         `json:"scope,omitempty"`
	Lots     []uint32       `json:"lots,omitempty"`
	Points   int64          `json:"points,omitempty"`
	ReviewBy *time.Time     `json:"review_by,omitempty"`
	Before   AuditedBalance `json:"before"`
	After    AuditedBalance `json:"after"`
	Entry    AuditedEntry   `json:"entry"`
}

// AuditedBalance is what a member holds, as booked.
type AuditedBalance struct {
	Available int64 `json:"available"`
	Pending   int64 `json:"pending"`
	Frozen    int64 `json:"frozen"`
	Debt      int64 `json:"debt"`
}

// AuditedEntry is the place of an entry in the ledger.
type AuditedEntry struct {
	Shard int32  `json:"shard"`
	Seq   uint64 `json:"seq"`
	Kind  string `json:"kind"`
}

// AuditedItem is a record of points.audit.v1 about an item: who set it, or loaded units of it. Before and after are its definitions.
type AuditedItem struct {
	By      string          `json:"by"`
	What    string          `json:"what"` // item | stock | codes
	Outcome string          `json:"outcome"`
	At      time.Time       `json:"at"`
	Item    string          `json:"item"`
	Act     string          `json:"act"` // id of the request
	Reason  string          `json:"reason,omitempty"`
	Units   int64           `json:"units,omitempty"` // loaded, or taken out
	Before  json.RawMessage `json:"before,omitempty"`
	After   json.RawMessage `json:"after,omitempty"`
	Entry   AuditedEntry    `json:"entry"`
}

// AuditedStep is a record of points.audit.v1 about a step of a redemption that staff took, or that was refused to them.
type AuditedStep struct {
	By         string       `json:"by"`
	What       string       `json:"what"` // cancel | ship | deliver | fulfil | inspect | resolve_problem
	Outcome    string       `json:"outcome"`
	At         time.Time    `json:"at"`
	Member     string       `json:"member"`
	Act        string       `json:"act"`             // id of the request
	Of         string       `json:"of"`              // the redemption
	Claim      string       `json:"claim,omitempty"` // the return or problem that it is about
	Reason     string       `json:"reason,omitempty"`
	Resolution string       `json:"resolution,omitempty"`
	Points     int64        `json:"points,omitempty"` // given back
	Before     AuditedState `json:"before"`
	After      AuditedState `json:"after"`
	Entry      AuditedEntry `json:"entry"`
}

// AuditedState is the state of a redemption.
type AuditedState struct {
	State string `json:"state"`
}
