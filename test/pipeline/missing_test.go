package pipeline_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"jifen/internal/testkit"
)

// TestMissingServiceIsNamedAndWaitedFor: one clear line which and where, readiness false, and work once it is there.
func TestMissingServiceIsNamedAndWaitedFor(t *testing.T) {
	in := install(t, false)
	in.publish("book.yaml")
	services := []struct {
		name, addr  string
		stop, start func() error
	}{
		{"redis", in.redis.Addr(), in.redis.Stop, func() error { return in.redis.Restart(t.Context()) }},
		{"kafka", in.kfake.Addr(), in.kfake.Stop, func() error { return in.kfake.Restart(t.Context()) }},
	}
	for _, s := range services {
		t.Run(s.name, func(t *testing.T) {
			here := *in
			here.t = t
			if err := s.stop(); err != nil {
				t.Fatal(err)
			}
			p := testkit.Run(t, append(here.env, "JIFEN_PROGRAM_NOW="+ownNow), here.binary, "run", "--stages", "credits,balances")
			here.await("it says what is missing", p, func() bool { return strings.Contains(p.Output(), "waiting for "+s.name) })
			line := lineWith(p.Output(), "waiting for "+s.name)
			if !strings.Contains(line, s.addr) || !strings.Contains(line, "again_in") {
				t.Errorf("it does not say where, or when it tries again: %s", line)
			}
			for line := range strings.Lines(p.Output()) {
				if strings.Contains(line, s.addr) && !strings.Contains(line, "waiting for "+s.name) {
					t.Errorf("one more line about it: %s", line)
				}
			}
			here.await("/readyz answers", p, func() bool { return here.ready() != 0 })
			equal(t, "/readyz", here.ready(), http.StatusServiceUnavailable)
			if names := failures(t, &here); !strings.Contains(names, s.name) {
				t.Errorf("/readyz names %s", names)
			}
			if err := s.start(); err != nil {
				t.Fatal(err)
			}
			here.await("ready", p, func() bool { return here.ready() == http.StatusOK })
			here.feed(history{registered("2026-06-09 10:00:00", "after-"+s.name, s.name+"-member")}, "")
			equal(t, "balance", here.balances(ownNow)[s.name+"-member"].Available, int64(50))
			if err := p.Stop(patience); err != nil {
				t.Error(err)
			}
		})
	}
}

func lineWith(text, words string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, words) {
			return line
		}
	}
	return ""
}

func failures(t *testing.T, in *installation) string {
	t.Helper()
	res, err := http.Get("http://" + in.admin + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var body struct {
		Failures []struct{ Name string }
	}
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range body.Failures {
		names = append(names, f.Name)
	}
	return strings.Join(names, " ")
}

// TestTopicsOfAnotherNumberOfShardsAreRefused: the hash of every account would change.
func TestTopicsOfAnotherNumberOfShardsAreRefused(t *testing.T) {
	in := install(t, false)
	out, faults, code := in.callWith([]string{"JIFEN_SHARDS=4"}, "topics", "plan")
	equal(t, "plan's exit code", code, 0)
	if !strings.Contains(out, "wrong") || !strings.Contains(out, "has 8 partitions, this installation has 4 shards") {
		t.Errorf("the plan says %s%s", out, faults)
	}
	if _, faults, code = in.callWith([]string{"JIFEN_SHARDS=4"}, "topics", "apply"); code != 1 || !strings.Contains(faults, "8 partitions") {
		t.Errorf("apply: exit code %d, %s", code, faults)
	}
	p := testkit.Run(t, append(in.env, "JIFEN_SHARDS=4"), in.binary, "run")
	in.await("it says so", p, func() bool { return strings.Contains(p.Output(), "8 partitions") })
	if err := p.Stop(10 * time.Second); err != nil || strings.Contains(p.Output(), "pipeline runs") {
		t.Errorf("told to stop while it waits: %v\n%s", err, p.Output())
	}
}
