package httpapi

import (
	"strconv"
	"time"
)

// FreezeBody is a freeze of an account or of lots.
type FreezeBody struct {
	ID        string     `json:"id"`
	State     string     `json:"state" enum:"pending,open,released,confirmed"`
	Scope     string     `json:"scope,omitempty" enum:"account,lots"`
	Lots      []string   `json:"lots,omitempty" doc:"That it holds, or held."`
	Reason    string     `json:"reason,omitempty"`
	Evidence  string     `json:"evidence,omitempty" doc:"For staff."`
	Actor     string     `json:"actor,omitempty" doc:"For staff: who froze."`
	DecidedBy string     `json:"decided_by,omitempty" doc:"For staff: who released it."`
	FrozenAt  *time.Time `json:"frozen_at,omitempty"`
	ReviewBy  *time.Time `json:"review_by,omitempty"`
	Overdue   bool       `json:"overdue,omitempty" doc:"Past its review date."`
	Appeal    string     `json:"appeal,omitempty" doc:"Reference of the member's appeal."`
}

// AdjustmentBody is an adjustment by hand, or what waits to be one.
type AdjustmentBody struct {
	ID         string     `json:"id"`
	State      string     `json:"state" enum:"pending,proposed,applied,declined"`
	Points     int64      `json:"points"`
	Freeze     string     `json:"freeze,omitempty" doc:"Abuse confirmed: the freeze whose points are taken."`
	Reason     string     `json:"reason,omitempty"`
	Evidence   string     `json:"evidence,omitempty"`
	Actor      string     `json:"actor,omitempty"`
	Approver   string     `json:"approver,omitempty" doc:"Who approved or declined it."`
	AdjustedAt *time.Time `json:"adjusted_at,omitempty" doc:"When it was asked for."`
}

type (
	actedInput struct {
		ID string `path:"id" minLength:"1" maxLength:"128" doc:"Member id."`
	}
	freezeInput struct {
		Key  string `header:"Idempotency-Key" doc:"As of redemptions."`
		ID   string `path:"id" minLength:"1" maxLength:"128" doc:"Member id."`
		Body struct {
			Scope    string    `json:"scope" enum:"account,lots" doc:"account: nothing is spent, earning goes on. lots: points are set aside, and do not expire meanwhile."`
			Lots     []uint32  `json:"lots,omitempty" maxItems:"1000" doc:"Numbers of available lots; absent: all."`
			Reason   string    `json:"reason" pattern:"^[a-z0-9._-]{1,64}$" doc:"A word; no personal data."`
			Evidence string    `json:"evidence" pattern:"^[!-~]{1,128}$" doc:"A reference, such as a ticket; no personal data."`
			ReviewBy time.Time `json:"review_by"`
		}
	}
	releaseInput struct {
		Key    string `header:"Idempotency-Key" doc:"As of redemptions."`
		ID     string `path:"id" minLength:"1" maxLength:"128" doc:"Member id."`
		Freeze string `path:"freeze" minLength:"1" maxLength:"128"`
		Body   struct {
			Reason string `json:"reason" pattern:"^[a-z0-9._-]{1,64}$" doc:"A word; no personal data."`
		}
	}
	appealInput struct {
		Key    string `header:"Idempotency-Key" doc:"As of redemptions."`
		Freeze string `path:"freeze" minLength:"1" maxLength:"128"`
		Body   struct {
			Reference string `json:"reference" pattern:"^[!-~]{1,128}$" doc:"Of what was written elsewhere, such as a ticket; no personal data."`
		}
	}
	adjustInput struct {
		Key  string `header:"Idempotency-Key" doc:"As of redemptions."`
		ID   string `path:"id" minLength:"1" maxLength:"128" doc:"Member id."`
		Body struct {
			Points   int64  `json:"points,omitempty" minimum:"-1000000000000" maximum:"1000000000000" doc:"Above 0: given; below 0: taken. Absent with freeze."`
			Freeze   string `json:"freeze,omitempty" maxLength:"128" doc:"Abuse is confirmed: what this freeze holds is taken, once another person approves."`
			Reason   string `json:"reason" pattern:"^[a-z0-9._-]{1,64}$" doc:"A word; no personal data."`
			Evidence string `json:"evidence" pattern:"^[!-~]{1,128}$" doc:"A reference, such as a ticket; no personal data."`
		}
	}
	approveInput struct {
		Key        string `header:"Idempotency-Key" doc:"As of redemptions."`
		ID         string `path:"id" minLength:"1" maxLength:"128" doc:"Member id."`
		Adjustment string `path:"adjustment" minLength:"1" maxLength:"128"`
	}
	declineInput struct {
		Key        string `header:"Idempotency-Key" doc:"As of redemptions."`
		ID         string `path:"id" minLength:"1" maxLength:"128" doc:"Member id."`
		Adjustment string `path:"adjustment" minLength:"1" maxLength:"128"`
		Body       struct {
			Reason string `json:"reason" pattern:"^[a-z0-9._-]{1,64}$" doc:"A word; no personal data."`
		}
	}
	actOutput[B any] struct {
		Status     int
		Location   string `header:"Location"`
		RetryAfter string `header:"Retry-After"`
		Body       B
	}
	freezesOutput struct {
		Body struct {
			Freezes []FreezeBody `json:"freezes" doc:"Newest first."`
		}
	}
	adjustmentsOutput struct {
		Body struct {
			Adjustments []AdjustmentBody `json:"adjustments" doc:"Newest first."`
		}
	}
)

// memberFreeze is what the member is told: not by whom, nor by what evidence.
func memberFreeze(x *Act) FreezeBody {
	b := FreezeBody{ID: x.ID, State: x.State, Overdue: x.Overdue, Appeal: x.Appeal, Reason: x.Reason, FrozenAt: instantOf(x.At), ReviewBy: instantOf(x.ReviewBy)}
	switch {
	case x.Account:
		b.Scope = scopeAccount
	case x.State != statePending:
		b.Scope = "lots"
	}
	for _, n := range x.Lots {
		b.Lots = append(b.Lots, strconv.Itoa(int(n)))
	}
	return b
}

func staffFreeze(x *Act) FreezeBody {
	b := memberFreeze(x)
	b.Evidence, b.Actor, b.DecidedBy = x.Evidence, x.Actor, x.Approver
	return b
}

func adjustmentOf(x *Act) AdjustmentBody {
	return AdjustmentBody{
		ID: x.ID, State: x.State, Points: x.Points, Freeze: x.Of, Reason: x.Reason, Evidence: x.Evidence, Actor: x.Actor, Approver: x.Approver,
		AdjustedAt: instantOf(x.At),
	}
}

// instantOf is nil for the zero time.
func instantOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
