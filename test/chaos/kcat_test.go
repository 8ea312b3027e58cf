package chaos_test

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"jifen/internal/testkit"
)

// TestKcat has a producer that is not ours send orders, as CloudEvents in binary mode, once with the partitioner of
// Kafka's own clients and once with librdkafka's: members get their points wherever the record lands.
func TestKcat(t *testing.T) {
	testkit.Require(t, "kcat")
	s := start(t)
	c := newClient(s)
	for name, args := range map[string][]string{"murmur2": {"-X", "partitioner=murmur2_random"}, "default": nil} {
		member := s.fresh("kcat-" + name)
		args = append([]string{
			"-P", "-b", s.kafka.Addr(), "-t", "shop.orders.v1", "-k", member, "-H", "ce_specversion=1.0", "-H", "ce_id=" + member,
			"-H", "ce_source=/pos/7", "-H", "ce_type=shop.order.paid.v1", "-H", "ce_time=" + time.Now().Format(time.RFC3339),
			"-H", "content-type=application/json",
		}, args...)
		cmd := exec.CommandContext(t.Context(), "kcat", args...)
		cmd.Stdin = strings.NewReader(`{"order":"` + member + `","member":"` + member + `","currency":"GBP","lines":[{"line":"1","sku":"A","quantity":1,"net":12345}]}`)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("kcat (%s): %v\n%s", name, err, out)
		}
		c.awaitBalance(t, 123, member)
	}
}
