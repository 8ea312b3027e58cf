// Package deploy_test checks what an installation is made from, without a container engine.
package deploy_test

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"

	"jifen/internal/config"
)

// load reads compose.yaml as docker compose does, strictly: an unknown key is an error.
func load(t *testing.T) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{"compose.yaml"}, cli.WithResolvedPaths(true), cli.WithConsistency(true))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return project
}

var (
	parts = []string{"clickhouse", "kafka", "redis"}
	steps = []string{"migrate", "topics"} // they run once and end
	stays = []string{"run", "serve"}
)

func TestComposeHasTheServices(t *testing.T) {
	want := slices.Concat(parts, steps, stays)
	slices.Sort(want)
	got := load(t).ServiceNames()
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("services = %v, want %v", got, want)
	}
}

func TestComposePinsImages(t *testing.T) {
	version := regexp.MustCompile(`:\d+\.\d+`)
	for name, s := range load(t).Services {
		if s.Build == nil && !version.MatchString(s.Image) {
			t.Errorf("%s: image %q names no version", name, s.Image)
		}
	}
}

func TestComposeChecksHealth(t *testing.T) {
	project := load(t)
	for _, name := range slices.Concat(parts, stays) {
		s := project.Services[name]
		if s.HealthCheck == nil || len(s.HealthCheck.Test) < 2 {
			t.Errorf("%s has no health check", name)
		}
	}
	for _, name := range stays {
		depends := project.Services[name].DependsOn
		for _, part := range parts {
			if depends[part].Condition != types.ServiceConditionHealthy {
				t.Errorf("%s starts before %s is healthy", name, part)
			}
		}
		for _, step := range steps {
			if depends[step].Condition != types.ServiceConditionCompletedSuccessfully {
				t.Errorf("%s starts before %s has ended well", name, step)
			}
		}
	}
}

// Every setting that compose.yaml makes must be one, and together with the mounted file they must be a configuration
// without a fault.
func TestComposeConfiguresJifen(t *testing.T) {
	project := load(t)
	for _, name := range slices.Concat(steps, stays) {
		s := project.Services[name]
		var environ []string
		for key, value := range s.Environment {
			if value != nil {
				environ = append(environ, key+"="+*value)
			}
		}
		if unknown := config.UnknownVariables(environ); len(unknown) > 0 {
			t.Errorf("%s: no settings: %v", name, unknown)
		}
		at := slices.IndexFunc(s.Volumes, func(v types.ServiceVolumeConfig) bool { return v.Target == *s.Environment["JIFEN_CONFIG"] })
		if at < 0 {
			t.Errorf("%s: the configuration file is not mounted", name)
			continue
		}
		c, err := config.Load(config.Sources{File: s.Volumes[at].Source, Environ: environ})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !slices.Equal(c.Kafka.Brokers, []string{"kafka:9092"}) {
			t.Errorf("%s: brokers = %v", name, c.Kafka.Brokers)
		}
	}
	if a, b := project.Services["run"], project.Services["serve"]; *a.Environment["JIFEN_KAFKA_INSTANCE"] == *b.Environment["JIFEN_KAFKA_INSTANCE"] {
		t.Error("run and serve have the same instance and would fence each other")
	}
}

func TestComposeKeepsWhatMustNotBeLost(t *testing.T) {
	project := load(t)
	if got := project.Services["redis"].Command; !slices.Contains(got, "noeviction") || !slices.Contains(got, "--appendonly") {
		t.Errorf("redis may lose keys: %v", got)
	}
	if v := project.Services["kafka"].Environment["KAFKA_AUTO_CREATE_TOPICS_ENABLE"]; v == nil || *v != "false" {
		t.Error("kafka makes topics by itself")
	}
	for _, name := range parts {
		if len(project.Services[name].Volumes) == 0 {
			t.Errorf("%s forgets everything", name)
		}
	}
}

func TestImageIsStaticAndNotRoot(t *testing.T) {
	text, err := os.ReadFile("Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	_, last, ok := strings.Cut(string(text), "\nFROM scratch\n")
	if !ok || !regexp.MustCompile(`(?m)^USER [1-9]\d*:[1-9]\d*$`).MatchString(last) {
		t.Errorf("the image is not scratch with a user that is not root:\n%s", last)
	}
	tags := regexp.MustCompile(`-tags (\S+)`).FindSubmatch(text)
	if tags == nil {
		t.Fatal("the image is built without tags")
	}
	out := t.TempDir() + string(filepath.Separator)
	build := exec.Command("go", "build", "-tags", string(tags[1]), "-o", out, "jifen/cmd/jifen", "jifen/deploy/probe")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, text)
	}
	for _, name := range []string{"jifen", "probe"} {
		binary, err := elf.Open(out + name)
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(binary.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
			t.Errorf("%s needs a C library", name)
		}
		if err := binary.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
