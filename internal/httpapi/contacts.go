package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

var (
	// ErrNotKept is the answer of ports that keep what is personal, where nothing is configured to seal it.
	ErrNotKept = errors.New("nothing personal is kept: vault.keys is not set")
	// ErrFull is the answer when a member keeps as many addresses as there may be.
	ErrFull = errors.New("no room for another one")
)

// AddressBook keeps the addresses of members.
type AddressBook interface {
	// Addresses are those of a member, in the order in which they were numbered; one of them is the default.
	Addresses(ctx context.Context, member string) ([]BookAddress, error)
	// PutAddress adds one (no id; ErrFull) or sets one (ErrNotFound), and returns it when the book shows it.
	PutAddress(ctx context.Context, member string, a BookAddress) (BookAddress, error)
	DeleteAddress(ctx context.Context, member, id string) error
}

// Reaches keeps how members are reached.
type Reaches interface {
	Reach(ctx context.Context, member string) (Reach, error) // the zero Reach of who said nothing
	SetReach(ctx context.Context, member string, r Reach) error
}

// RedemptionAddresses keeps the address of a redemption for as long as the redemption.
type RedemptionAddresses interface {
	// KeepAddress returns when it is durable: before the redemption is asked for.
	KeepAddress(ctx context.Context, r RedemptionRequest, a Address) error
	RedemptionAddress(ctx context.Context, member, redemption string) (Address, error) // ErrNotFound
	// AddressRead tells auditors who of the staff read it.
	AddressRead(ctx context.Context, actor, member, redemption string) error
}

// Contacts are the ports of what is kept of members.
type Contacts struct {
	Book    AddressBook
	Reaches Reaches
	Sent    RedemptionAddresses
}

// Address is where something is sent to.
type Address struct {
	Name     string `json:"name" maxLength:"60" doc:"Who receives it."`
	Phone    string `json:"phone" maxLength:"32" example:"+86 138 0000 0000" doc:"3 to 20 digits, with a leading + and ( ) - and blanks between them."`
	Province string `json:"province,omitempty" maxLength:"60"`
	City     string `json:"city" maxLength:"60"`
	District string `json:"district,omitempty" maxLength:"60"`
	Street   string `json:"street" maxLength:"200"`
	Postcode string `json:"postcode,omitempty" maxLength:"16"`
	Country  string `json:"country" maxLength:"2" example:"CN" doc:"ISO 3166-1, two letters, such as CN."`
}

// BookAddress is an address of a member's book.
type BookAddress struct {
	ID string
	Address
	Default bool
}

// Reach is how a member is reached, and in which language.
type Reach struct {
	Email    string   `json:"email,omitempty" maxLength:"254"`
	Phone    string   `json:"phone,omitempty" maxLength:"32" doc:"3 to 20 digits, with a leading + and ( ) - and blanks between them."`
	Language string   `json:"language" enum:"zh-CN,en" default:"zh-CN"`
	Channels []string `json:"channels" enum:"email,sms,push" doc:"By which of them the member wants to be told of things."`
}

// AddressBody is an address of a member's book.
type AddressBody struct {
	ID string `json:"id" readOnly:"true"`
	Address
	Default bool `json:"default"`
}

// AddressesBody is a member's book.
type AddressesBody struct {
	Addresses []AddressBody `json:"addresses"`
}

type (
	addressesOutput struct{ Body AddressesBody }
	addressOutput   struct {
		Location string `header:"Location"`
		Body     AddressBody
	}
	newAddressInput struct{ Body addressFields }
	addressFields   struct {
		Address
		Default bool `json:"default,omitempty" doc:"Goods go there unless the member says otherwise."`
	}
	addressInput struct {
		ID   string `path:"id" minLength:"1" maxLength:"64"`
		Body addressFields
	}
	addressIDInput struct {
		ID string `path:"id" minLength:"1" maxLength:"64"`
	}
	reachInput  struct{ Body Reach }
	reachOutput struct{ Body Reach }
	sentInput   struct {
		ID     string `path:"id" minLength:"1" maxLength:"128"`
		Member string `query:"member" maxLength:"128" doc:"Merchant only: whose redemption it is."`
	}
	sentOutput struct{ Body Address }
)

const addressesPath = "/v1/me/addresses"

