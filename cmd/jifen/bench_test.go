package main

import (
	"errors"
	"strings"
	"testing"
)

// TestBenchRefusesWhatItCannotMeasure before it starts anything, as a wrong call (exit 2), and names the flag.
func TestBenchRefusesWhatItCannotMeasure(t *testing.T) {
	for call, flag := range map[string]string{
		"--rounds 0": "--rounds", "--rounds 2 --latency 5": "--rounds", "--rounds 2 --profiles p": "--rounds",
		"--events 999": "--events", "--latency -1": "--latency", "--zipf 1": "--zipf",
	} {
		cmd := benchCommand()
		cmd.SetArgs(strings.Fields(call))
		cmd.SilenceErrors, cmd.SilenceUsage = true, true
		var wrong *usageError
		if err := cmd.Execute(); !errors.As(err, &wrong) || !strings.HasPrefix(err.Error(), flag) {
			t.Errorf("%s: %v", call, err)
		}
	}
}
