package codes

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"jifen/internal/vault"
	"jifen/ledger"
	"jifen/topics/pointspb"
)

// sealedMost bounds what one request carries, bytes: a record of Kafka's holds 1 MiB.
const sealedMost = 900_000

// ErrTooLarge is a file whose codes do not fit into one request.
var ErrTooLarge = errors.New("the codes do not fit into one request: split the file")

func sortFaults(all []Fault) {
	slices.SortFunc(all, func(x, y Fault) int { return cmp.Compare(x.Line, y.Line) })
}

// Seal makes the request that loads codes behind the newest one that the loader knows of, sealed in blocks that none crosses from one
// chunk of the pool into the next. Those that expire together are numbered in a row, which keeps the pool's state small.
func Seal(ring vault.Ring, item string, before int64, all []Code) (*pointspb.CodesRequest, error) {
	q := &pointspb.CodesRequest{LoadedBefore: before}
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(x, y Code) int { return cmp.Compare(x.ExpiresAt, y.ExpiresAt) })
	size := 0
	for done := 0; done < len(all); {
		first := before + 1 + int64(done)
		count := min(len(all)-done, int(ledger.ChunkCodes-(first-1)%ledger.ChunkCodes))
		var plain strings.Builder
		for _, c := range all[done : done+count] {
			fmt.Fprintf(&plain, "%s\t%d\n", c.Text, c.ExpiresAt)
		}
		sealed, err := ring.Seal([]byte(plain.String()), place(item, first, int64(count)))
		if err != nil {
			return nil, err
		}
		if size += len(sealed); size > sealedMost {
			return nil, ErrTooLarge
		}
		q.Blocks = append(q.Blocks, &pointspb.CodeBlock{First: first, Count: int64(count), Sealed: sealed})
		done += count
	}
	for i, c := range all {
		n := before + 1 + int64(i)
		if last := len(q.Spans) - 1; last >= 0 && q.Spans[last].ExpiresAt == c.ExpiresAt {
			q.Spans[last].To = n
			continue
		}
		q.Spans = append(q.Spans, &pointspb.CodeSpan{From: n, To: n, ExpiresAt: c.ExpiresAt})
	}
	return q, nil
}

// place is what a block is sealed for: opened as another item's, or as other numbers, it does not open.
func place(item string, first, count int64) []byte {
	return fmt.Appendf(nil, "codes\x1f%s\x1f%d\x1f%d", item, first, count)
}

// Open returns the codes of a block, in the order of their numbers.
func Open(ring vault.Ring, item string, b *ledger.CodeBlock) ([]Code, error) {
	plain, err := ring.Open(b.Sealed, place(item, b.First, b.Count))
	if err != nil {
		return nil, fmt.Errorf("codes %d to %d of %s: %w", b.First, b.First+b.Count-1, item, err)
	}
	all := make([]Code, 0, b.Count)
	for line := range strings.Lines(string(plain)) {
		text, expires, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		at, err := strconv.ParseInt(expires, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("codes from %d on of %s: %w", b.First, item, vault.ErrSealed) // the text would tell a code
		}
		all = append(all, Code{Text: text, ExpiresAt: at})
	}
	if int64(len(all)) != b.Count {
		return nil, fmt.Errorf("codes from %d on of %s: %d where there should be %d", b.First, item, len(all), b.Count)
	}
	return all, nil
}
