package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"
	"unicode"

	"github.com/danielgtaylor/huma/v2"
)

// ErrNotRateable is the answer of PutRating for a redemption that is not fulfilled.
var ErrNotRateable = errors.New("only what was received can be rated")

// Ratings keeps what members say of items that they redeemed (R44).
type Ratings interface {
	// PutRating sets the rating of a member's redemption: ErrNotFound, ErrNotRateable.
	PutRating(ctx context.Context, member, redemption string, stars int, comment string) error
	// Ratings are the newest of an item (empty: of all) with at most so many stars, those after a place first.
	Ratings(ctx context.Context, item string, starsMax int, after RatingPlace, limit int) ([]Rating, error)
	// RatingOf is that of an item; false: nobody rated it.
	RatingOf(ctx context.Context, item string) (RatingSum, bool)
}

// Rating is what a member says of an item.
type Rating struct {
	Member, Redemption, Item, Comment string
	Stars                             int
	At                                time.Time
}

// RatingPlace is where a page of ratings ended; the zero place is before the newest.
type RatingPlace struct {
	At         int64  `json:"a"` // Unix ms
	Redemption string `json:"r"`
}

// RatingSum is how many ratings an item has, and what their stars add up to.
type RatingSum struct{ Count, Stars int64 }

// Average is the mean of the stars, floored to one decimal place, such as 4.5.
func (s RatingSum) Average() string {
	if s.Count == 0 {
		return ""
	}
	tenths := s.Stars * 10 / s.Count
	return strconv.FormatInt(tenths/10, 10) + "." + strconv.FormatInt(tenths%10, 10)
}

// RatingBody is a rating as other members see it.
type RatingBody struct {
	Stars   int       `json:"stars"`
	Comment string    `json:"comment"`
	At      time.Time `json:"at"`
	Member  string    `json:"member" doc:"Masked, such as m***1."`
}

// RatedBody is a rating as staff see it.
type RatedBody struct {
	Stars      int       `json:"stars"`
	Comment    string    `json:"comment"`
	At         time.Time `json:"at"`
	Member     string    `json:"member"`
	Item       string    `json:"item"`
	Redemption string    `json:"redemption"`
}

type (
	rateInput struct {
		ID   string `path:"id" minLength:"1" maxLength:"128"`
		Body struct {
			Stars   int    `json:"stars" minimum:"1" maximum:"5"`
			Comment string `json:"comment,omitempty" maxLength:"1000"`
		}
	}
	itemRatingsInput struct {
		ID     string `path:"id" minLength:"1" maxLength:"128" doc:"Item id."`
		Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
		Cursor string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before."`
	}
	itemRatingsOutput struct {
		Body struct {
			Ratings    []RatingBody `json:"ratings"`
			Average    string       `json:"average,omitempty" doc:"Mean of the stars, floored to one decimal place."`
			Count      int64        `json:"count"`
			NextCursor string       `json:"next_cursor,omitempty"`
		}
	}
	ratingsInput struct {
		StarsMax int    `query:"stars_max" minimum:"1" maximum:"5" default:"5" doc:"Only those with at most so many stars."`
		Limit    int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
		Cursor   string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before."`
	}
	ratingsOutput struct {
		Body struct {
			Ratings    []RatedBody `json:"ratings"`
			NextCursor string      `json:"next_cursor,omitempty"`
		}
	}
)

const purposeRatings = "ratings"

func (a *API) ratingRoutes() {
	register(a, huma.Operation{
		OperationID: "rate", Method: http.MethodPut, Path: "/v1/redemptions/{id}/rating", Summary: "Rate what I redeemed", Tags: []string{"ratings"}, Metadata: access(RoleMember),
		Responses: a.problems(codeBadRequest, codeNotFound, codeTooLarge, codeMediaType, codeInvalid, codeNotRateable, codeMerged, codeErased, codeNoVault),
	}, a.rate)
	register(a, huma.Operation{
		OperationID: "item-ratings", Method: http.MethodGet, Path: "/v1/items/{id}/ratings", Summary: "What members say of an item, newest first", Tags: []string{"ratings"},
		Metadata: access(roles()...), Responses: a.problems(codeNotFound, codeInvalid, codeCursorInvalid),
	}, a.itemRatings)
	register(a, huma.Operation{
		OperationID: "ratings", Method: http.MethodGet, Path: "/v1/ratings", Summary: "The newest ratings of all items (staff)", Tags: []string{"ratings"},
		Metadata: access(RoleMerchant, RoleMarketing, RoleSupport, RoleOperator), Responses: a.problems(codeInvalid, codeCursorInvalid),
	}, a.allRatings)
}

func (a *API) rate(ctx context.Context, in *rateInput) (*struct{}, error) {
	for _, r := range in.Body.Comment {
		if !unicode.IsPrint(r) && r != '\n' {
			return nil, &fault{code: codeInvalid, details: []Detail{{"body.comment", faultPrintable}}}
		}
	}
	err := a.ratings.PutRating(ctx, caller(ctx).ID, in.ID, in.Body.Stars, in.Body.Comment)
	if errors.Is(err, ErrNotRateable) {
		err = refuse(codeNotRateable)
	}
	return &struct{}{}, err
}

// page reads one rating more than asked for: that there is one says that there is a next page.
func (a *API) ratingPage(ctx context.Context, item string, starsMax, limit int, token string) ([]Rating, string, error) {
	var after RatingPlace
	if token != "" && !a.signer.open(purposeRatings+item, token, &after) {
		return nil, "", invalid(codeCursorInvalid, "query.cursor")
	}
	all, err := a.ratings.Ratings(ctx, item, starsMax, after, limit+1)
	if err != nil || len(all) <= limit {
		return all, "", err
	}
	last := all[limit-1]
	next, err := a.signer.sign(purposeRatings+item, RatingPlace{last.At.UnixMilli(), last.Redemption})
	return all[:limit], next, err
}

func (a *API) itemRatings(ctx context.Context, in *itemRatingsInput) (*itemRatingsOutput, error) {
	if _, err := a.items.Item(ctx, in.ID); err != nil {
		return nil, err
	}
	all, next, err := a.ratingPage(ctx, in.ID, 5, in.Limit, in.Cursor)
	if err != nil {
		return nil, err
	}
	out := &itemRatingsOutput{}
	out.Body.Ratings, out.Body.NextCursor = []RatingBody{}, next
	for _, r := range all {
		out.Body.Ratings = append(out.Body.Ratings, RatingBody{r.Stars, r.Comment, r.At.UTC(), masked(r.Member)})
	}
	sum, _ := a.ratings.RatingOf(ctx, in.ID)
	out.Body.Average, out.Body.Count = sum.Average(), sum.Count
	return out, nil
}

func (a *API) allRatings(ctx context.Context, in *ratingsInput) (*ratingsOutput, error) {
	all, next, err := a.ratingPage(ctx, "", in.StarsMax, in.Limit, in.Cursor)
	out := &ratingsOutput{}
	out.Body.Ratings, out.Body.NextCursor = []RatedBody{}, next
	for _, r := range all {
		out.Body.Ratings = append(out.Body.Ratings, RatedBody{r.Stars, r.Comment, r.At.UTC(), r.Member, r.Item, r.Redemption})
	}
	return out, err
}
