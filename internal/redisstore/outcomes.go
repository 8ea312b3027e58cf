package redisstore

import (
	"context"
	"fmt"
)

// Publish tells the API instances that redemptions have been decided. It is a hint; a failure costs only time.
func (s *Store) Publish(ctx context.Context, redemptions []string) error {
	if len(redemptions) == 0 {
		return nil
	}
	p := s.client.Pipeline()
	for _, id := range redemptions {
		p.Publish(ctx, outcomes, id)
	}
	if _, err := p.Exec(ctx); err != nil {
		return fmt.Errorf("publish outcomes: %w", err)
	}
	return nil
}

// Outcomes listens for decided redemptions until ctx ends, calling tell for each.
func (s *Store) Outcomes(ctx context.Context, tell func(redemption string)) {
	sub := s.client.Subscribe(ctx, outcomes)
	defer func() { _ = sub.Close() }()
	messages := sub.Channel()
	for {
		select {
		case <-ctx.Done():
			return
		case m, ok := <-messages:
			if !ok {
				return
			}
			tell(m.Payload)
		}
	}
}
