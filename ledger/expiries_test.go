package ledger_test

import (
	"fmt"
	"testing"
	"time"

	"jifen/ledger"
	"jifen/topics"
)

// TestNextExpiriesAreOfWhatCanBeSpent: soonest first, one for each instant; neither frozen nor pending points, nor those that
// never expire (interfaces.md, GET /v1/me/balance).
func TestNextExpiriesAreOfWhatCanBeSpent(t *testing.T) {
	s := open(t, "2026-03-01 10:00:00").wait(500, topics.Pending{Days: 7}, nil).wait(100, topics.Pending{Completed: true}, nil)
	s.gift("m", "a", 10)
	s.gift("m", "b", 20)
	s.at("2026-03-02 10:00:00").gift("m", "c", 40)
	s.at("2026-03-03 10:00:00").order("m", "O", line{net: 1000, per: 500}, line{net: 1000, per: 100})
	equal(t, "frozen", s.freeze("m", "f", 3), ledger.Applied)
	s.book.Validity = topics.Validity{}
	s.gift("m", "never", 80)
	got := func() string {
		text := ""
		s.advance("m")
		for _, x := range s.world.Member("m").NextExpiries(s.now.UnixMilli(), 10) {
			text += fmt.Sprint(x.Points, " ", time.UnixMilli(x.At).In(s.book.Zone).Format(time.DateOnly), "; ")
		}
		return text
	}
	equal(t, "now", got(), "30 2027-03-02; ")
	s.at("2026-03-10 10:00:00")
	equal(t, "once the window is over", got(), "30 2027-03-02; 2 2027-03-11; ")
	s.spend("m", "r", 25)
	equal(t, "after spending", got(), "5 2027-03-02; 2 2027-03-11; ")
	equal(t, "at most", len(s.world.Member("m").NextExpiries(s.now.UnixMilli(), 1)), 1)
	s.at("2027-03-02 00:00:00")
	equal(t, "after the first", got(), "2 2027-03-11; ")
}
