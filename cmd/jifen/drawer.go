package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"jifen/internal/httpapi"
	"jifen/internal/vault"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// drawer is what is kept of one id of a member: sealed records, and the keys of the id that open them. A key is random, lies
// in a topic sealed by the ring, and goes with the member: then nothing opens what it sealed.
type drawer struct {
	member, mark string
	shard        int32
	contacts     map[string]*pointspb.Contact // by name
	ratings      map[string]*pointspb.Rating  // by redemption
	keys         map[string]vault.Key         // by id
	ready        bool                         // nothing is missing
}

// drawer reads what is kept of an id.
func (p *contactsPort) drawer(ctx context.Context, member string) (*drawer, error) {
	d := &drawer{
		member: member, mark: topics.MemberMark(member), shard: p.shard(topics.MemberAccount(member)),
		contacts: map[string]*pointspb.Contact{}, ratings: map[string]*pointspb.Rating{}, keys: map[string]vault.Key{},
	}
	values, ready, err := p.store.Private(ctx, d.shard, d.mark, topics.PrivateTopics()...)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", httpapi.ErrUnavailable, err)
	}
	d.ready = ready
	for name, value := range values[topics.Contacts] {
		c := &pointspb.Contact{}
		if err := c.UnmarshalVT(value); err != nil {
			return nil, fmt.Errorf("contact: %w", err)
		}
		d.contacts[name] = c
	}
	for id, value := range values[topics.Ratings] {
		r := &pointspb.Rating{}
		if err := r.UnmarshalVT(value); err != nil {
			return nil, fmt.Errorf("rating: %w", err)
		}
		d.ratings[id] = r
	}
	for id, value := range values[topics.MemberKeys] {
		k := &pointspb.MemberKey{}
		if err := k.UnmarshalVT(value); err != nil {
			return nil, fmt.Errorf("member's key: %w", err)
		}
		secret, err := p.ring.Open(k.Sealed, []byte(topics.PrivateKey(d.mark, id)))
		if err == nil {
			d.keys[id], err = vault.NewKey(id, secret)
		}
		if err != nil {
			return nil, fmt.Errorf("member's key: %w", err)
		}
	}
	return d, nil
}

// open reads what lies under a name; false: nothing.
func (d *drawer) open(name string, into any) (bool, error) {
	c := d.contacts[name]
	if c == nil {
		return false, nil
	}
	key, ok := d.keys[c.Key]
	if !ok {
		return false, nil // the key was destroyed, and this will be
	}
	plain, err := key.Open(c.Sealed, []byte(topics.PrivateKey(d.mark, name)))
	if err != nil {
		return false, fmt.Errorf("contact %s: %w", name, err)
	}
	return true, decode(plain, into)
}

// keyBytes is the length of the id of a member's key.
const keyBytes = 8

// seal are the records that put something under a name: a key first, where the member has none. The last is the contact.
func (d *drawer) seal(ring vault.Ring, name string, what any) ([]topics.Record, error) {
	plain, err := json.Marshal(what)
	if err != nil {
		return nil, fmt.Errorf("contact %s: %w", name, err)
	}
	var records []topics.Record
	id, key := d.anyKey()
	if id == "" {
		var made topics.Record
		if id, key, made, err = d.newKey(ring); err != nil {
			return nil, err
		}
		records = append(records, made)
	}
	value, err := (&pointspb.Contact{Key: id, Sealed: key.Seal(plain, []byte(topics.PrivateKey(d.mark, name)))}).MarshalVT()
	if err != nil {
		return nil, fmt.Errorf("contact %s: %w", name, err)
	}
	return append(records, d.record(topics.Contacts, name, value)), nil
}

func (d *drawer) anyKey() (string, vault.Key) {
	ids := make([]string, 0, len(d.keys))
	for id := range d.keys {
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return "", vault.Key{}
	}
	id := slices.Min(ids)
	return id, d.keys[id]
}

func (d *drawer) newKey(ring vault.Ring) (string, vault.Key, topics.Record, error) {
	raw := make([]byte, keyBytes)
	_, _ = rand.Read(raw) // never fails, says crypto/rand
	id, secret := hex.EncodeToString(raw), vault.NewSecret()
	key, err := vault.NewKey(id, secret)
	if err != nil {
		return "", key, topics.Record{}, err
	}
	sealed, err := ring.Seal(secret, []byte(topics.PrivateKey(d.mark, id)))
	if err != nil {
		return "", key, topics.Record{}, err
	}
	value, err := (&pointspb.MemberKey{Sealed: sealed}).MarshalVT()
	if err != nil {
		return "", key, topics.Record{}, fmt.Errorf("member's key: %w", err)
	}
	return id, key, d.record(topics.MemberKeys, id, value), nil
}

// record is a record of the id; without a value it removes.
func (d *drawer) record(topic, name string, value []byte) topics.Record {
	return topics.Record{Topic: topic, Partition: d.shard, Key: []byte(topics.PrivateKey(d.mark, name)), Value: value}
}
