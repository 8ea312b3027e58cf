package rulediff

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"jifen/internal/httpapi"
	"jifen/topics"
)

// property is one of a thing's, in words; an empty text says nothing.
type property struct{ name, text string }

// writer puts properties of one book into words.
type writer struct{ book *topics.Rulebook }

func bookOf(b *topics.Rulebook) []property {
	own, tiers := *b, b.Tiers
	own.Rules, own.Campaigns, own.Redeem, own.Milestones, own.Abuse, own.Tiers = nil, nil, nil, nil, nil, topics.Tiers{}
	tiers.Levels = nil
	w := writer{b}
	own.From, own.Leaderboard = time.Time{}, topics.Leaderboard{}
	list := []property{{"effective_from", w.words(b.From)}}
	list = append(list, w.properties("", reflect.ValueOf(own), map[string]string{
		"PointCost":     w.pointCost(),
		"MaxMultiplier": maximum(b.MaxMultiplier),
		"Rebate":        rate(b.Rebate),
	})...)
	list = append(list, w.properties("leaderboard.", reflect.ValueOf(b.Leaderboard), nil)...)
	return append(list, w.properties("tiers.", reflect.ValueOf(tiers), nil)...)
}

func tiersOf(b *topics.Rulebook) []thing {
	w := writer{b}
	all := make([]thing, len(b.Tiers.Levels))
	for i, l := range b.Tiers.Levels {
		from := strconv.FormatInt(l.From, 10) + " orders"
		if b.Tiers.Metric == "spend" {
			from = httpapi.Money(l.From, b.Currency)
		}
		all[i] = thing{l.ID, w.properties("", reflect.ValueOf(l), map[string]string{"ID": "", "From": from})}
	}
	return all
}

func rulesOf(b *topics.Rulebook) []thing {
	w := writer{b}
	all := make([]thing, len(b.Rules))
	for i := range b.Rules {
		r := &b.Rules[i]
		all[i] = thing{r.ID, w.properties("", reflect.ValueOf(*r), map[string]string{
			"ID": "", "Mode": w.earn(r), "Points": "", "Per": "", "HoldoutPercent": percent(r.HoldoutPercent),
			"Within": within(r.Within),
		})}
	}
	return all
}

func campaignsOf(b *topics.Rulebook) []thing {
	w := writer{b}
	all := make([]thing, len(b.Campaigns))
	for i := range b.Campaigns {
		c := &b.Campaigns[i]
		list := w.properties("", reflect.ValueOf(*c), map[string]string{"ID": ""})
		if len(c.Rules) == 0 {
			list = append(list, property{"rules", "all"})
		}
		all[i] = thing{c.ID, list}
	}
	return all
}

func milestonesOf(b *topics.Rulebook) []thing {
	w := writer{b}
	all := make([]thing, len(b.Milestones))
	for i := range b.Milestones {
		m := &b.Milestones[i]
		all[i] = thing{m.ID, w.properties("", reflect.ValueOf(*m), map[string]string{"ID": ""})}
	}
	return all
}

func abuseOf(b *topics.Rulebook) []thing {
	w := writer{b}
	all := make([]thing, len(b.Abuse))
	for i := range b.Abuse {
		r := &b.Abuse[i]
		review := ""
		if r.Review > 0 {
			review = count(int64(r.Review), "day")
		}
		all[i] = thing{r.ID, w.properties("", reflect.ValueOf(*r), map[string]string{
			"ID": "", "MoreThan": strconv.Itoa(r.MoreThan), "Review": review, "Within": within(r.Within),
		})}
	}
	return all
}

// properties puts the fields of a struct into words, those of structs in it by their path; said are the words of those
// that need their neighbours. A field that nobody has words for is written as it is, so that no difference is overlooked.
func (w writer) properties(path string, v reflect.Value, said map[string]string) []property {
	var list []property
	for i := range v.NumField() {
		field := v.Type().Field(i)
		text, known := said[field.Name]
		if !known {
			if inner := v.Field(i); inner.Kind() == reflect.Struct && !worded(inner.Type()) {
				list = append(list, w.properties(path+snake(field.Name)+".", inner, nil)...)
				continue
			}
			text = w.words(v.Field(i).Interface())
		}
		if text != "" {
			list = append(list, property{path + label(field.Name), text})
		}
	}
	return list
}

