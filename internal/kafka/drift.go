package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"

	"jifen/topics"
)

// compare notes on the steps of topics that are kept which of their settings are not those declared. Those of a shop's topics
// are its own affair. Where they may not be read, each step says so, and stays as it is.
func compare(ctx context.Context, admin *kadm.Client, declared []Declared, steps []Step) error {
	at := map[string]int{}
	for i, s := range steps {
		if s.Action == actionKeep && !slices.Contains(topics.Shop(), s.Topic) {
			at[s.Topic] = i
		}
	}
	all, err := admin.DescribeTopicConfigs(ctx, slices.Sorted(maps.Keys(at))...)
	var denied *kadm.AuthError
	if errors.As(err, &denied) {
		slog.Warn("settings of topics cannot be compared with those declared", "error", err)
		for _, i := range at {
			steps[i].Why = fmt.Sprintf("settings cannot be compared: %v", denied.Err)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("describe topics: %w", err)
	}
	for _, r := range all {
		i, ok := at[r.Name]
		if !ok || r.Err != nil { // deleted just now
			continue
		}
		steps[i].drift(&declared[i], r.Configs)
	}
	return nil
}

// drift notes what is set otherwise than declared, in the order of its name.
func (s *Step) drift(d *Declared, has []kadm.Config) {
	want := d.configs()
	var why []string
	slices.SortFunc(has, func(a, b kadm.Config) int { return strings.Compare(a.Key, b.Key) })
	for _, c := range has {
		value, declared := want[c.Key]
		if !declared || c.Value == nil || *c.Value == *value {
			continue
		}
		s.Action = actionAlter
		why = append(why, fmt.Sprintf("%s is %s and should be %s", c.Key, *c.Value, *value))
		kept := d.RetentionMS < 0 && d.Cleanup == "delete" // where only the retention says for how long
		s.loses = s.loses || c.Key == "cleanup.policy" || kept && strings.HasPrefix(c.Key, "retention.")
		s.settings = append(s.settings, kadm.AlterConfig{Op: kadm.SetConfig, Name: c.Key, Value: value})
	}
	s.Why = strings.Join(why, ", ")
}

// alter sets what differs.
func (s *Step) alter(ctx context.Context, admin *kadm.Client) error {
	done, err := admin.AlterTopicConfigs(ctx, s.settings, s.Topic)
	if err == nil {
		_, err = done.On(s.Topic, func(r *kadm.AlterConfigsResponse) error { return r.Err })
	}
	if err != nil {
		return fmt.Errorf("alter topic %s: %w", s.Topic, err)
	}
	return nil
}
