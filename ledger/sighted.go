package ledger

import (
	"fmt"
	"slices"
	"strings"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// identitiesMost is how many devices and addresses an account remembers: those at which the member was seen first last.
const identitiesMost = 64

// newIdentities are the accounts of the event's device and address that its member is not known to have been seen with: who is
// erased is forgotten there, too (decision 0028).
func (c *credit) newIdentities() (all []string) {
	if c.book == nil || len(c.book.Abuse) == 0 || c.event.Cause.Backfill != "" {
		return nil
	}
	for _, account := range [...]string{c.event.Device, c.event.Address} {
		if account != "" && !slices.Contains(c.m.Identities, account) {
			all = append(all, account)
		}
	}
	return all
}

// foldIdentities remembers devices and addresses.
func (a *Account) foldIdentities(all []string) {
	for _, account := range all {
		if !slices.Contains(a.Identities, account) {
			a.Identities = append(a.Identities, strings.Clone(account))
		}
	}
	a.Identities = slices.Delete(a.Identities, 0, max(0, len(a.Identities)-identitiesMost))
}

// unsee asks the shards of the member's devices and addresses to forget them, under each id that they had.
func (d *Decision) unsee(a *Member) {
	for _, account := range a.Identities {
		mark := topics.MarkOf("unsee", topics.MemberAccount(a.ID), account)
		d.Requests = append(d.Requests, &pointspb.Request{
			Account: account, Id: fmt.Sprintf("%x", mark[:]), Traceparent: d.cause.Traceparent,
			What: &pointspb.Request_Sight{Sight: &pointspb.SightRequest{Forget: append([]string{a.ID}, a.MergedFrom...)}},
		})
	}
}

// forgetSightings forgets members at a device or an address.
func (d *Decision) forgetSightings(r *pointspb.Request, id string, members []string) *Decision {
	x := d.world.identity(id)
	known := slices.DeleteFunc(slices.Clone(members), func(m string) bool { return x.sighting(m) == nil })
	if len(known) == 0 {
		return d.refuse(Unchanged)
	}
	d.emit(&pointspb.Entry{Account: r.Account, Kind: pointspb.Kind_SIGHTED, Sighting: &pointspb.SightingFacts{Forget: known}})
	return d
}

// checkIdentities says what is wrong with the devices and addresses that an account remembers (I18).
func (a *Account) checkIdentities() error {
	if len(a.Identities) > identitiesMost {
		return fmt.Errorf("I18: %d devices and addresses", len(a.Identities))
	}
	for i, x := range a.Identities {
		if _, ok := topics.IdentityOf(x); !ok || slices.Contains(a.Identities[:i], x) {
			return fmt.Errorf("I18: device or address %q, or twice", x)
		}
	}
	return nil
}
