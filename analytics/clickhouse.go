// Package analytics feeds ClickHouse with the ledger and the shops' events, and asks it: a member's history, the sums of
// the audit, and the views that analysts rely on (docs/reference/views.md).
//
//	in:     points.ledger.v1 (read committed) shop.*
//	out:    tables ledger, shop_events, rulebooks; views v_*
//	state:  the tables themselves: the feed goes on after what they hold
//	repeat: safe, a block that was inserted is dropped by its positions, by its token, or by its key
//
// No decision and no balance reads ClickHouse. It is the only importer of clickhouse-go and goose.
package analytics

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Config is where ClickHouse is and how it knows us.
type Config struct {
	DSN      string // clickhouse://host:9000/jifen (native) or http://host:8123/jifen; compress=lz4|zstd|none may follow
	User     string // wins over the DSN's; empty: the DSN's, or default
	Password string
	TLS      *tls.Config // nil: as the DSN says
	Zone     string      // program time zone, an IANA name; empty: Asia/Shanghai
	Shards   int         // S: narrows a member's history to its shard; 0: not known
}

// database holds the tables, unless the DSN names another one.
const database = "jifen"

// Store is the door to ClickHouse. It may be used by several goroutines.
type Store struct {
	conn   driver.Conn
	shards int
	http   bool

	mu         sync.Mutex // guards what follows; held over an insert, so that inserts of one process have an order
	ledger     map[int32]Position
	shop       map[string]map[int32]int64
	erased     map[string]struct{} // members of whom no events are inserted
	erasing    bool                // some of them were noted since forget was told
	forget     chan struct{}       // somebody was erased of whom there may be events
	order      order               // of an insert's records
	piece      proto.Buffer        // of an insert over HTTP, used again
	compressor *compress.Writer    // nil: inserts over HTTP are not compressed
}

// Open makes a store. It connects when first used, so a ClickHouse that is down shows up in the first call; see Ping.
func Open(_ context.Context, c Config) (*Store, error) {
	o, err := c.options()
	if err != nil {
		return nil, err
	}
	conn, err := clickhouse.Open(o)
	if err != nil {
		return nil, fmt.Errorf("open ClickHouse: %w", err)
	}
	s := &Store{
		conn: conn, shards: c.Shards, http: o.Protocol == clickhouse.HTTP, erased: map[string]struct{}{}, forget: make(chan struct{}, 1),
	}
	switch {
	case o.Compression == nil:
	case o.Compression.Method == clickhouse.CompressionLZ4:
		s.compressor = compress.NewWriter(compress.LevelZero, compress.LZ4)
	case o.Compression.Method == clickhouse.CompressionZSTD:
		s.compressor = compress.NewWriter(compress.LevelZero, compress.ZSTD)
	}
	return s, nil
}

// Ping asks whether ClickHouse answers.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.conn.Ping(ctx); err != nil {
		return fmt.Errorf("ping ClickHouse: %w", err)
	}
	return nil
}

// Close ends the connections.
func (s *Store) Close() error {
	if err := s.conn.Close(); err != nil {
		return fmt.Errorf("close ClickHouse: %w", err)
	}
	return nil
}

func (c Config) options() (*clickhouse.Options, error) {
	o, err := clickhouse.ParseDSN(c.DSN)
	if err != nil {
		return nil, fmt.Errorf("ClickHouse DSN: %w", err)
	}
	if len(o.Addr) == 0 || o.Addr[0] == "" {
		return nil, errors.New("ClickHouse DSN: no host")
	}
	if c.User != "" {
		o.Auth.Username = c.User
	}
	if c.Password != "" {
		o.Auth.Password = c.Password
	}
	if c.TLS != nil {
		o.TLS = c.TLS
	}
	if o.Auth.Database == "" {
		o.Auth.Database = database
	}
	if o.Compression == nil && !loopback(o.Addr) {
		o.Compression = &clickhouse.Compression{Method: clickhouse.CompressionLZ4}
	}
	if o.DialTimeout == 0 {
		o.DialTimeout = 5 * time.Second
	}
	// A piece goes out in one call; with the client's 4 kB it takes three.
	o.TransportFunc = func(t *http.Transport) (http.RoundTripper, error) {
		t.WriteBufferSize = 2 * pieceBytes
		return t, nil
	}
	return o, nil
}

// loopback says that every address is this machine: compressing for it costs more than it saves.
func loopback(addrs []string) bool {
	for _, addr := range addrs {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			host = addr
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return false
		}
	}
	return true
}

// zone is the program's time zone.
func (c Config) zone() (string, error) {
	if c.Zone == "" {
		return "Asia/Shanghai", nil
	}
	if _, err := time.LoadLocation(c.Zone); err != nil || c.Zone == "Local" {
		return "", fmt.Errorf("time zone %q is not an IANA name", c.Zone)
	}
	return c.Zone, nil
}
