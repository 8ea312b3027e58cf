package rulefile

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"jifen/topics"
)

// Notice is how far ahead a later version must start: more than the clock skew that events may have, so that no event is
// decided under one version and repeated under another.
const Notice = 10 * time.Minute

// The reasons why a version is not published.
var (
	ErrChanged = errors.New("the version is published with other content, and a published version never changes")
	ErrTooSoon = errors.New("a later version must start at least 10 minutes ahead")
)

// CheckPublish says whether a version may be published beside existing ones at now. Publishing the same content again is
// allowed and changes nothing; the first version may start in the past. The error wraps ErrChanged or ErrTooSoon.
func CheckPublish(book *topics.Rulebook, existing topics.Books, now time.Time) error {
	if old := existing.Version(book.Version); old != nil {
		same, err := sameContent(old, book)
		if err != nil {
			return err
		}
		if !same {
			return fmt.Errorf("rulebook %s %s: %w: give it a new version", book.Name, book.Version, ErrChanged)
		}
		return nil
	}
	if len(existing) > 0 && book.From.Before(now.Add(Notice)) {
		return fmt.Errorf("rulebook %s %s starts at %s: %w, at %s or later", book.Name, book.Version,
			book.From.Format(time.RFC3339), ErrTooSoon, now.Add(Notice).In(book.From.Location()).Format(time.RFC3339))
	}
	return nil
}

// sameContent compares what two versions mean: instants whatever their offset, zones by name.
func sameContent(a, b *topics.Rulebook) (bool, error) {
	x, err := content(a)
	if err != nil {
		return false, err
	}
	y, err := content(b)
	return x == y, err
}

func content(b *topics.Rulebook) (string, error) {
	c := *b
	zone := c.Zone.String()
	c.Zone, c.From = nil, c.From.UTC()
	c.Campaigns = append([]topics.Campaign(nil), c.Campaigns...)
	for i := range c.Campaigns {
		c.Campaigns[i].From, c.Campaigns[i].To = c.Campaigns[i].From.UTC(), c.Campaigns[i].To.UTC()
	}
	text, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("compare rulebook %s: %w", b.Version, err)
	}
	return zone + string(text), nil
}
