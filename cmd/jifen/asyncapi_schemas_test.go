package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"
)

// schemasOf adds the schemas of topics/schema, with what they refer to inside the document, and that of the headers.
func (c *contract) schemasOf() {
	files, err := filepath.Glob("../../topics/schema/*.json")
	if err != nil || len(files) == 0 {
		c.t.Fatalf("schemas: %v", err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			c.t.Fatal(err)
		}
		schema, _ := embedded(c.read(text)).(object)
		if filepath.Base(f) != "common.json" {
			c.put(&c.schemas, strings.TrimSuffix(filepath.Base(f), ".json"), schema)
			continue
		}
		for _, part := range schema {
			if part.Key == "$defs" {
				defs, _ := part.Value.(object)
				c.schemas = append(c.schemas, defs...)
			}
		}
	}
	c.put(&c.schemas, "headers", c.headers())
}

// embedded is a schema without its dialect, which AsyncAPI has one of, and with references inside the document. Beside a
// reference AsyncAPI reads nothing, so what stands there besides goes into an allOf.
func embedded(v any) any {
	switch v := v.(type) {
	case list:
		out := list{}
		for _, x := range v {
			out = append(out, embedded(x))
		}
		return out
	case object:
		var out, to object
		for _, item := range v {
			switch item.Key {
			case "$schema":
			case "$ref":
				to = inside(item.Value)
			default:
				out = append(out, yaml.MapItem{Key: item.Key, Value: embedded(item.Value)})
			}
		}
		switch {
		case to == nil:
			return out
		case out == nil:
			return to
		}
		return append(out, yaml.MapItem{Key: "allOf", Value: list{to}})
	}
	return v
}

func inside(reference any) object {
	text, _ := reference.(string)
	if _, name, found := strings.Cut(text, "#/$defs/"); found {
		return ref("components/schemas/" + name)
	}
	return ref("components/schemas/" + strings.TrimSuffix(text, ".json"))
}

// headers are those of binary mode: the attributes that event.json has beside the data.
func (c *contract) headers() object {
	var required list
	var properties object
	for _, schema := range c.schemas {
		if schema.Key != "event" {
			continue
		}
		event, _ := schema.Value.(object)
		for _, part := range event {
			switch value := part.Value.(type) {
			case list:
				for _, name := range value {
					if part.Key == "required" && name != "data" {
						required = append(required, headerOf(name))
					}
				}
			case object:
				for _, attribute := range value {
					if part.Key == "properties" && attribute.Key != "data" {
						properties = append(properties, yaml.MapItem{Key: headerOf(attribute.Key), Value: attribute.Value})
					}
				}
			}
		}
	}
	return pairs("type", "object", "description", "CloudEvents attributes in binary mode.", "required", required, "properties", properties)
}

func headerOf(attribute any) string {
	if attribute == "datacontenttype" {
		return "content-type"
	}
	name, _ := attribute.(string)
	return "ce_" + name
}
