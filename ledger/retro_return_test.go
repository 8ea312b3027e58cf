package ledger_test

import (
	"testing"

	"jifen/ledger"
	"jifen/topics"
)

// TestUndoneRunGivesBackWithTheConfiguredGrace, as the return of a redemption does (§4); 0 = dead on arrival.
func TestUndoneRunGivesBackWithTheConfiguredGrace(t *testing.T) {
	const day = 24 * 60 * 60 * 1000
	for grace, want := range map[int64]ledger.Balance{3 * day: {Available: 100}, 0: {Available: 90}} {
		s := open(t, "2025-05-26 11:00:00")
		s.grace = &grace
		paid := s.event("m", "O", line{net: 10000, per: 1000})
		s.credit(paid)
		s.at("2026-05-26 11:00:00").spend("m", "cup", 10)
		s.gift("m", "g", 100)
		s.version("x")
		s.at("2026-06-10 11:00:00").retro("less", under("x", paid, nil), false)
		equal(t, "taken", s.balance("m"), ledger.Balance{Available: 90})
		s.retro("less", under("x", paid, nil), true)
		equal(t, "given back", s.balance("m"), want)
		equal(t, "after the grace", s.at("2026-06-13 11:00:00").balance("m"), ledger.Balance{Available: 90})
		s.replayed()
	}
}

// TestAReturnAfterARunGivesCapAndLimitBack: what the rule's own award had used of them (§4's law); an undone run changes
// nothing about that.
func TestAReturnAfterARunGivesCapAndLimitBack(t *testing.T) {
	for _, undo := range []bool{false, true} {
		s := open(t, "2026-05-26 11:00:00").bounded("per-1000", topics.Cap{Points: 100, Per: topics.PerEver}, topics.Limit{Times: 1, Per: topics.PerEver})
		paid := s.event("m", "O", line{net: 10000, per: 1000})
		s.credit(paid)
		s.version("x")
		run := under("x", paid, map[string]int64{"per-1000": 500})
		equal(t, "run", s.retro("R", run, false), ledger.Applied)
		if undo {
			s.retro("R", run, true)
		}
		s.refund("m", "O", "back", 10000)
		equal(t, "balance", s.balance("m"), ledger.Balance{})
		equal(t, "uses", len(s.world.Member("m").Uses), 0)
		s.replayed()
	}
}
