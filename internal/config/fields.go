package config

import (
	"reflect"
	"strings"
)

// field is one setting or section, found by walking Config.
type field struct {
	path    string // kafka.tls.enabled
	doc     string
	depth   int
	section bool
	value   reflect.Value
}

// env is the variable that sets the field: JIFEN_KAFKA_TLS_ENABLED.
func (f field) env() string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(f.path, ".", "_"))
}

func (f field) name() string { return f.path[strings.LastIndexByte(f.path, '.')+1:] }

// fields lists sections and settings in the order of the structs.
func fields(c *Config) []field {
	return walk(reflect.ValueOf(c).Elem(), "", 0, nil)
}

func walk(v reflect.Value, prefix string, depth int, out []field) []field {
	t := v.Type()
	for i := range t.NumField() {
		tag := t.Field(i).Tag
		f := field{path: prefix + tag.Get("koanf"), doc: tag.Get("doc"), depth: depth, value: v.Field(i)}
		f.section = f.value.Kind() == reflect.Struct
		out = append(out, f)
		if f.section {
			out = walk(f.value, f.path+".", depth+1, out)
		}
	}
	return out
}

// settings maps the path of every setting to its field.
func settings(c *Config) map[string]field {
	m := map[string]field{}
	for _, f := range fields(c) {
		if !f.section {
			m[f.path] = f
		}
	}
	return m
}
