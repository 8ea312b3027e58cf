package kafka

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"jifen/topics"
)

// Declared is one topic of topics.yaml.
type Declared struct {
	Name        string `yaml:"name" json:"name"`
	Key         string `yaml:"key" json:"key"`
	Partitions  string `yaml:"partitions" json:"partitions"`
	Cleanup     string `yaml:"cleanup" json:"cleanup"`
	RetentionMS int64  `yaml:"retention_ms" json:"retention_ms"`
	DeadLetters bool   `yaml:"dead_letters" json:"dead_letters"`
	BatchMax    int64  `yaml:"batch_bytes_max" json:"batch_bytes_max,omitempty"` // 0: the broker's default
	Timestamps  string `yaml:"timestamps" json:"timestamps,omitempty"`           // broker; empty: the producer's
	// Of compacted topics, 0: the broker's default.
	SegmentMS    int64 `yaml:"segment_ms" json:"segment_ms,omitempty"`
	CompactionMS int64 `yaml:"compaction_lag_ms_max" json:"compaction_lag_ms_max,omitempty"`
	TombstoneMS  int64 `yaml:"tombstone_ms" json:"tombstone_ms,omitempty"`
}

// Declare reads topics.yaml: the topics in flow order, dead-letter topics after their sources.
func Declare(shards int) ([]Declared, error) {
	var file struct {
		Topics []Declared `yaml:"topics"`
	}
	if err := yaml.Unmarshal(topics.Declarations, &file); err != nil {
		return nil, fmt.Errorf("topics.yaml: %w", err)
	}
	var out []Declared
	for _, d := range file.Topics {
		if d.Partitions == "shards" {
			d.Partitions = strconv.Itoa(shards)
		}
		out = append(out, d)
		if d.DeadLetters {
			out = append(out, Declared{
				Name: topics.DeadLetterPrefix + d.Name, Key: d.Key, Partitions: d.Partitions, Cleanup: "delete", RetentionMS: 30 * 24 * 3600 * 1000,
				BatchMax: batchBytesMax,
			})
		}
	}
	return out, nil
}

// Step is what has to be done to one topic.
type Step struct {
	Topic      string `json:"topic"`
	Action     string `json:"action"`
	Partitions int    `json:"partitions"`
	Why        string `json:"why,omitempty"`

	settings []kadm.AlterConfig
	loses    bool // what must be kept
}

// What is done to a topic; a wrong one, nobody but its owner can mend.
const (
	actionCreate = "create"
	actionAlter  = "alter"
	actionKeep   = "keep"
	actionWrong  = "wrong"
)

// Plan compares the declared topics with those that exist. It never deletes.
func Plan(ctx context.Context, c Config, shards int) ([]Step, error) {
	declared, err := Declare(shards)
	if err != nil {
		return nil, err
	}
	admin, err := newAdmin(c)
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	exist, err := admin.ListTopics(ctx)
	if err != nil {
		return nil, fmt.Errorf("list topics: %w", err)
	}
	var steps []Step
	for _, d := range declared {
		n, err := strconv.Atoi(d.Partitions)
		if err != nil {
			return nil, fmt.Errorf("topics.yaml: partitions of %s: %w", d.Name, err)
		}
		s := Step{Topic: d.Name, Action: actionCreate, Partitions: n}
		if t, ok := exist[d.Name]; ok && t.Err == nil {
			s.Action, s.Partitions = actionKeep, len(t.Partitions)
			if internal(d.Name) && len(t.Partitions) != n {
				s.Action, s.Why = actionWrong, fmt.Sprintf("has %d partitions, this installation has %d shards", len(t.Partitions), n)
			}
		}
		steps = append(steps, s)
	}
	return steps, compare(ctx, admin, declared, steps)
}

// internal topics are partitioned by shard, or have one partition; those of the shops have what their owner gave them.
func internal(topic string) bool {
	switch topic {
	case topics.Credits, topics.Requests, topics.Ledger, topics.RulebookV1, topics.Replays, topics.Runs, topics.SettingsV1, topics.Contacts, topics.MemberKeys, topics.Ratings:
		return true
	}
	return false
}

