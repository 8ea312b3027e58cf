// Package redisstore is the door to Redis: the states of every shard, written once per batch by the shard's owner.
//
// Redis is a fold of the ledger and never the truth: `applied` says up to where, and a reader that finds it behind
// waits or rebuilds. Values are in codec.go, keys in keys.go, the Functions of the inboxes in functions/inbox.lua.
package redisstore

import (
	"context"
	"crypto/tls"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

//go:embed functions/inbox.lua
var functions string

// Config says where Redis is and how to get in.
type Config struct {
	Addrs    []string
	Username string
	Password string
	DB       int
	Cluster  bool
	TLS      *tls.Config // nil: plain
}

// Store reads and writes states.
type Store struct {
	client redis.UniversalClient
	codec  codec
	config Config
	rooms  chan []byte // what values were written into, to be used again
}

// Errors of the store.
var (
	ErrGap      = errors.New("redis holds other states than those before this batch")
	ErrNotFound = errors.New("no such state")
)

// words hands what the client says of its connections to our log: it is the caller's error that tells what failed.
type words struct{}

func (words) Printf(_ context.Context, format string, v ...any) {
	slog.Debug(fmt.Sprintf(format, v...), "part", "redis")
}

// Open makes a store; it does not talk to Redis yet.
func Open(c Config) (*Store, error) {
	redis.SetLogger(words{})
	codec, err := newCodec()
	if err != nil {
		return nil, err
	}
	client := redis.NewUniversalClient(&redis.UniversalOptions{
		Addrs: c.Addrs, Username: c.Username, Password: c.Password, DB: c.DB, IsClusterMode: c.Cluster, TLSConfig: c.TLS,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
		ReadTimeout:              10 * time.Second, WriteTimeout: 10 * time.Second, DialTimeout: 2 * time.Second, MaxRetries: 1,
	})
	return &Store{client: client, codec: codec, config: c, rooms: make(chan []byte, applyAtOnce)}, nil
}

// Close ends the connections.
func (s *Store) Close() error {
	if err := s.client.Close(); err != nil {
		return fmt.Errorf("close redis: %w", err)
	}
	return nil
}

// Ready checks that Redis answers, evicts nothing, and knows our Functions, which it loads where they are missing.
func (s *Store) Ready(ctx context.Context) error {
	policy, err := s.client.ConfigGet(ctx, "maxmemory-policy").Result()
	if err != nil {
		return fmt.Errorf("redis at %s: %w", strings.Join(s.config.Addrs, ","), err)
	}
	if p := policy["maxmemory-policy"]; p != "" && p != "noeviction" {
		return fmt.Errorf("redis at %s has maxmemory-policy %s; states may not be evicted: set noeviction", strings.Join(s.config.Addrs, ","), p)
	}
	return s.load(ctx)
}

// load puts our Functions on every master.
func (s *Store) load(ctx context.Context) error {
	one := func(ctx context.Context, c redis.UniversalClient) error {
		return c.FunctionLoadReplace(ctx, functions).Err()
	}
	var err error
	if c, ok := s.client.(*redis.ClusterClient); ok {
		err = c.ForEachMaster(ctx, func(ctx context.Context, n *redis.Client) error { return one(ctx, n) })
	} else {
		err = one(ctx, s.client)
	}
	if err != nil {
		return fmt.Errorf("load redis functions at %s: %w", strings.Join(s.config.Addrs, ","), err)
	}
	return nil
}

// pipeline sends calls of Functions in one round trip, once more after loading the Functions into a Redis that came up empty.
func (s *Store) pipeline(ctx context.Context, commands func(redis.Pipeliner) []*redis.Cmd) ([]*redis.Cmd, error) {
	for attempt := 0; ; attempt++ {
		p := s.client.Pipeline()
		cmds := commands(p)
		_, err := p.Exec(ctx)
		if err == nil {
			return cmds, nil
		}
		if attempt > 0 || !missesFunctions(err) {
			return nil, fmt.Errorf("redis: %w", err)
		}
		if err := s.load(ctx); err != nil {
			return nil, err
		}
	}
}

func missesFunctions(err error) bool { return strings.Contains(err.Error(), "Function not found") }
