package devstack

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// Kfake is an embedded Kafka of one broker, a child process that is this executable. Killing it is not crash-atomic
// (3 of 42 kills applied a transaction twice), so exactly-once is judged on Kafka only.
type Kfake struct{ *Part }

// StartKfake starts the embedded Kafka with its data on disk; topics are not created by themselves. ctx bounds the start
// only.
func StartKfake(ctx context.Context, o Options) (*Kfake, error) {
	p, err := newPart("kfake", o)
	if err != nil {
		return nil, err
	}
	k := &Kfake{p}
	cluster := "jifen-" + strconv.Itoa(p.port) + "-" + strconv.Itoa(os.Getpid())
	p.command = func() (*exec.Cmd, error) {
		args := []string{"-port", strconv.Itoa(p.port), "-dir", filepath.Join(p.dir, "data"), "-cluster", cluster}
		for _, name := range keys(o.Config) {
			args = append(args, "-config", name+"="+o.Config[name])
		}
		return childCommand("kfake", args...)
	}
	p.ready = func(ctx context.Context) error { return brokersAnswer(ctx, p.Addr(), cluster, 1) }
	if err := p.start(ctx); err != nil {
		return nil, p.abandon(err)
	}
	return k, nil
}

// kfakeMain is the child: it serves until SIGTERM, then writes its state and ends.
func kfakeMain(args []string) error {
	flags := flag.NewFlagSet("kfake", flag.ContinueOnError)
	port := flags.Int("port", 0, "loopback port")
	dir := flags.String("dir", "", "data folder")
	cluster := flags.String("cluster", "", "cluster id, by which the parent knows us")
	config := make(pairs)
	flags.Var(config, "config", "broker setting as name=value, repeatable")
	if err := flags.Parse(args); err != nil {
		return err
	}
	stop, cancel := terminated()
	defer cancel()
	c, err := kfake.NewCluster(
		kfake.Ports(*port), kfake.DataDir(*dir), kfake.ClusterID(*cluster), kfake.BrokerConfigs(config),
		kfake.GroupMinSessionTimeout(time.Second), kfake.WithLogger(kfake.BasicLogger(os.Stderr, kfake.LogLevelWarn)),
	)
	if err != nil {
		return fmt.Errorf("serve at port %d: %w", *port, err)
	}
	<-stop.Done()
	c.Close()
	return nil
}
