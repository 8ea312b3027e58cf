package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/spf13/cobra"

	"jifen/internal/kafka"
	"jifen/topics"
)

// settingsFile is what `jifen settings apply` reads and `jifen settings get` prints.
type settingsFile struct {
	APIVersion      string `yaml:"apiVersion"`
	Kind            string `yaml:"kind"`
	topics.Settings `yaml:",inline"`
}

func settingsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "settings", Short: "What the retailer says of itself on the pages of the mall"}
	apply := &cobra.Command{
		Use: "apply FILE", Short: "Set name, logo, colours, contact, stores and help; the same file again changes nothing", Args: cobra.ExactArgs(1),
		Long: "Sets all settings of a file (apiVersion: jifen/v1, kind: Settings). What the file does not name is empty afterwards, or\n" +
			"as it is by default. Serving processes show it within a second; the change is in points.audit.v1.",
		Example: "  apiVersion: jifen/v1\n" +
			"  kind: Settings\n" +
			"  name: {zh: 好礼商城, en: Gift Mall}\n" +
			"  logo: https://example.com/logo.svg      # or a path such as /pictures/logo.svg\n" +
			"  colours: {primary: \"#c8102e\", accent: \"#f5a623\"}\n" +
			"  contact: {phone: 400-123-4567, email: help@example.com, hours: 9:00–21:00}\n" +
			"  stores:\n" +
			"    - {id: SH01, name: {zh: 南京路店, en: Nanjing Road}, address: 南京东路 1 号, phone: 021-1234567}\n" +
			"  help: {zh: 有问题请联系我们。, en: Ask us.}",
		RunE: withApp(func(cmd *cobra.Command, a *app, args []string) error {
			data, err := os.ReadFile(args[0])
			if err != nil {
				return fmt.Errorf("settings: %w", err)
			}
			result, err := a.applySettings(cmd.Context(), args[0], data)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), result)
			return err
		}),
	}
	get := &cobra.Command{
		Use: "get", Short: "Print the settings in force, in the form that apply reads", Args: cobra.NoArgs,
		RunE: withApp(func(cmd *cobra.Command, a *app, _ []string) error {
			v, err := kafka.ReadSettings(cmd.Context(), a.kafka)
			if err != nil {
				return err
			}
			text, err := yaml.Marshal(settingsFile{APIVersion: "jifen/v1", Kind: "Settings", Settings: v.Settings})
			if err != nil {
				return fmt.Errorf("settings: %w", err)
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		}),
	}
	cmd.AddCommand(apply, get)
	return cmd
}

// applySettings sets the settings of a file.
func (a *app) applySettings(ctx context.Context, name string, data []byte) (string, error) {
	next, err := parseSettings(name, data)
	if err != nil {
		return "", err
	}
	current, err := kafka.ReadSettings(ctx, a.kafka)
	if err != nil {
		return "", err
	}
	if current.Revision > 0 && reflect.DeepEqual(current.Settings, next) {
		return fmt.Sprintf("unchanged: revision %d", current.Revision), nil
	}
	v, err := a.setSettings(ctx, &kafka.Settings{Config: a.kafka}, current.Revision, "settings apply", next)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("applied: revision %d", v.Revision), nil
}

// parseSettings reads a file of settings; what is wrong is said with line and column, all of it at once.
func parseSettings(name string, data []byte) (topics.Settings, error) {
	f := settingsFile{Settings: topics.DefaultSettings()}
	f.Name = topics.Words{}
	if err := yaml.UnmarshalWithOptions(data, &f, yaml.Strict()); err != nil {
		var at yaml.Error
		if errors.As(err, &at) && at.GetToken() != nil {
			p := at.GetToken().Position
			return f.Settings, fmt.Errorf("%s:%d:%d: %s", name, p.Line, p.Column, at.GetMessage())
		}
		return f.Settings, fmt.Errorf("%s:1:1: %w", name, err)
	}
	if f.APIVersion != "jifen/v1" || f.Kind != "Settings" {
		return f.Settings, fmt.Errorf("%s:1:1: want apiVersion jifen/v1 and kind Settings", name)
	}
	if f.Stores == nil {
		f.Stores = []topics.RetailerStore{}
	}
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return f.Settings, fmt.Errorf("%s:1:1: %w", name, err)
	}
	var faults []error
	for _, x := range f.Faults() {
		line, column := placeOf(file, x.At)
		faults = append(faults, fmt.Errorf("%s:%d:%d: %s %s (expected %s)", name, line, column, x.At, x.Message, x.Expected))
	}
	return f.Settings, errors.Join(faults...)
}

// placeOf is where a path such as stores[3].id stands, or the nearest that does around it.
func placeOf(file *ast.File, path string) (line, column int) {
	for path != "" {
		if p, err := yaml.PathString("$." + path); err == nil {
			if n, err := p.FilterFile(file); err == nil && n != nil && n.GetToken() != nil {
				at := n.GetToken().Position
				if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
					at = m.Values[0].Key.GetToken().Position
				}
				return at.Line, at.Column
			}
		}
		path = path[:max(lastOf(path), 0)]
	}
	return 1, 1
}

// lastOf is where the last step of a path begins.
func lastOf(path string) int {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '.' || path[i] == '[' {
			return i
		}
	}
	return 0
}
