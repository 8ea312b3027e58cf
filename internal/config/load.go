package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/goccy/go-yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"
)

const envPrefix = "JIFEN_"

// Sources are where settings come from, weakest first.
type Sources struct {
	File    string   // YAML; empty: none
	Environ []string // os.Environ()
	Set     []string // flags: key=value, such as kafka.brokers=a:9092,b:9092
}

// Load reads the sources over the defaults. The error joins every fault found; use Faults to list them.
func Load(src Sources) (Config, error) {
	k := koanf.New(".")
	var faults []error
	layer := func(m map[string]any, delim string) {
		if err := k.Load(confmap.Provider(m, delim), nil); err != nil {
			faults = append(faults, err)
		}
	}
	def := Default()
	known := settings(&def)
	layer(defaults(known), ".")
	file, errs := fromFile(src.File, known)
	faults = append(faults, errs...)
	layer(file, "")
	layer(fromEnviron(src.Environ, known), ".")
	set, errs := fromSet(src.Set, known)
	faults = append(faults, errs...)
	layer(set, ".")

	var c Config
	faults = append(faults, decode(k, &c)...)
	if len(faults) == 0 { // values that could not be read would only be reported a second time
		faults = append(faults, readSecrets(&c)...)
		faults = append(faults, c.faults()...)
	}
	return c, errors.Join(faults...)
}

// Faults lists the faults that an error of Load joins.
func Faults(err error) []error {
	if err == nil {
		return nil
	}
	if j, ok := err.(interface{ Unwrap() []error }); ok {
		return j.Unwrap()
	}
	return []error{err}
}

// UnknownVariables lists JIFEN_* variables that set nothing. They are no faults, because Kubernetes makes JIFEN_PORT and the like for a service
// of that name; the caller warns of them.
func UnknownVariables(environ []string) []string {
	var c Config
	vars := map[string]bool{envPrefix + "CONFIG": true, envPrefix + "CACHE": true} // CACHE is where demo and tests keep downloads
	for _, f := range settings(&c) {
		vars[f.env()] = true
	}
	var unknown []string
	for _, kv := range environ {
		name, _, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, envPrefix) && !vars[name] {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	return unknown
}

func defaults(known map[string]field) map[string]any {
	m := map[string]any{}
	for path, f := range known {
		m[path] = f.value.Interface()
	}
	return m
}

func fromFile(name string, known map[string]field) (map[string]any, []error) {
	if name == "" {
		return map[string]any{}, nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return map[string]any{}, []error{fmt.Errorf("config file: %w", err)}
	}
	m := map[string]any{}
	if err := yaml.Unmarshal(data, &m); err != nil {
		return map[string]any{}, []error{fmt.Errorf("%s: %s", name, strings.TrimSpace(yaml.FormatError(err, false, true)))}
	}
	var faults []error
	prune(m, "", known, func(path string) { faults = append(faults, fmt.Errorf("%s: unknown setting %s", name, path)) })
	return m, faults
}

// prune takes out what is no setting (reported) and what is null (the weaker source stands).
func prune(m map[string]any, prefix string, known map[string]field, report func(string)) {
	for key, v := range m {
		path := prefix + key
		_, ok := known[path]
		sub, isMap := v.(map[string]any)
		switch {
		case v == nil:
			delete(m, key)
		case isMap && !ok && isSection(path, known):
			prune(sub, path+".", known, report)
		case !ok || isMap:
			report(path)
			delete(m, key)
		}
	}
}

func isSection(path string, known map[string]field) bool {
	for p := range known {
		if strings.HasPrefix(p, path+".") {
			return true
		}
	}
	return false
}

func fromEnviron(environ []string, known map[string]field) map[string]any {
	byVar := map[string]string{}
	for path, f := range known {
		byVar[f.env()] = path
	}
	m := map[string]any{}
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		if path, ok := byVar[name]; ok {
			m[path] = split(value, known[path])
		}
	}
	return m
}

func fromSet(set []string, known map[string]field) (map[string]any, []error) {
	m := map[string]any{}
	var faults []error
	for _, kv := range set {
		path, value, ok := strings.Cut(kv, "=")
		f, isKnown := known[path]
		switch {
		case !ok:
			faults = append(faults, fmt.Errorf("--set %s: want key=value", path))
		case !isKnown:
			faults = append(faults, fmt.Errorf("--set: unknown setting %s", path))
		default:
			m[path] = split(value, f)
		}
	}
	return m, faults
}

// split makes a list of a comma-separated value where the setting is a list.
func split(value string, f field) any {
	if f.value.Kind() != reflect.Slice {
		return value
	}
	list := []string{}
	for part := range strings.SplitSeq(value, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

func decode(k *koanf.Koanf, c *Config) []error {
	err := k.UnmarshalWithConf("", c, koanf.UnmarshalConf{DecoderConfig: &mapstructure.DecoderConfig{
		Result: c, TagName: "koanf", WeaklyTypedInput: true,
		DecodeHook: mapstructure.ComposeDecodeHookFunc(mapstructure.StringToTimeDurationHookFunc(), bareNumberIsNoDuration),
	}})
	return leaves(err)
}

// leaves takes apart what mapstructure joined and wrapped.
func leaves(err error) []error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var out []error
		for _, sub := range joined.Unwrap() {
			out = append(out, leaves(sub)...)
		}
		return out
	}
	if sub := errors.Unwrap(err); sub != nil {
		if _, ok := sub.(interface{ Unwrap() []error }); ok {
			return leaves(sub)
		}
	}
	return []error{fmt.Errorf("config: %w", err)}
}
