package main

import (
	"errors"

	"github.com/spf13/cobra"

	"jifen/internal/kafka"
)

// produceTo opens a producer for `jifen import` and `jifen produce`.
func produceTo(cmd *cobra.Command, use func(producer) error) error {
	a, err := open(cmd)
	if err != nil {
		return err
	}
	p, err := kafka.NewProducer(a.kafka)
	if err != nil {
		return errors.Join(err, a.close())
	}
	err = use(p)
	p.Close()
	return errors.Join(err, a.close())
}
