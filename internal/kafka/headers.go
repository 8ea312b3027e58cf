package kafka

import (
	"unsafe"

	"github.com/twmb/franz-go/pkg/kgo"

	"jifen/topics"
)

// Our header and the client's are the same fields in the same order: else these conversions do not compile. Go lays such
// structs out alike, so a list of the one is a list of the other, and no event's headers are copied on the way.
var (
	_ = topics.Header(kgo.RecordHeader{})
	_ = kgo.RecordHeader(topics.Header{})
)

func fromHeaders(h []kgo.RecordHeader) []topics.Header {
	return unsafe.Slice((*topics.Header)(unsafe.Pointer(unsafe.SliceData(h))), len(h)) //nolint:gosec // the same type but for its name
}

func toHeaders(h []topics.Header) []kgo.RecordHeader {
	return unsafe.Slice((*kgo.RecordHeader)(unsafe.Pointer(unsafe.SliceData(h))), len(h)) //nolint:gosec // the same type but for its name
}
