package analytics

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// Position is how far the table ledger is in one shard.
type Position struct {
	Seq    uint64 // of the last entry; 0: none
	Offset int64  // of its record; -1: none
}

// LedgerRecord is one entry as it stands in points.ledger.v1.
type LedgerRecord struct {
	Shard  int32
	Offset int64
	Entry  *pointspb.Entry
}

// ErrBroken says that records cannot become rows whatever one does: a gap in a shard's seq, or an entry that cannot be
// decoded. The feed stops at it: going on would leave a hole behind max(seq) for ever.
var ErrBroken = errors.New("the ledger cannot be fed")

// LedgerPositions asks the table how far it is in each shard: the feed reads on after them (I14). Shards without rows are missing.
func (s *Store) LedgerPositions(ctx context.Context) (map[int32]Position, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.loadLedger(ctx); err != nil {
		return nil, err
	}
	return maps.Clone(s.ledger), nil
}

func (s *Store) loadLedger(ctx context.Context) error {
	rows, err := s.conn.Query(ctx, "SELECT toInt32(shard), max(seq), argMax(record_offset, seq) FROM ledger GROUP BY shard")
	if err != nil {
		return fmt.Errorf("positions of the ledger: %w", err)
	}
	defer func() { _ = rows.Close() }()
	positions := map[int32]Position{}
	for rows.Next() {
		var shard int32
		var p Position
		if err := rows.Scan(&shard, &p.Seq, &p.Offset); err != nil {
			return fmt.Errorf("positions of the ledger: %w", err)
		}
		positions[shard] = p
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("positions of the ledger: %w", err)
	}
	s.ledger = positions
	return nil
}

// ShopPositions asks the table for the last offset of each topic and partition; those without rows are missing.
func (s *Store) ShopPositions(ctx context.Context) (map[string]map[int32]int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.loadShop(ctx); err != nil {
		return nil, err
	}
	copied := make(map[string]map[int32]int64, len(s.shop))
	for topic, offsets := range s.shop {
		copied[topic] = maps.Clone(offsets)
	}
	return copied, nil
}

func (s *Store) loadShop(ctx context.Context) error {
	rows, err := s.conn.Query(ctx, "SELECT toString(topic), partition, max(record_offset) FROM shop_events GROUP BY topic, partition")
	if err != nil {
		return fmt.Errorf("positions of shop events: %w", err)
	}
	defer func() { _ = rows.Close() }()
	positions := map[string]map[int32]int64{}
	for rows.Next() {
		var topic string
		var partition int32
		var offset int64
		if err := rows.Scan(&topic, &partition, &offset); err != nil {
			return fmt.Errorf("positions of shop events: %w", err)
		}
		if positions[topic] == nil {
			positions[topic] = map[int32]int64{}
		}
		positions[topic][partition] = offset
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("positions of shop events: %w", err)
	}
	if err := s.loadErased(ctx); err != nil {
		return err
	}
	s.shop = positions
	return nil
}

// InsertLedger inserts what the table lacks of rows as one block: repeating it changes nothing (K5). Rows of a shard are
// in the order of their seq. A gap in a shard is ErrBroken; after any other error the outcome is unknown and the same
// call may be repeated: positions are read from the table again.
func (s *Store) InsertLedger(ctx context.Context, rows []LedgerRecord) error {
	records := make([]topics.Record, len(rows))
	for i, r := range rows {
		value, err := r.Entry.MarshalVT()
		if err != nil {
			return fmt.Errorf("%w: shard %d, seq %d: %w", ErrBroken, r.Shard, r.Entry.GetSeq(), err)
		}
		records[i] = topics.Record{Topic: topics.Ledger, Partition: r.Shard, Offset: r.Offset, Value: value}
	}
	return s.insertLedger(ctx, newLedgerBlock(), records)
}

// insertLedger fills block from records of points.ledger.v1 and sends it.
func (s *Store) insertLedger(ctx context.Context, block *ledgerBlock, records []topics.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer block.reset()
	known := s.ledger != nil
	if !known {
		if err := s.loadLedger(ctx); err != nil {
			return err
		}
	}
	next, err := s.fillLedger(block, records)
	if errors.Is(err, ErrBroken) && known { // perhaps another instance fed the rows between: ask the table
		if err := s.loadLedger(ctx); err != nil {
			return err
		}
		next, err = s.fillLedger(block, records)
	}
	if err != nil {
		return err
	}
	if block.rows() == 0 {
		s.tellForget()
		return nil
	}
	if err := s.send(ctx, "ledger", ledgerToken(s.ledger, next), block.seal()); err != nil {
		s.ledger = nil // whether it was inserted is not known
		return err
	}
	s.ledger = next
	s.tellForget() // not before: what is deleted goes by the table
	return nil
}

