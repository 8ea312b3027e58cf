package httpapi

import (
	"context"
	"slices"
)

// orderAddress is an address of the member's book, by its id, or the address itself.
type orderAddress struct {
	ID       string `json:"id,omitempty" maxLength:"64" doc:"Of GET /v1/me/addresses; then nothing else."`
	Name     string `json:"name,omitempty" maxLength:"60"`
	Phone    string `json:"phone,omitempty" maxLength:"32"`
	Province string `json:"province,omitempty" maxLength:"60"`
	City     string `json:"city,omitempty" maxLength:"60"`
	District string `json:"district,omitempty" maxLength:"60"`
	Street   string `json:"street,omitempty" maxLength:"200"`
	Postcode string `json:"postcode,omitempty" maxLength:"16"`
	Country  string `json:"country,omitempty" maxLength:"2"`
}

func (o *orderAddress) address() Address {
	return Address{o.Name, o.Phone, o.Province, o.City, o.District, o.Street, o.Postcode, o.Country}
}

// check refuses what can be no address. One by its id is looked up when it is needed.
func (o *orderAddress) check() error {
	switch {
	case o == nil, o.ID != "" && o.address() == (Address{}):
		return nil
	case o.ID != "":
		return invalid(codeInvalid, "body.address.id")
	}
	return o.address().check("body.address.")
}

// keepAddress stores the address of a redemption before that is asked for. An item that is sent needs one.
func (a *API) keepAddress(ctx context.Context, r *RedemptionRequest, o *orderAddress) error {
	if o == nil {
		return nil
	}
	address := o.address()
	if o.ID != "" {
		all, err := a.contacts.Book.Addresses(ctx, r.Member)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(x BookAddress) bool { return x.ID == o.ID })
		if i < 0 {
			return invalid(codeInvalid, "body.address.id")
		}
		address = all[i].Address
	}
	r.Address = true
	return a.contacts.Sent.KeepAddress(ctx, *r, address)
}