// Apply creates what Plan says is missing and sets what differs, and fails where something is wrong. It returns when the new
// topics can be used.
func Apply(ctx context.Context, c Config, shards int) ([]Step, error) {
	steps, err := Plan(ctx, c, shards)
	if err != nil {
		return nil, err
	}
	declared, err := Declare(shards)
	if err != nil {
		return nil, err
	}
	admin, err := newAdmin(c)
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	if i := slices.IndexFunc(steps, func(s Step) bool { return s.Action == actionWrong }); i >= 0 {
		return steps, fmt.Errorf("topic %s: %s", steps[i].Topic, steps[i].Why)
	}
	var created []string
	for i, s := range steps {
		switch s.Action {
		case actionCreate:
			made, err := admin.CreateTopic(ctx, int32(s.Partitions), -1, declared[i].configs(), s.Topic)
			if err == nil {
				err = made.Err
			}
			if err != nil {
				return steps, fmt.Errorf("create topic %s: %w", s.Topic, err)
			}
			created = append(created, s.Topic)
		case actionAlter:
			if err := s.alter(ctx, admin); err != nil {
				return steps, err
			}
		}
	}
	return steps, lead(ctx, admin, created)
}

// leadWait is how long the partitions of new topics may take to get their leaders.
const leadWait = 30 * time.Second

// lead waits until every partition of topics has a leader that answers: brokers say that a topic was created earlier.
func lead(ctx context.Context, admin *kadm.Client, names []string) error {
	if len(names) == 0 {
		return nil
	}
	ctx, done := context.WithTimeout(ctx, leadWait)
	defer done()
	for {
		listed, err := admin.ListEndOffsets(ctx, names...)
		if err == nil {
			err = listed.Error()
		}
		if err == nil {
			return nil
		}
		if sleep(ctx, 100*time.Millisecond); ctx.Err() != nil {
			return fmt.Errorf("new topics cannot be used yet: %w", err)
		}
	}
}

// configs are a topic's settings, in the brokers' names.
func (d *Declared) configs() map[string]*string {
	out := map[string]*string{}
	set := func(name, value string) { out[name] = &value }
	set("cleanup.policy", d.Cleanup)
	set("retention.ms", strconv.FormatInt(d.RetentionMS, 10))
	if d.RetentionMS < 0 {
		set("retention.bytes", "-1") // whatever the brokers' default is
	}
	if d.BatchMax > 0 {
		set("max.message.bytes", strconv.FormatInt(d.BatchMax, 10))
	}
	for name, ms := range map[string]int64{"segment.ms": d.SegmentMS, "max.compaction.lag.ms": d.CompactionMS, "delete.retention.ms": d.TombstoneMS} {
		if ms > 0 {
			set(name, strconv.FormatInt(ms, 10))
		}
	}
	if d.Timestamps == "broker" {
		set("message.timestamp.type", "LogAppendTime")
	}
	return out
}

// Check refuses an installation whose topics are missing, have another number of shards, or lose what must be kept.
func Check(ctx context.Context, c Config, shards int) error {
	steps, err := Plan(ctx, c, shards)
	if err != nil {
		return err
	}
	for _, s := range steps {
		if err := s.check(); err != nil {
			return err
		}
	}
	return nil
}

func (s *Step) check() error {
	switch {
	case s.Action == actionCreate:
		return fmt.Errorf("topic %s does not exist: `jifen topics apply` makes it", s.Topic)
	case s.Action == actionWrong:
		return fmt.Errorf("topic %s: %s", s.Topic, s.Why)
	case s.loses:
		return fmt.Errorf("topic %s: %s, or its records are lost: `jifen topics apply` sets it", s.Topic, s.Why)
	case s.Action == actionAlter:
		slog.Warn("a topic is not set as declared", "topic", s.Topic, "why", s.Why)
	}
	return nil
}

func newAdmin(c Config) (*kadm.Client, error) {
	client, err := kgo.NewClient(c.options()...)
	if err != nil {
		return nil, fmt.Errorf("kafka admin: %w", err)
	}
	return kadm.NewClient(client), nil
}
