package httpapi

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

// Rates bound how often who may ask, each process by itself; 0 requests a second: no bound. Writes are all unsafe methods.
type Rates struct {
	MemberReads, MemberWrites, IPReads, IPWrites Rate
	Proxies                                      []string // addresses or networks whose X-Forwarded-For is believed
}

// Rate is a bound of requests a second, of which so many may come at once.
type Rate struct {
	PerSecond int
	Burst     int
}

// buckets are kept of so many callers, those who asked last; whoever was forgotten has a full one.
const buckets = 100_000

// limiter keeps a bucket of tokens a caller.
type limiter struct {
	rate Rate
	mu   sync.Mutex // a bucket is looked for and made at once, so that two requests do not make two
	of   *lru.Cache[string, *rate.Limiter]
}

func newLimiter(r Rate) *limiter {
	if r.PerSecond <= 0 {
		return nil
	}
	of, _ := lru.New[string, *rate.Limiter](buckets) // it fails for sizes below 1
	return &limiter{rate: r, of: of}
}

// wait says how long a caller must wait; 0: not at all.
func (l *limiter) wait(key string, now time.Time) time.Duration {
	if l == nil {
		return 0
	}
	l.mu.Lock()
	b, ok := l.of.Get(key)
	if !ok {
		b = rate.NewLimiter(rate.Limit(l.rate.PerSecond), max(l.rate.Burst, 1))
		l.of.Add(key, b)
	}
	l.mu.Unlock()
	r := b.ReserveN(now, 1)
	d := r.DelayFrom(now)
	if d > 0 {
		r.CancelAt(now) // who is refused takes nothing
	}
	return d
}

// pace are the limiters of reads and of writes.
type pace struct{ reads, writes *limiter }

func (l pace) refuses(c *gin.Context, key string) bool {
	of := l.writes
	if c.Request.Method == http.MethodGet || c.Request.Method == http.MethodHead || c.Request.Method == http.MethodOptions {
		of = l.reads
	}
	d := of.wait(key, time.Now())
	if d <= 0 {
		return false
	}
	c.Header("Retry-After", strconv.Itoa(int(math.Ceil(d.Seconds()))))
	return true
}

// limitIP bounds what one address may ask, before anything is done for it.
func (a *API) limitIP(c *gin.Context) {
	if a.byIP.refuses(c, c.ClientIP()) {
		writeFault(c, &fault{code: codeTooMany})
		return
	}
	c.Next()
}