// fillLedger adds the rows after the known positions, and returns the positions that follow from them.
func (s *Store) fillLedger(block *ledgerBlock, records []topics.Record) (map[int32]Position, error) {
	block.reset()
	next := maps.Clone(s.ledger)
	for run := range s.order.runs(records) {
		shard := records[run[0]].Partition
		after, err := s.fillShard(block, records, run, next[shard])
		if err != nil {
			return nil, err
		}
		next[shard] = after
	}
	return next, nil
}

// fillShard adds the rows of one shard, of the records at the places of run, that follow p, and returns where the last one is.
func (s *Store) fillShard(block *ledgerBlock, records []topics.Record, run []int32, p Position) (Position, error) {
	var v entryView
	for _, i := range run {
		r := &records[i]
		if err := v.read(r.Value); err != nil {
			return p, fmt.Errorf("%w: shard %d, offset %d: %w", ErrBroken, r.Partition, r.Offset, err)
		}
		s.sawErased(&v)
		if v.seq <= p.Seq {
			continue
		}
		if v.seq != p.Seq+1 {
			return p, fmt.Errorf("%w: shard %d: seq %d at offset %d follows seq %d", ErrBroken, r.Partition, v.seq, r.Offset, p.Seq)
		}
		if r.Partition < 0 || r.Partition > maxShard || len(v.id) > 16 {
			return p, fmt.Errorf("%w: shard %d, seq %d: its shard or the length of its id does not fit the table", ErrBroken, r.Partition, v.seq)
		}
		p = Position{Seq: v.seq, Offset: r.Offset}
		block.add(r.Partition, r.Offset, &v)
	}
	return p, nil
}

const maxShard = 1<<16 - 1

// ledgerToken names a block by what it adds: for each shard, after which seq and up to which.
func ledgerToken(before, after map[int32]Position) string {
	sum := sha256.New()
	var b [20]byte
	for _, shard := range slices.Sorted(maps.Keys(after)) {
		if from, to := before[shard].Seq, after[shard].Seq; from != to {
			binary.BigEndian.PutUint32(b[0:], uint32(shard)) //nolint:gosec // not negative: checked
			binary.BigEndian.PutUint64(b[4:], from)
			binary.BigEndian.PutUint64(b[12:], to)
			_, _ = sum.Write(b[:])
		}
	}
	return "ledger-" + hex.EncodeToString(sum.Sum(nil)[:16])
}

// InsertShop inserts what the table lacks of records as one block; records that are no CloudEvents become rows without
// attributes. Records of a partition are in the order of their offsets. After an error the same call may be repeated.
func (s *Store) InsertShop(ctx context.Context, records []topics.Record) error {
	return s.insertShop(ctx, newShopBlock(), records)
}

func (s *Store) insertShop(ctx context.Context, block *shopBlock, records []topics.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer block.reset()
	if s.shop == nil {
		if err := s.loadShop(ctx); err != nil {
			return err
		}
	}
	next := make(map[string]map[int32]int64, len(s.shop))
	for topic, offsets := range s.shop {
		next[topic] = maps.Clone(offsets)
	}
	for run := range s.order.runs(records) {
		s.fillShop(block, records, run, next)
	}
	if block.rows() == 0 {
		return nil
	}
	if err := s.send(ctx, "shop_events", shopToken(s.shop, next), block.seal()); err != nil {
		s.shop = nil // whether it was inserted is not known
		return err
	}
	s.shop = next
	return nil
}

// fillShop adds the rows of one partition, of the records at the places of run, that follow its offset, and moves that on.
func (s *Store) fillShop(block *shopBlock, records []topics.Record, run []int32, next map[string]map[int32]int64) {
	first := &records[run[0]]
	offsets := next[first.Topic]
	if offsets == nil {
		offsets = map[int32]int64{}
		next[first.Topic] = offsets
	}
	last, known := offsets[first.Partition]
	if !known {
		last = -1
	}
	for _, i := range run {
		r := &records[i]
		if r.Offset <= last {
			continue
		}
		last = r.Offset
		if e := readEnvelope(r); !s.forgets(r, &e) {
			block.add(r, e)
		}
	}
	offsets[first.Partition] = last
}

// shopToken names a block by the offsets that it ends with.
func shopToken(before, after map[string]map[int32]int64) string {
	sum := sha256.New()
	for _, topic := range slices.Sorted(maps.Keys(after)) {
		for _, partition := range slices.Sorted(maps.Keys(after[topic])) {
			from, ok := before[topic][partition]
			if !ok {
				from = -1
			}
			if to := after[topic][partition]; from != to {
				_, _ = fmt.Fprintf(sum, "%s\x00%d\x00%d\x00%d\n", topic, partition, from, to)
			}
		}
	}
	return "shop-" + hex.EncodeToString(sum.Sum(nil)[:16])
}
