package main

import (
	"context"
	"slices"
	"strconv"

	"jifen/internal/httpapi"
	"jifen/topics"
)

// addressID is an address's id for its member: a part of the mark, which tells the ids apart that one member had.
func (d *drawer) addressID(n int) string { return d.mark[:8] + "-" + strconv.Itoa(n) }

// placed is an address and where it lies.
type placed struct {
	httpapi.BookAddress
	in   *drawer
	name string
}

func bookIn(all []*drawer) ([]placed, reachData, error) {
	reach, err := reachIn(all)
	if err != nil {
		return nil, reach, err
	}
	var book []placed
	for _, d := range all {
		var numbers []int
		for name := range d.contacts {
			if n, ok := topics.OfBookName(name); ok {
				numbers = append(numbers, n)
			}
		}
		slices.Sort(numbers)
		for _, n := range numbers {
			var a addressData
			found, err := d.open(topics.BookName(n), &a)
			if err != nil {
				return nil, reach, err
			}
			if !found {
				continue
			}
			id := d.addressID(n)
			book = append(book, placed{httpapi.BookAddress{ID: id, Address: a.Address, Default: id == reach.Default}, d, topics.BookName(n)})
		}
	}
	if len(book) > 0 && !slices.ContainsFunc(book, func(x placed) bool { return x.Default }) {
		book[0].Default = true
	}
	return book, reach, nil
}

// Addresses are those of a member.
func (p *contactsPort) Addresses(ctx context.Context, member string) ([]httpapi.BookAddress, error) {
	all, err := p.drawers(ctx, member)
	if err != nil {
		return nil, err
	}
	book, _, err := bookIn(all)
	out := make([]httpapi.BookAddress, len(book))
	for i := range book {
		out[i] = book[i].BookAddress
	}
	return out, err
}

// PutAddress adds or sets an address. Of two that are added at once at the same place one is added at another one.
func (p *contactsPort) PutAddress(ctx context.Context, member string, a httpapi.BookAddress) (httpapi.BookAddress, error) {
	for {
		kept, lost, err := p.putAddress(ctx, member, a)
		if err != nil || !lost {
			return kept, err
		}
	}
}

func (p *contactsPort) putAddress(ctx context.Context, member string, a httpapi.BookAddress) (kept httpapi.BookAddress, lost bool, err error) {
	all, err := p.drawers(ctx, member)
	if err != nil {
		return a, false, err
	}
	book, reach, err := bookIn(all)
	if err != nil {
		return a, false, err
	}
	at := placed{in: all[0]}
	added := a.ID == ""
	if added {
		if len(book) >= topics.AddressesMost {
			return a, false, httpapi.ErrFull
		}
		n := 1
		for ; all[0].contacts[topics.BookName(n)] != nil; n++ {
		}
		at.name, a.ID = topics.BookName(n), all[0].addressID(n)
	} else if i := slices.IndexFunc(book, func(x placed) bool { return x.ID == a.ID }); i >= 0 {
		at = book[i]
	} else {
		return a, false, httpapi.ErrNotFound
	}
	sealed, err := at.in.seal(p.ring, at.name, addressData{a.Address})
	if err != nil {
		return a, false, err
	}
	written, err := p.write(ctx, at.in, sealed)
	if err != nil {
		return a, false, err
	}
	if added && written && !p.holds(ctx, at.in.member, at.name, sealed) {
		return a, true, nil
	}
	if a.Default && reach.Default != a.ID {
		reach.Default = a.ID
		return a, false, p.setReach(ctx, all, reach)
	}
	a.Default = a.Default || len(book) == 0 || reach.Default == a.ID
	return a, false, nil
}

// DeleteAddress forgets an address.
func (p *contactsPort) DeleteAddress(ctx context.Context, member, id string) error {
	all, err := p.drawers(ctx, member)
	if err != nil {
		return err
	}
	book, _, err := bookIn(all)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(book, func(x placed) bool { return x.ID == id })
	if i < 0 {
		return httpapi.ErrNotFound
	}
	_, err = p.write(ctx, book[i].in, []topics.Record{book[i].in.record(topics.Contacts, book[i].name, nil)})
	return err
}
