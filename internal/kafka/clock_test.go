package kafka_test

import (
	"testing"
	"time"

	"jifen/internal/kafka"
	"jifen/internal/testkit"
	"jifen/topics"
)

func TestSkewOfTheSameMachineIsNone(t *testing.T) {
	c := kafka.Config{Brokers: []string{testkit.Kfake(t).Addr()}, ClientID: "test"}
	if _, err := kafka.Apply(t.Context(), c, 4); err != nil {
		t.Fatal(err)
	}
	before := time.Now()
	skew, err := kafka.Skew(t.Context(), c, topics.Record{Topic: topics.Requests, Partition: 1, Value: []byte("x")})
	if err != nil {
		t.Fatal(err)
	}
	if skew.Abs() > time.Since(before)+10*time.Millisecond {
		t.Errorf("skew %s", skew)
	}
}
