package main

import (
	"context"
	"slices"
	"strings"

	"jifen/internal/httpapi"
	"jifen/internal/kafka"
	"jifen/topics"
)

// deadLetters are the dead letters of all topics, for the API.
type deadLetters struct{ *ports }

// letterID names a dead letter in a URL: topic:partition:offset, without what its topics have in common.
func letterID(place string) string {
	return strings.ReplaceAll(strings.TrimPrefix(place, topics.DeadLetterPrefix), "/", ":")
}

// letterPlace is letterID backwards.
func letterPlace(id string) string {
	return topics.DeadLetterPrefix + strings.ReplaceAll(id, ":", "/")
}

// DeadLetters implements httpapi.DeadLetters.
func (d *deadLetters) DeadLetters(ctx context.Context, q httpapi.LetterQuery) (httpapi.LetterPage, error) {
	var page httpapi.LetterPage
	sources, err := kafka.DeadLetterTopics()
	if err != nil {
		return page, err
	}
	if q.Topic != "" {
		sources = slices.DeleteFunc(sources, func(s string) bool { return s != topics.DeadLetterPrefix+q.Topic })
	}
	if len(sources) == 0 {
		return page, nil // of no such topic
	}
	listed, next, err := kafka.NewestLetters(ctx, d.kafka, sources, q.From, q.Limit, func(l *topics.Letter) bool {
		return q.Reason == "" || string(l.Reason) == q.Reason
	})
	if err != nil {
		return page, unavailable(err)
	}
	marks, err := kafka.ReadReplays(ctx, d.kafka)
	if err != nil {
		return page, unavailable(err)
	}
	page.Next = next
	for i := range listed {
		l := &listed[i]
		page.Letters = append(page.Letters, httpapi.DeadLetter{
			ID: letterID(l.Place), Topic: l.Original.Topic, Partition: l.Partition, Offset: l.Offset, At: l.At, Reason: string(l.Reason), Message: l.Message,
			Group: l.Group, Key: l.Original.Key, Value: l.Original.Value, Bytes: l.Bytes, State: marks.State(l.Place), Again: l.Again,
		})
	}
	return page, nil
}

// letterMissing is the fate of a dead letter that is not there, or no longer.
const letterMissing = "not_found"

// ReplayLetters implements httpapi.DeadLetters, as `jifen replay dlq` does it.
func (d *deadLetters) ReplayLetters(ctx context.Context, ids []string) ([]httpapi.LetterFate, error) {
	sources, err := kafka.DeadLetterTopics()
	if err != nil {
		return nil, err
	}
	d.marking.Lock()
	defer d.marking.Unlock()
	replays, err := kafka.OpenReplays(ctx, d.kafka)
	if err != nil {
		return nil, unavailable(err)
	}
	defer replays.Close()
	run := replayRun{flags: &replayFlags{}, replays: replays, marks: replays.Marks()}
	fates := make([]httpapi.LetterFate, 0, len(ids))
	asked := map[string]bool{}
	for _, id := range ids {
		place := letterPlace(id)
		topic, _, _ := strings.Cut(place, "/")
		fate := letterMissing
		if slices.Contains(sources, topic) {
			letter, _, err := kafka.ReadLetter(ctx, d.kafka, place)
			if err != nil {
				return nil, unavailable(err)
			}
			if letter != nil {
				fate = run.flags.fate(letter, run.marks.State(place))
			}
			if asked[place] && fate == letterReplay {
				fate = letterDone
			}
			if fate == letterReplay {
				if err := run.bring(ctx, letter); err != nil {
					return nil, unavailable(err)
				}
				asked[place], fate = true, kafka.LetterReplayed
			}
		}
		fates = append(fates, httpapi.LetterFate{ID: id, Fate: fate})
	}
	if err := run.flush(ctx); err != nil {
		return nil, unavailable(err)
	}
	return fates, nil
}
