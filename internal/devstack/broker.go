package devstack

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// brokersAnswer asks a broker for its cluster's metadata; the cluster must be ours, have n brokers and a controller.
func brokersAnswer(ctx context.Context, addr, cluster string, n int) error {
	conn, err := dial(ctx, addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	req := kmsg.NewPtrMetadataRequest()
	req.SetVersion(7) // the last one with a plain header; every broker from 2.1 on speaks it
	req.Topics = []kmsg.MetadataRequestTopic{}
	res := req.ResponseKind().(*kmsg.MetadataResponse)
	if err := converse(conn, req, res); err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	id := "no id"
	if res.ClusterID != nil {
		id = *res.ClusterID
	}
	if err := isOurs(id, cluster); err != nil {
		return err
	}
	if len(res.Brokers) < n {
		return fmt.Errorf("%d of %d brokers have joined", len(res.Brokers), n)
	}
	if res.ControllerID < 0 {
		return fmt.Errorf("the cluster has no controller")
	}
	return nil
}

// converse sends one request with a plain header and reads its response.
func converse(conn net.Conn, req kmsg.Request, res kmsg.Response) error {
	if _, err := conn.Write(kmsg.NewRequestFormatter(kmsg.FormatterClientID("devstack")).AppendRequest(nil, req, 1)); err != nil {
		return err
	}
	var head [8]byte // length, correlation id
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return err
	}
	const most = 1 << 20
	length := binary.BigEndian.Uint32(head[:4])
	if length < 4 || length > most {
		return fmt.Errorf("a response of %d bytes", length)
	}
	body := make([]byte, length-4)
	if _, err := io.ReadFull(conn, body); err != nil {
		return err
	}
	res.SetVersion(req.GetVersion())
	return res.ReadFrom(body)
}
