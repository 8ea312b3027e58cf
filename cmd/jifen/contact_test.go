package main

import (
	"errors"
	"testing"

	"jifen/internal/config"
)

// TestChannelsNeedContacts: without keys to keep contacts under, the program says so at its start.
func TestChannelsNeedContacts(t *testing.T) {
	a := &app{config: config.Default()}
	if _, err := a.contact(nil, nil); !errors.Is(err, errNoContacts) {
		t.Errorf("%v", err)
	}
}
