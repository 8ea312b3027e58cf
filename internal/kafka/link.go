package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"
)

// link tells when a client has lost a connection to a broker, which is the end of its session. A broker that went may have
// been ending our last transaction, and may leave it hanging (hanging.go). Were the client to go on when the broker is
// back, its next transaction would join the hanging one and decide its outcome too; a new client ends that one first.
type link struct{ lose context.CancelCauseFunc }

// OnBrokerE2E is told of every request and its answer. A broker that cannot be reached at all has not been lost.
func (k link) OnBrokerE2E(b kgo.BrokerMetadata, _ int16, e kgo.BrokerE2E) {
	err := errors.Join(e.WriteErr, e.ReadErr)
	if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		k.lose(fmt.Errorf("lost the connection to broker %d: %w", b.NodeID, err))
	}
}
