package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"jifen/internal/config"
)

// addConfigFlags gives every subcommand --config and --set. Settings have one name each: in the file, as JIFEN_* and after --set.
func addConfigFlags(root *cobra.Command) {
	flags := root.PersistentFlags()
	flags.String("config", os.Getenv("JIFEN_CONFIG"), "configuration `FILE`, YAML (JIFEN_CONFIG)")
	flags.StringArray("set", nil, "a setting, `KEY=VALUE`, stronger than file and environment (repeatable)")
}

// loadConfig reads the configuration of the command that runs; more settings (key=value) are stronger than --set.
func loadConfig(cmd *cobra.Command, more ...string) (config.Config, error) {
	file, err := cmd.Flags().GetString("config")
	if err != nil {
		return config.Config{}, err
	}
	set, err := cmd.Flags().GetStringArray("set")
	if err != nil {
		return config.Config{}, err
	}
	for _, name := range config.UnknownVariables(os.Environ()) {
		fmt.Fprintf(cmd.ErrOrStderr(), "warning: %s is set, but it is no setting of jifen\n", name)
	}
	return config.Load(config.Sources{File: file, Environ: os.Environ(), Set: append(set, more...)})
}

func configCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Show and check the configuration"}
	show := &cobra.Command{
		Use: "print", Short: "Print the configuration in force, secrets masked", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			reference, err := cmd.Flags().GetBool("reference")
			if err != nil {
				return err
			}
			if reference {
				_, err = fmt.Fprint(cmd.OutOrStdout(), config.Reference())
				return err
			}
			return printConfig(cmd)
		},
	}
	outputFlag(show, new(string), "yaml", "json")
	show.Flags().Bool("reference", false, "print every setting with its default and what it is for, instead")
	cmd.AddCommand(show)
	return cmd
}

func printConfig(cmd *cobra.Command) error {
	c, err := loadConfig(cmd)
	if err != nil {
		return err
	}
	if outputOf(cmd) == "json" {
		enc := json.NewEncoder(cmd.OutOrStdout())
		enc.SetIndent("", "  ")
		return enc.Encode(c.Map())
	}
	_, err = fmt.Fprint(cmd.OutOrStdout(), c.YAML())
	return err
}
