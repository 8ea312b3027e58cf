package analytics

import (
	"context"
	"fmt"
	"time"

	"jifen/topics"
)

// RuleRow is a rule of a published version of the rulebook, as analysts see it.
type RuleRow struct {
	Name, Version, Rule string
	EffectiveFrom       time.Time
	EventType           string
	HoldoutPercent      uint8
	PointCost           topics.Ratio // minor units; the zero value: not known
}

// InsertRules writes the rules of published versions; writing them again changes nothing that a view shows.
func (s *Store) InsertRules(ctx context.Context, rules []RuleRow) error {
	if len(rules) == 0 {
		return nil
	}
	batch, err := s.conn.PrepareBatch(ctx, `INSERT INTO rulebooks
	(version, rule, name, effective_from, event_type, holdout_percent, point_cost_num, point_cost_den)`)
	if err != nil {
		return fmt.Errorf("insert rules: %w", err)
	}
	defer func() { _ = batch.Close() }()
	for _, r := range rules {
		if err := batch.Append(r.Version, r.Rule, r.Name, r.EffectiveFrom, r.EventType, r.HoldoutPercent, r.PointCost.Num, r.PointCost.Den); err != nil {
			return fmt.Errorf("insert rule %s@%s: %w", r.Rule, r.Version, err)
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("insert rules: %w", err)
	}
	return nil
}
