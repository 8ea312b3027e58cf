package main

import (
	"fmt"
	"os"
	"runtime/pprof"

	"github.com/spf13/cobra"
)

// addProfileFlag gives every subcommand the hidden --cpuprofile; the returned function ends the profile.
func addProfileFlag(root *cobra.Command) (end func() error) {
	var name string
	var file *os.File
	root.PersistentFlags().StringVar(&name, "cpuprofile", "", "write a CPU profile to this file")
	_ = root.PersistentFlags().MarkHidden("cpuprofile") // it was added just now
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		if name == "" {
			return nil
		}
		var err error
		if file, err = os.Create(name); err == nil {
			err = pprof.StartCPUProfile(file)
		}
		if err != nil {
			return fmt.Errorf("cpu profile: %w", err)
		}
		return nil
	}
	return func() error {
		if file == nil {
			return nil
		}
		pprof.StopCPUProfile()
		return file.Close()
	}
}
