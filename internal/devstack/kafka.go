package devstack

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed kafka/log4j2.properties
var kafkaLogging []byte

// Kafka is Apache Kafka in KRaft mode, brokers and controllers combined; each broker is a process of its own.
type Kafka struct {
	brokers   []*Part
	dir       string
	temporary bool
}

// voter is a broker's place in the controller quorum.
type voter struct {
	id, controllerPort int
}

// StartKafka starts o.Brokers brokers (one if 0) with the jars from the cache, which are downloaded first when missing.
// Replication is the broker count; other settings that matter to us are Kafka's defaults. ctx bounds the start only.
func StartKafka(ctx context.Context, o Options) (*Kafka, error) {
	java, err := exec.LookPath("java")
	if err != nil {
		return nil, fmt.Errorf("kafka: %w (Debian: apt-get install openjdk-17-jre-headless)", err)
	}
	lib, err := FetchKafka(ctx)
	if err != nil {
		return nil, fmt.Errorf("kafka: %w", err)
	}
	dir, temporary, err := folder("kafka", o.Dir)
	if err != nil {
		return nil, err
	}
	k := &Kafka{dir: dir, temporary: temporary}
	if err := k.prepare(java, lib, o); err != nil {
		return nil, errors.Join(err, k.Close())
	}
	if err := k.each(func(b *Part) error { return b.start(ctx) }); err != nil {
		return nil, errors.Join(err, k.Close())
	}
	return k, nil
}

// prepare makes the brokers: their folders, ports and settings.
func (k *Kafka) prepare(java, lib string, o Options) error {
	cluster, err := clusterID(k.dir)
	if err != nil {
		return fmt.Errorf("kafka: %w", err)
	}
	n := max(1, o.Brokers)
	var voters []voter
	for id := 1; id <= n; id++ {
		port, err := FreePort()
		if err != nil {
			return fmt.Errorf("kafka: %w", err)
		}
		voters = append(voters, voter{id, port})
		name := "kafka-" + strconv.Itoa(id)
		b, err := newPart(name, Options{Dir: filepath.Join(k.dir, name)})
		if err != nil {
			return err
		}
		k.brokers = append(k.brokers, b)
	}
	for i, b := range k.brokers {
		properties := filepath.Join(b.dir, "server.properties")
		text := brokerProperties(b, voters[i], voters, o.Config)
		if err := os.WriteFile(properties, []byte(text), 0o644); err != nil {
			return fmt.Errorf("%s: write its settings: %w", b.name, err)
		}
		logging := filepath.Join(b.dir, "log4j2.properties")
		if err := os.WriteFile(logging, kafkaLogging, 0o644); err != nil {
			return fmt.Errorf("%s: write its settings: %w", b.name, err)
		}
		jvm := []string{"-Dlog4j2.configurationFile=" + logging, "-cp", filepath.Join(lib, "*")}
		b.command = func() (*exec.Cmd, error) {
			return exec.Command(java, slices.Concat(brokerJVM, jvm, []string{"kafka.Kafka", properties})...), nil
		}
		b.mend = func(ctx context.Context) error { return format(ctx, java, jvm, cluster, properties) }
		b.ready = func(ctx context.Context) error { return brokersAnswer(ctx, b.Addr(), cluster, n) }
	}
	return nil
}

// brokerJVM suits a broker that lives for minutes and shares its few cores with what it serves: optimizing its code and
// collecting in parallel would take more of them than serving does, and be gone before it paid.
var brokerJVM = []string{"-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"}

