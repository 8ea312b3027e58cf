package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"jifen/internal/httpapi"
	"jifen/internal/kafka"
	"jifen/topics"
)

// settingsPort answers from the settings topic.
type settingsPort struct {
	*app
	topic *kafka.Settings
}

// Settings are those in force.
func (p *settingsPort) Settings(context.Context) (topics.SettingsVersion, error) {
	v, err := p.topic.Current()
	if err != nil {
		return v, fmt.Errorf("%w: %w", httpapi.ErrUnavailable, err)
	}
	return v, nil
}

// SetSettings changes the settings of a revision, and tells auditors.
func (p *settingsPort) SetSettings(ctx context.Context, revision int64, actor string, next topics.Settings) (topics.SettingsVersion, error) {
	v, err := p.setSettings(ctx, p.topic, revision, actor, next)
	switch {
	case errors.Is(err, kafka.ErrRevision):
		return v, httpapi.ErrChanged
	case err != nil:
		return v, fmt.Errorf("%w: %w", httpapi.ErrUnavailable, err)
	}
	return v, nil
}

// setSettings sets settings, of whatever revision when it is below 0, with the audit record in one transaction.
func (a *app) setSettings(ctx context.Context, topic *kafka.Settings, revision int64, actor string, next topics.Settings) (topics.SettingsVersion, error) {
	v := topics.SettingsVersion{By: actor, At: a.clock().UTC(), Settings: next}
	return topic.Set(ctx, revision, v, func(before, after topics.SettingsVersion) ([]topics.Record, error) {
		change := topics.AuditedChange{By: actor, What: "settings", Outcome: "applied", At: after.At, Of: fmt.Sprint("revision ", after.Revision)}
		var err error
		if change.Before, err = json.Marshal(before.Settings); err != nil {
			return nil, fmt.Errorf("settings: %w", err)
		}
		if change.After, err = json.Marshal(after.Settings); err != nil {
			return nil, fmt.Errorf("settings: %w", err)
		}
		record, err := change.Record()
		return []topics.Record{record}, err
	})
}