// label is a field's name as the rulebook writes it.
func label(field string) string {
	switch field {
	case "Mode":
		return "earn"
	case "Zone":
		return "timezone"
	case "HoldoutPercent":
		return "holdout"
	}
	return snake(field)
}

func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 && unicode.IsLower(rune(name[i-1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// worded says that words knows a struct.
func worded(t reflect.Type) bool {
	switch t {
	case reflect.TypeFor[time.Time](), reflect.TypeFor[topics.Ratio](), reflect.TypeFor[topics.Validity](), reflect.TypeFor[topics.Pending]():
		return true
	}
	return false
}

// words puts a value into words; nothing for one that says nothing.
func (w writer) words(v any) string {
	switch v := v.(type) {
	case time.Time:
		if v.IsZero() {
			return ""
		}
		return v.In(w.book.Zone).Format(time.RFC3339)
	case *time.Location:
		return v.String()
	case topics.Ratio:
		return "×" + v.String()
	case topics.Validity:
		return validity(v)
	case *topics.Validity:
		if v == nil {
			return ""
		}
		return validity(*v)
	case topics.Pending:
		return pending(v)
	case []string:
		list := slices.Clone(v)
		slices.Sort(list)
		return strings.Join(list, ", ")
	}
	if r := reflect.ValueOf(v); r.IsZero() {
		return ""
	} else if r.Kind() == reflect.Pointer {
		v = r.Elem().Interface()
	} else if r.Kind() == reflect.Bool {
		return "yes"
	}
	return fmt.Sprintf("%+v", v)
}

func validity(v topics.Validity) string {
	if v.IsZero() && !v.FromEarning {
		return "for ever"
	}
	var parts []string
	for _, p := range []struct {
		n    int
		noun string
	}{{v.Years, "year"}, {v.Months, "month"}, {v.Days, "day"}} {
		if p.n > 0 {
			parts = append(parts, count(int64(p.n), p.noun))
		}
	}
	text := strings.Join(parts, " ")
	if v.Rounding != "" && v.Rounding != topics.RoundDay {
		text += ", to the end of the " + string(v.Rounding)
	}
	if v.FromEarning {
		text += ", from earning"
	}
	return text
}

func pending(p topics.Pending) string {
	var parts []string
	if p.Days > 0 {
		parts = append(parts, "for "+count(int64(p.Days), "day"))
	}
	if p.Completed {
		parts = append(parts, "until the order is completed")
	}
	return strings.Join(parts, " and ")
}

// earn is how a rule earns.
func (w writer) earn(r *topics.Rule) string {
	points := count(r.Points, "point")
	switch r.Mode {
	case topics.ModeStep:
		return points + " for every full " + httpapi.Money(r.Per, w.book.Currency)
	case topics.ModeProportional:
		return points + " per " + httpapi.Money(r.Per, w.book.Currency) + ", in proportion"
	case topics.ModeQuantity:
		if r.Per > 1 {
			return fmt.Sprintf("%s for every %d", points, r.Per)
		}
		return points + " each"
	case topics.ModeFixed:
		return points
	}
	return fmt.Sprintf("%s %s per %d", r.Mode, points, r.Per)
}

// pointCost is a rate of minor units, which may be less than one: exact, in the smallest unit.
func (w writer) pointCost() string {
	return w.book.PointCost.String() + " of the smallest unit of " + w.book.Currency
}

func maximum(r topics.Ratio) string {
	if r == topics.NoMaximum() {
		return "none"
	}
	return "×" + r.String()
}

func percent(n uint32) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(int(n)) + " %"
}

func count(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.FormatInt(n, 10) + " " + noun + "s"
}

// within spells how old a share may be; nothing of a rule that is not for sharers.
func within(d time.Duration) string {
	switch {
	case d == 0:
		return ""
	case d%(24*time.Hour) == 0:
		return count(int64(d/(24*time.Hour)), "day")
	case d%time.Hour == 0:
		return count(int64(d/time.Hour), "hour")
	}
	return count(int64(d/time.Minute), "minute")
}
