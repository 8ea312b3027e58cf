package httpapi

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// ItemsBody is a page of the catalogue.
type ItemsBody struct {
	Items      []ItemBody `json:"items"`
	Categories []string   `json:"categories" doc:"Those of all items on sale."`
	NextCursor string     `json:"next_cursor,omitempty" doc:"Absent on the last page."`
}

type (
	itemsInput struct {
		Category   string `query:"category" maxLength:"128"`
		Kind       string `query:"kind" enum:"physical,virtual,service,bundle"`
		Zone       string `query:"zone" maxLength:"128"`
		Affordable bool   `query:"affordable" doc:"Only what the caller could redeem one unit of now."`
		Q          string `query:"q" maxLength:"100" doc:"Words of its name or description."`
		Sort       string `query:"sort" enum:"points,-points,new,name" doc:"By name, unless it says otherwise."`
		Limit      int    `query:"limit" minimum:"1" maximum:"200" default:"100"`
		Cursor     string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before."`
	}
	itemsOutput struct{ Body ItemsBody }
	// place is where a page of a list ended.
	place struct {
		List string `json:"l"` // which list it is of: its filters and its order
		At   string `json:"a"` // the last one's id
	}
)

func (a *API) listItems(ctx context.Context, in *itemsInput) (*itemsOutput, error) {
	items, err := a.items.Items(ctx)
	if err != nil {
		return nil, err
	}
	s, err := a.shopper(ctx)
	if err != nil {
		return nil, err
	}
	l := languageIn(ctx)
	body := ItemsBody{Items: []ItemBody{}, Categories: []string{}}
	since := map[string]int64{}
	for i := range items {
		if !items[i].sells(s.Now) {
			continue
		}
		body.Categories = append(body.Categories, items[i].Categories...)
		if x := itemOf(l, &items[i], &s); in.takes(&items[i], &x) {
			body.Items, since[x.ID] = append(body.Items, x), items[i].Since.UnixMilli()
		}
	}
	slices.Sort(body.Categories)
	body.Categories = slices.Compact(body.Categories)
	in.order(body.Items, since)
	body.Items, body.NextCursor, err = pageOf(a, body.Items, in.Limit, in.Cursor, "items "+in.key()+" "+caller(ctx).ID, func(x ItemBody) string { return x.ID })
	for i := range body.Items {
		a.rated(ctx, &body.Items[i])
	}
	return &itemsOutput{Body: body}, err
}

// takes says that an item is in what was asked for.
func (in *itemsInput) takes(i *Item, x *ItemBody) bool {
	has := func(text string) bool { return strings.Contains(strings.ToLower(text), strings.ToLower(in.Q)) }
	return (in.Category == "" || contains(i.Categories, in.Category)) && (in.Kind == "" || i.Kind == in.Kind) &&
		(in.Zone == "" || contains(i.Zones, in.Zone)) && (!in.Affordable || x.Obstacle == "") &&
		(in.Q == "" || has(i.NameZH) || has(i.NameEN) || has(i.ID) || has(x.Description))
}

func (in *itemsInput) order(all []ItemBody, since map[string]int64) {
	slices.SortFunc(all, func(x, y ItemBody) int {
		var n int
		switch in.Sort {
		case "points":
			n = cmp.Compare(x.Points, y.Points)
		case "-points":
			n = cmp.Compare(y.Points, x.Points)
		case "new":
			n = cmp.Compare(since[y.ID], since[x.ID])
		default:
			n = cmp.Compare(x.Name, y.Name)
		}
		return cmp.Or(n, cmp.Compare(x.ID, y.ID))
	})
}

func (in *itemsInput) key() string {
	affordable := ""
	if in.Affordable {
		affordable = "affordable"
	}
	return strings.Join([]string{in.Category, in.Kind, in.Zone, affordable, in.Q, in.Sort}, "\x1f")
}

// pageOf is the part of a list behind a cursor. What was taken from the list since begins it anew where its place is not known any more.
func pageOf[T any](a *API, all []T, limit int, token, list string, id func(T) string) (page []T, next string, err error) {
	if token != "" {
		var at place
		if !a.signer.open(purposeCursor, token, &at) || at.List != list {
			return nil, "", invalid(codeCursorInvalid, "query.cursor")
		}
		all = all[1+slices.IndexFunc(all, func(x T) bool { return id(x) == at.At }):]
	}
	if len(all) <= limit {
		return all, "", nil
	}
	next, err = a.signer.sign(purposeCursor, place{List: list, At: id(all[limit-1])})
	return all[:limit], next, err
}
