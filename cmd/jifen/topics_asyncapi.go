package main

import (
	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"jifen/topics"
)

func asyncapiCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "asyncapi", Short: "Print the contract of the topics that others write and read, as an AsyncAPI 3 document", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			text := topics.AsyncAPI
			if outputOf(cmd) == "json" {
				var err error
				if text, err = yaml.YAMLToJSON(text); err != nil {
					return err
				}
			}
			_, err := cmd.OutOrStdout().Write(text)
			return err
		},
	}
	outputFlag(cmd, new(string), "yaml", "json")
	return cmd
}
