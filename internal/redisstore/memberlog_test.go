package redisstore

import (
	"errors"
	"slices"
	"testing"

	"jifen/topics"
)

// TestForgottenBucketBeginsAnew: ids of a month that was forgotten are gone, those added after it are there, and the other
// months stay.
func TestForgottenBucketBeginsAnew(t *testing.T) {
	mark := func(id string) topics.Mark { return topics.MarkOf(id) }
	log := appendSeen(nil, 202601, []topics.Mark{mark("a"), mark("b")})
	log = appendSeen(log, 0, []topics.Mark{mark("ever")})
	log = appendOrder(log, "/s\x1fO", []byte("state"))
	log = appendSeen(log, 202601, nil)
	log = appendSeen(log, 202601, []topics.Mark{mark("c")})
	log = appendSeen(log, 0, []topics.Mark{mark("more")})
	seen, orders := map[int32][]topics.Mark{}, map[string]string{}
	err := eachRecord(string(log), func(field, value string) error {
		if field == "" {
			return readSeen(seen, value)
		}
		orders[field] = value
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := seen[202601], []topics.Mark{mark("c")}; !slices.Equal(got, want) {
		t.Errorf("202601 holds %x, want %x", got, want)
	}
	if got, want := seen[0], []topics.Mark{mark("ever"), mark("more")}; !slices.Equal(got, want) {
		t.Errorf("ever holds %x, want %x", got, want)
	}
	if orders["/s\x1fO"] != "state" {
		t.Errorf("orders %q", orders)
	}
}

// FuzzLog: no value of Redis crashes a reader; what is no log is an error.
func FuzzLog(f *testing.F) {
	f.Add(string(appendOrder(appendSeen(nil, 202601, []topics.Mark{{1}}), "/s\x1fO", []byte("x"))))
	f.Add("\x00\x01")
	f.Add("\xff\xff\xff\xff\xff\xff")
	f.Fuzz(func(t *testing.T, log string) {
		err := eachRecord(log, func(field, value string) error {
			if field == "" {
				return readSeen(map[int32][]topics.Mark{}, value)
			}
			return nil
		})
		if err != nil && !errors.Is(err, errLog) {
			t.Errorf("%v", err)
		}
	})
}
