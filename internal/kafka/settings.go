package kafka

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"jifen/topics"
)

// settingsID is the transactional id of whoever sets settings: there is one at a time.
const settingsID = "jifen.settings"

var (
	// ErrSettingsUnread says that the settings topic has not been read yet.
	ErrSettingsUnread = errors.New("the settings topic has not been read yet")
	// ErrRevision says that the settings are not, or no longer, of the revision that was to be changed.
	ErrRevision = errors.New("the settings are of another revision")
)

// Settings follows the settings topic. While the brokers are away, what was read last counts.
type Settings struct {
	Config Config

	mu      sync.Mutex
	current topics.SettingsVersion
	read    bool
}

// Current are the settings in force; the defaults where none were set; ErrSettingsUnread before the first reading.
func (s *Settings) Current() (topics.SettingsVersion, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.read {
		return topics.SettingsVersion{}, ErrSettingsUnread
	}
	return s.current, nil
}

// Run reads until ctx ends.
func (s *Settings) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		err := followOne(ctx, s.Config, topics.SettingsV1, func() { s.take(topics.SettingsVersion{Settings: topics.DefaultSettings()}) }, func(rec *kgo.Record) {
			if v, ok := settingsIn(rec); ok {
				s.take(v)
			}
		})
		if err != nil && ctx.Err() == nil {
			slog.Warn("settings topic", "error", err)
			sleep(ctx, time.Second)
		}
	}
	return nil
}

// take takes settings over that are newer than those held, or the first.
func (s *Settings) take(v topics.SettingsVersion) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v.Revision > s.current.Revision || s.current.Revision == 0 && v.Revision == 0 {
		s.current = v
	}
	s.read = s.read || v.Revision == 0 // the end was reached
}

// settingsIn are those of a record. What cannot be read was not written by us; it is named and left out.
func settingsIn(rec *kgo.Record) (topics.SettingsVersion, bool) {
	var v topics.SettingsVersion
	if err := json.Unmarshal(rec.Value, &v); err != nil || string(rec.Key) != topics.SettingsKey {
		slog.Error("settings cannot be read", "offset", rec.Offset, "error", err)
		return v, false
	}
	return v, true
}

// ReadSettings are the settings at the topic's present end.
func ReadSettings(ctx context.Context, c Config) (topics.SettingsVersion, error) {
	current := topics.SettingsVersion{Settings: topics.DefaultSettings()}
	err := Read(ctx, c, topics.SettingsV1, 0, 0, func(r *topics.Record, _ time.Time) error {
		if v, ok := settingsIn(&kgo.Record{Key: r.Key, Value: r.Value, Offset: r.Offset}); ok {
			current = v
		}
		return nil
	})
	return current, err
}

// Set changes the settings of a revision, of whatever revision when it is below 0, in one transaction with what follows
// from the change. Of two that change at once one gets ErrRevision, or fails. Settings that are the same are left alone.
func (s *Settings) Set(ctx context.Context, revision int64, next topics.SettingsVersion, follows func(before, after topics.SettingsVersion) ([]topics.Record, error)) (topics.SettingsVersion, error) {
	client, err := takeOver(ctx, s.Config, settingsID)
	if err != nil {
		return next, err
	}
	defer client.Close()
	before, err := ReadSettings(ctx, s.Config)
	if err != nil {
		return next, err
	}
	if revision >= 0 && revision != before.Revision {
		return before, ErrRevision
	}
	next.Revision = before.Revision + 1
	value, err := json.Marshal(next)
	if err != nil {
		return next, fmt.Errorf("settings: %w", err)
	}
	records, err := follows(before, next)
	if err != nil {
		return next, err
	}
	records = append(records, topics.Record{Topic: topics.SettingsV1, Key: []byte(topics.SettingsKey), Value: value})
	if err := transact(ctx, client, "settings", records); err != nil {
		return next, fmt.Errorf("settings: %w", err)
	}
	s.take(next)
	return next, nil
}
