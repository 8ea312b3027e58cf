package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFaultsOfASettingsFileHaveLineAndColumn: all at once.
func TestFaultsOfASettingsFileHaveLineAndColumn(t *testing.T) {
	const head = "apiVersion: jifen/v1\nkind: Settings\n"
	for file, want := range map[string][]string{
		head + "name: {zh: 好礼}\ncolours: {primary: red}\nstores:\n  - {id: a, name: {zh: 店}}\n  - id: a\n    name: {zh: 店}\n    phone: x\n": {
			"s.yaml:4:20: colours.primary is no colour (expected #rrggbb)", "s.yaml:7:9: stores[1].id stands there twice (expected another id)",
			"s.yaml:9:12: stores[1].phone is no phone number (expected 3 to 20 digits, with + ( ) - and blanks between them)",
		},
		head + "nam: {zh: x}\n":        {`s.yaml:3:1: unknown field "nam"`},
		head + "stores: 5\n":           {"s.yaml:3:9: int was used where sequence is expected"},
		head + "logo: /x.svg\n":        {"s.yaml:1:1: name is missing (expected a text in zh, en or both)"},
		head + "name: {zh: [\n":        nil,
		"kind: Items\nname: {zh: x}\n": {"s.yaml:1:1: want apiVersion jifen/v1 and kind Settings"},
	} {
		_, err := parseSettings("s.yaml", []byte(file))
		if err == nil || !strings.HasPrefix(err.Error(), "s.yaml:") {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if got := strings.Split(err.Error(), "\n"); want != nil && cmp.Diff(got, want) != "" {
			t.Errorf("%s (-got +want):\n%s", file, cmp.Diff(got, want))
		}
	}
	got, err := parseSettings("s.yaml", []byte(head+"name: {zh: 好礼}\n"))
	if err != nil || got.Colours.Primary == "" || got.Stores == nil || got.Name.En != "" {
		t.Errorf("%+v, %v", got, err)
	}
}
