package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Reference is deploy/jifen.yaml: every setting with its default, what it is for and the variable that sets it.
func Reference() string {
	c := Default()
	var b strings.Builder
	b.WriteString("# Settings of jifen. Weakest first: defaults, this file, JIFEN_* variables, --set key=value.\n")
	b.WriteString("# Durations have units (6s, 15m, 168h). Made from internal/config; a test keeps the two equal.\n")
	for _, f := range fields(&c) {
		indent := strings.Repeat("  ", f.depth)
		if f.depth == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s# %s\n", indent, f.doc)
		if f.section {
			fmt.Fprintf(&b, "%s%s:\n", indent, f.name())
			continue
		}
		fmt.Fprintf(&b, "%s%s: %s # %s\n", indent, f.name(), scalar(f.value), f.env())
	}
	return b.String()
}

// YAML prints the configuration in force, secrets masked; Load reads it back where no secret is set.
func (c Config) YAML() string {
	var b strings.Builder
	for _, f := range fields(&c) {
		indent := strings.Repeat("  ", f.depth)
		if f.section {
			fmt.Fprintf(&b, "%s%s:\n", indent, f.name())
			continue
		}
		fmt.Fprintf(&b, "%s%s: %s\n", indent, f.name(), scalar(f.value))
	}
	return b.String()
}

// Map is the configuration in force as nested maps, secrets masked and durations spelt, for JSON.
func (c Config) Map() map[string]any {
	return mapOf(reflect.ValueOf(c))
}

func mapOf(v reflect.Value) map[string]any {
	m := map[string]any{}
	for i := range v.NumField() {
		name := v.Type().Field(i).Tag.Get("koanf")
		switch x := v.Field(i); {
		case x.Kind() == reflect.Struct:
			m[name] = mapOf(x)
		case x.Type() == reflect.TypeFor[time.Duration]():
			m[name] = duration(x)
		default:
			m[name] = x.Interface()
		}
	}
	return m
}

func scalar(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case time.Duration:
		return duration(v)
	case string:
		return strconv.Quote(x)
	case Secret:
		return strconv.Quote(x.String())
	case []string:
		quoted := make([]string, len(x))
		for i, s := range x {
			quoted[i] = strconv.Quote(s)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	}
	return fmt.Sprint(v.Interface())
}

// duration spells 168h0m0s as 168h.
func duration(v reflect.Value) string {
	s := time.Duration(v.Int()).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
