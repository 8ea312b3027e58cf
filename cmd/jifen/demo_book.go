package main

import (
	"fmt"
	"os"

	"jifen/rulebooks"
)

// rulebook reads the book of the flags: a shipped one by its name, or a file.
func (d *demo) rulebook() (string, []byte, error) {
	name := d.flags.rulebook
	if name == "" {
		name = rulebooks.Demo
	}
	for _, shipped := range []string{name, name + ".yaml"} {
		if b, err := rulebooks.FS.ReadFile(shipped); err == nil {
			return shipped, b, nil
		}
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return "", nil, fmt.Errorf("rulebook: %w", err)
	}
	return name, b, nil
}
