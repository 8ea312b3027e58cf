package bench

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jifen/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// quietBar is what nobody looks at.
type quietBar struct{}

func (quietBar) Add(int) error     { return nil }
func (quietBar) Set64(int64) error { return nil }
func (quietBar) Finish() error     { return nil }

// beds is a bed on the embedded Kafka whose jifen is a shell's line.
func beds(t *testing.T, line string) (*bed, context.Context) {
	t.Helper()
	testkit.Require(t, "redis-server")
	testkit.Engine(t) // it may have to be downloaded, or be missing on a laptop
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(stop)
	b, ctx, err := start(ctx, Options{
		Load: Load{Events: 1000, Members: 10, Zipf: 1.1, Seed: 1}, Kafka: EmbeddedKafka, Profiles: filepath.Join(t.TempDir(), "new", "folder"),
		Jifen:    func(...string) *exec.Cmd { return exec.Command("sh", "-c", line) },
		Progress: func(int64, string) Bar { return quietBar{} },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.close(); err != nil {
			t.Error(err)
		}
	})
	return b, ctx
}

// TestARunEndsWithItsChild: nobody waits for what a jifen that has ended would have done, and the error says which.
func TestARunEndsWithItsChild(t *testing.T) {
	b, ctx := beds(t, "exit 7")
	if stat, err := os.Stat(b.Profiles); err != nil || !stat.IsDir() {
		t.Errorf("the folder of the profiles: %v", err)
	}
	if err := b.produce(ctx, newOrders(b.Load, time.Now()), b.Events, "orders"); err != nil {
		t.Fatal(err)
	}
	b.all.Events, b.warm.Events = int64(b.Events), int64(b.Events)
	err := because(ctx, b.creditsStage(ctx, &Report{}))
	if err == nil || !strings.Contains(err.Error(), "jifen run ended before the run was over: exit status 7") {
		t.Errorf("%v", err)
	}
}

// TestARunEndsWithItsServices: the same holds for a service.
func TestARunEndsWithItsServices(t *testing.T) {
	b, ctx := beds(t, "cat")
	if err := b.stack.Redis.Kill(); err != nil {
		t.Fatal(err)
	}
	err := because(ctx, b.settled(ctx, 1))
	if err == nil || !strings.Contains(err.Error(), "redis ended before the run was over: signal: killed") {
		t.Errorf("%v", err)
	}
}

// TestAChildThatIsStoppedEndsNothing: an arm stops its jifen and goes on.
func TestAChildThatIsStoppedEndsNothing(t *testing.T) {
	b := &bed{Options: Options{Jifen: func(...string) *exec.Cmd { return exec.Command("cat") }}, dir: t.TempDir()}
	ctx, fail := context.WithCancelCause(t.Context())
	told := make(chan struct{}, 1)
	b.fail = func(err error) {
		fail(err)
		told <- struct{}{}
	}
	for _, stop := range []bool{true, false} {
		c, err := b.launch("run")
		if err != nil {
			t.Fatal(err)
		}
		if stop {
			if err := c.Stop(); err != nil || ctx.Err() != nil {
				t.Errorf("%v, %v", err, context.Cause(ctx))
			}
			continue
		}
		c.Kill()
		select {
		case <-told: // of this one alone
		case <-time.After(time.Minute):
			t.Fatal("nobody was told")
		}
	}
	if err := because(ctx, errors.New("waiting")); err == nil || !strings.HasPrefix(err.Error(), "jifen run ended") || len(told) != 0 {
		t.Errorf("%v", err)
	}
}
