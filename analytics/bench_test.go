package analytics_test

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"jifen/analytics"
	"jifen/topics"
)

// BenchmarkFeed writes one ledger entry and one shop event per operation, in blocks as the feed makes them, and reports
// rows a second and the CPU of both sides: this process and the engine's, merges of the run included.
func BenchmarkFeed(b *testing.B) {
	for _, compress := range []string{"none", "lz4"} {
		b.Run(compress, func(b *testing.B) {
			f := start(b)
			f.config.DSN += "?compress=" + compress
			feed := analytics.NewFeed(f.reopen(b), shards)
			var own time.Duration
			engine := engineCPU(b, f.engine.Pid)
			var source benchSource
			b.ResetTimer()
			for done := 0; done < b.N; {
				b.StopTimer()
				records := source.next(b, min(50_000, b.N-done))
				runtime.GC()
				b.StartTimer()
				began := ownCPU(b)
				for batch := range slices.Chunk(records, 2000) {
					if err := feed.Handle(b.Context(), batch); err != nil {
						b.Fatal(err)
					}
				}
				if done += len(records) / 2; done == b.N {
					if err := feed.Drain(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
				own += ownCPU(b) - began
			}
			b.StopTimer()
			b.ReportMetric(float64(2*b.N)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(own.Seconds()*1e6/float64(b.N), "own-cpu-µs/op")
			b.ReportMetric((engineCPU(b, f.engine.Pid)-engine).Seconds()*1e6/float64(b.N), "engine-cpu-µs/op")
		})
	}
}

// benchSource makes entries and events, shard after shard in runs, as a consumer polls them.
type benchSource struct {
	made int
	seqs [shards]uint64
}

func (s *benchSource) next(b *testing.B, n int) []topics.Record {
	b.Helper()
	out := make([]topics.Record, 0, 2*n)
	for range n {
		i := s.made
		s.made++
		shard := i / 100 % shards
		s.seqs[shard]++
		e := granted(s.seqs[shard], fmt.Sprintf("m%06d", i*7919%50000), 43)
		e.Arithmetic.Campaign, e.Arithmetic.Campaigns = nil, nil
		value, err := e.MarshalVT()
		if err != nil {
			b.Fatal(err)
		}
		event := paid(int32(shard), int64(i), fmt.Sprint("e-", i)) //nolint:gosec // below shards
		event.Value = fmt.Appendf(nil, `{"order":"O%d","member":"m%06d","store":"SH%02d","channel":"pos","currency":"CNY","lines":[{"line":"1","sku":"A-%d","category":"basic","tags":["spring"],"quantity":2,"net":%d},{"line":"2","sku":"N-%d","category":"new","quantity":1,"net":%d}],"freight":1000,"tax":0,"paid_with_points":0}`,
			i, i*7919%50000, i%40, i*31%5000, i*977%90000, i*17%5000, i*991%90000)
		out = append(out, topics.Record{Topic: topics.Ledger, Partition: int32(shard), Offset: int64(i), Value: value}, event) //nolint:gosec // below shards
	}
	return out
}

func ownCPU(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// engineCPU is user and system time of a process, from Linux's /proc in ticks of 10 ms.
func engineCPU(b *testing.B, pid int) time.Duration {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	if err1 != nil || err2 != nil {
		b.Fatalf("/proc/%d/stat: %s", pid, stat)
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}
