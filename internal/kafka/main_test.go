package kafka_test

import (
	"testing"

	"jifen/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }
