package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"jifen/internal/httpapi"
	"jifen/internal/vault"
	"jifen/topics"
)

// contactsPort keeps addresses and how members are reached (decision 0038).
type contactsPort struct {
	*ports
	ring vault.Ring
}

func newContactsPort(p *ports) (*contactsPort, error) {
	ring, err := vault.Parse(p.config.Vault.Keys.Reveal())
	if err != nil {
		return nil, fmt.Errorf("vault.keys: %w", err)
	}
	return &contactsPort{p, ring}, nil
}

func (p *contactsPort) options() httpapi.Contacts {
	return httpapi.Contacts{Book: p, Reaches: p, Sent: p}
}

// addressData is an address of a book, as it is sealed.
type addressData struct{ httpapi.Address }

// reachData is how a member is reached, as it is sealed.
type reachData struct {
	httpapi.Reach
	Default string `json:"default,omitempty"` // id of the address that goods go to
}

// drawers are those of a member: of the id and of those that they once had, first the id's.
func (p *contactsPort) drawers(ctx context.Context, member string) ([]*drawer, error) {
	if len(p.ring) == 0 {
		return nil, httpapi.ErrNotKept
	}
	v, err := p.account(ctx, member)
	if err != nil {
		return nil, err
	}
	if v.MergedInto != "" {
		return nil, httpapi.MergedError{Into: v.MergedInto}
	}
	var all []*drawer
	for _, id := range append([]string{member}, v.MergedFrom...) {
		d, err := p.drawer(ctx, id)
		if err != nil {
			return nil, err
		}
		if !d.ready {
			return nil, fmt.Errorf("%w: redis does not hold all contacts of shard %d (yet): does the stage contacts run?", httpapi.ErrUnavailable, d.shard)
		}
		all = append(all, d)
	}
	return all, nil
}

// reachIn reads how a member is reached; where the id says nothing, what an earlier id said.
func reachIn(all []*drawer) (reachData, error) {
	var r reachData
	for _, d := range all {
		found, err := d.open(topics.SelfName(), &r)
		if found || err != nil {
			return r, err
		}
	}
	return r, nil
}

// Reach is how a member is reached.
func (p *contactsPort) Reach(ctx context.Context, member string) (httpapi.Reach, error) {
	all, err := p.drawers(ctx, member)
	if err != nil {
		return httpapi.Reach{}, err
	}
	r, err := reachIn(all)
	return r.Reach, err
}

// SetReach sets how a member is reached.
func (p *contactsPort) SetReach(ctx context.Context, member string, r httpapi.Reach) error {
	all, err := p.drawers(ctx, member)
	if err != nil {
		return err
	}
	before, err := reachIn(all)
	if err != nil {
		return err
	}
	return p.setReach(ctx, all, reachData{r, before.Default})
}

func (p *contactsPort) setReach(ctx context.Context, all []*drawer, r reachData) error {
	records, err := all[0].seal(p.ring, topics.SelfName(), r)
	if err == nil {
		_, err = p.write(ctx, all[0], records)
	}
	return err
}

// KeepAddress keeps the address of a redemption, before that is asked for. It does not wait for a fold that is being made:
// a key that is not seen is made anew.
func (p *contactsPort) KeepAddress(ctx context.Context, r httpapi.RedemptionRequest, a httpapi.Address) error {
	if len(p.ring) == 0 {
		return httpapi.ErrNotKept
	}
	d, err := p.drawer(ctx, r.Member)
	if err != nil {
		return err
	}
	records, err := d.seal(p.ring, topics.RedemptionName(r.ID, r.BodyHash), addressData{a})
	if err == nil {
		err = p.produce(ctx, records)
	}
	return err
}

// RedemptionAddress is the address of a redemption that stands.
func (p *contactsPort) RedemptionAddress(ctx context.Context, member, redemption string) (httpapi.Address, error) {
	found, err := p.Find(ctx, member, redemption)
	if err != nil {
		return httpapi.Address{}, err
	}
	all, err := p.drawers(ctx, member)
	if err != nil {
		return httpapi.Address{}, err
	}
	for _, d := range all {
		var a addressData
		if ok, err := d.open(topics.RedemptionName(redemption, found.BodyHash), &a); ok || err != nil {
			return a.Address, err
		}
	}
	return httpapi.Address{}, httpapi.ErrNotFound
}

// AddressRead tells auditors who read an address.
func (p *contactsPort) AddressRead(ctx context.Context, actor, member, redemption string) error {
	read := topics.AuditedChange{By: actor, What: "address_read", Outcome: "applied", At: p.clock().UTC(), Of: redemption, Member: member}
	record, err := read.Record()
	if err == nil {
		err = p.produce(ctx, []topics.Record{record})
	}
	return err
}

// holds says whether the fold shows what was written, and not what another one wrote at the same place.
func (p *contactsPort) holds(ctx context.Context, member, name string, written []topics.Record) bool {
	d, err := p.drawer(ctx, member)
	if err != nil || d.contacts[name] == nil {
		return true // it cannot be seen now, or was removed since: it is not another one's
	}
	value, err := d.contacts[name].MarshalVT()
	return err != nil || string(value) == string(written[len(written)-1].Value)
}

// write makes records durable, and waits a while until the fold shows them; false: it does not yet.
func (p *contactsPort) write(ctx context.Context, d *drawer, records []topics.Record) (bool, error) {
	if err := p.produce(ctx, records); err != nil {
		return false, err
	}
	ctx, done := context.WithTimeout(ctx, p.config.HTTP.RedemptionWait)
	defer done()
	for _, r := range records {
		for {
			reached, err := p.store.PrivateReached(ctx, d.shard, r.Topic, r.Offset)
			if err != nil && ctx.Err() == nil {
				return false, nil // it is durable all the same
			}
			if reached {
				break
			}
			if !every(ctx, 10*time.Millisecond) {
				return false, nil
			}
		}
	}
	return true, nil
}

// produce makes records durable.
func (p *contactsPort) produce(ctx context.Context, records []topics.Record) error {
	if err := p.producer.Place(ctx, records); err != nil {
		return fmt.Errorf("%w: %w", httpapi.ErrUnavailable, err)
	}
	return nil
}

var errUnsealed = errors.New("cannot be opened")

// decode reads what was sealed.
func decode(plain []byte, into any) error {
	d := json.NewDecoder(strings.NewReader(string(plain)))
	if err := d.Decode(into); err != nil {
		return errUnsealed // the text in the error would be the member's
	}
	return nil
}