// format writes a new broker's identity; a folder that has one is left alone.
func format(ctx context.Context, java string, jvm []string, cluster, properties string) error {
	if _, err := os.Stat(filepath.Join(filepath.Dir(properties), "data", "meta.properties")); err == nil {
		return nil
	}
	args := append([]string{"-XX:TieredStopAtLevel=1"}, jvm...)
	args = append(args, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", properties)
	if out, err := exec.CommandContext(ctx, java, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("format: %w: %s", err, out)
	}
	return nil
}

// clusterID is the id of the cluster in dir, made and kept at the first start.
func clusterID(dir string) (string, error) {
	file := filepath.Join(dir, "cluster.id")
	if id, err := os.ReadFile(file); err == nil {
		return string(id), nil
	}
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // it never fails
	id := base64.RawURLEncoding.EncodeToString(raw[:])
	if strings.HasPrefix(id, "-") {
		id = "A" + id[1:] // Kafka's tools take a leading dash for an option
	}
	if err := os.WriteFile(file, []byte(id), 0o644); err != nil {
		return "", fmt.Errorf("keep the cluster's id: %w", err)
	}
	return id, nil
}

// brokerProperties is server.properties: ours first, the caller's after them, so that theirs win.
func brokerProperties(b *Part, self voter, all []voter, further map[string]string) string {
	var quorum []string
	for _, v := range all {
		quorum = append(quorum, fmt.Sprintf("%d@127.0.0.1:%d", v.id, v.controllerPort))
	}
	var text strings.Builder
	set := func(name string, value any) { fmt.Fprintf(&text, "%s=%v\n", name, value) }
	set("process.roles", "broker,controller")
	set("node.id", self.id)
	set("controller.quorum.voters", strings.Join(quorum, ","))
	set("controller.listener.names", "CONTROLLER")
	set("listeners", fmt.Sprintf("PLAINTEXT://%s,CONTROLLER://127.0.0.1:%d", b.Addr(), self.controllerPort))
	set("advertised.listeners", "PLAINTEXT://"+b.Addr())
	set("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT")
	set("log.dirs", filepath.Join(b.dir, "data"))
	set("auto.create.topics.enable", false)
	set("group.initial.rebalance.delay.ms", 0)
	set("group.min.session.timeout.ms", 1000)
	set("default.replication.factor", len(all))
	for _, internal := range []string{"offsets.topic", "transaction.state.log"} {
		set(internal+".num.partitions", 8)
		set(internal+".replication.factor", len(all))
	}
	set("transaction.state.log.min.isr", min(2, len(all)))
	set("share.coordinator.state.topic.num.partitions", 1)
	set("share.coordinator.state.topic.replication.factor", len(all))
	set("share.coordinator.state.topic.min.isr", 1)
	for _, name := range keys(further) {
		set(name, further[name])
	}
	return text.String()
}

// Addr is the bootstrap list, host:port with commas between.
func (k *Kafka) Addr() string {
	var all []string
	for _, b := range k.brokers {
		all = append(all, b.Addr())
	}
	return strings.Join(all, ",")
}

// Brokers are the brokers, to be stopped, killed and restarted one by one.
func (k *Kafka) Brokers() []*Part { return k.brokers }

// Dir holds the brokers' folders.
func (k *Kafka) Dir() string { return k.dir }

// PID is the process id of the first broker, 0 while it does not run.
func (k *Kafka) PID() int { return k.brokers[0].PID() }

// Stop ends all brokers with SIGTERM, as Part.Stop does.
func (k *Kafka) Stop() error { return k.each((*Part).Stop) }

// Kill ends all brokers with SIGKILL.
func (k *Kafka) Kill() error { return k.each((*Part).Kill) }

// Restart starts all brokers again on their ports and folders; those that run are stopped first.
func (k *Kafka) Restart(ctx context.Context) error {
	if err := k.Stop(); err != nil {
		return err
	}
	return k.each(func(b *Part) error { return b.start(ctx) })
}

// Close stops the brokers and removes their folder if it is a temporary one.
func (k *Kafka) Close() error {
	err := k.each((*Part).Close)
	if k.temporary {
		err = errors.Join(err, os.RemoveAll(k.dir))
	}
	return err
}

// each does f to all brokers side by side: a quorum forms only when most of them run.
func (k *Kafka) each(f func(*Part) error) error {
	errs := make([]error, len(k.brokers))
	var wg sync.WaitGroup
	for i, b := range k.brokers {
		wg.Go(func() { errs[i] = f(b) })
	}
	wg.Wait()
	return errors.Join(errs...)
}