func (a *API) contactRoutes() {
	op := func(id, method, path, summary string, codes ...string) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{"contacts"}, Metadata: access(RoleMember),
			Responses: a.problems(append(codes, codeMerged, codeErased, codeNoVault)...),
		}
	}
	changes := []string{codeBadRequest, codeTooLarge, codeMediaType, codeInvalid}
	register(a, op("addresses", http.MethodGet, addressesPath, "My addresses"), a.addresses)
	create := op("add-address", http.MethodPost, addressesPath, "Keep an address; at most 20", append(changes, codeBookFull)...)
	create.DefaultStatus = http.StatusCreated
	register(a, create, a.addAddress)
	register(a, op("set-address", http.MethodPut, addressesPath+"/{id}", "Change an address of mine", append(changes, codeNotFound)...), a.setAddress)
	register(a, op("delete-address", http.MethodDelete, addressesPath+"/{id}", "Forget an address of mine", codeNotFound, codeInvalid), func(ctx context.Context, in *addressIDInput) (*struct{}, error) {
		return &struct{}{}, a.contacts.Book.DeleteAddress(ctx, caller(ctx).ID, in.ID)
	})
	register(a, op("contact", http.MethodGet, "/v1/me/contact", "How I am reached"), func(ctx context.Context, _ *struct{}) (*reachOutput, error) {
		r, err := a.contacts.Reaches.Reach(ctx, caller(ctx).ID)
		return &reachOutput{Body: r.shown()}, err
	})
	register(a, op("set-contact", http.MethodPut, "/v1/me/contact", "Say how I am reached", changes...), a.setReach)
	sent := op("redemption-address", http.MethodGet, "/v1/redemptions/{id}/address", "Where a redemption is sent to (owner, merchant)", codeNotFound, codeInvalid)
	sent.Metadata = access(RoleMember, RoleMerchant)
	register(a, sent, a.sentTo)
}

func addressOf(x BookAddress) AddressBody {
	return AddressBody(x)
}

func (a *API) addresses(ctx context.Context, _ *struct{}) (*addressesOutput, error) {
	all, err := a.contacts.Book.Addresses(ctx, caller(ctx).ID)
	out := &addressesOutput{Body: AddressesBody{Addresses: []AddressBody{}}}
	for _, x := range all {
		out.Body.Addresses = append(out.Body.Addresses, addressOf(x))
	}
	return out, err
}

func (a *API) addAddress(ctx context.Context, in *newAddressInput) (*addressOutput, error) {
	return a.putAddress(ctx, "", in.Body)
}

func (a *API) setAddress(ctx context.Context, in *addressInput) (*addressOutput, error) {
	out, err := a.putAddress(ctx, in.ID, in.Body)
	if out != nil {
		out.Location = ""
	}
	return out, err
}

func (a *API) putAddress(ctx context.Context, id string, b addressFields) (*addressOutput, error) {
	if err := b.check("body."); err != nil {
		return nil, err
	}
	kept, err := a.contacts.Book.PutAddress(ctx, caller(ctx).ID, BookAddress{ID: id, Address: b.Address, Default: b.Default})
	switch {
	case errors.Is(err, ErrFull):
		return nil, refuse(codeBookFull)
	case err != nil:
		return nil, err
	}
	return &addressOutput{Location: addressesPath + "/" + url.PathEscape(kept.ID), Body: addressOf(kept)}, nil
}

func (a *API) setReach(ctx context.Context, in *reachInput) (*reachOutput, error) {
	if err := in.Body.check(); err != nil {
		return nil, err
	}
	r := in.Body
	slices.Sort(r.Channels)
	r.Channels = slices.Compact(r.Channels)
	return &reachOutput{Body: r.shown()}, a.contacts.Reaches.SetReach(ctx, caller(ctx).ID, r)
}

// shown is the answer of who said nothing, too.
func (r Reach) shown() Reach {
	if r.Language == "" {
		r.Language = string(zh)
	}
	if r.Channels == nil {
		r.Channels = []string{}
	}
	return r
}

// sentTo answers the owner and who sends the goods; each reading by the latter is told to auditors first.
func (a *API) sentTo(ctx context.Context, in *sentInput) (*sentOutput, error) {
	who := caller(ctx)
	member := who.ID
	switch staff := who.hasAny(RoleMerchant); {
	case staff && in.Member != "":
		member = in.Member
	case staff && !who.hasAny(RoleMember):
		return nil, invalid(codeInvalid, "query.member")
	case in.Member != "" && in.Member != member:
		return nil, ErrNotFound
	}
	if !validID(member) {
		return nil, ErrNotFound
	}
	address, err := a.contacts.Sent.RedemptionAddress(ctx, member, in.ID)
	if err != nil {
		return nil, err
	}
	if member != who.ID {
		if err := a.contacts.Sent.AddressRead(ctx, who.ID, member, in.ID); err != nil {
			return nil, fmt.Errorf("reading an address: %w", err)
		}
	}
	return &sentOutput{Body: address}, nil
}
