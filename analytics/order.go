package analytics

import (
	"cmp"
	"slices"
)

// order puts records into the tables' order, by topic and partition. Those of a partition come in order already, so that
// counting them does it: records are large, and neither moved nor compared. Its memory is used again.
type order struct {
	lanes []lane
	of    []int32 // lane of each record
	order []int32 // records in order
}

// lane is a partition that records are of.
type lane struct {
	topic     string
	partition int32
	number    int32
	next      int32 // how many records it has; then the place of the next of them
}

// by returns the indexes of n records in order; of says where each of them belongs.
func (o *order) by(n int, of func(i int) (topic string, partition int32)) []int32 {
	o.lanes, o.of = o.lanes[:0], o.of[:0]
	last := int32(-1)
	for i := range n {
		topic, partition := of(i)
		if last < 0 || o.lanes[last].partition != partition || o.lanes[last].topic != topic {
			last = o.lane(topic, partition)
		}
		o.lanes[last].next++
		o.of = append(o.of, last)
	}
	sorted := slices.SortedFunc(slices.Values(o.lanes), func(a, b lane) int {
		return cmp.Or(cmp.Compare(a.topic, b.topic), cmp.Compare(a.partition, b.partition))
	})
	place := int32(0)
	for _, l := range sorted {
		o.lanes[l.number].next = place
		place += l.next
	}
	o.order = slices.Grow(o.order[:0], n)[:n]
	for i, l := range o.of {
		o.order[o.lanes[l].next] = int32(i) //nolint:gosec // far fewer records
		o.lanes[l].next++
	}
	return o.order
}

func (o *order) lane(topic string, partition int32) int32 {
	for i := range o.lanes {
		if l := &o.lanes[i]; l.partition == partition && l.topic == topic {
			return l.number
		}
	}
	number := int32(len(o.lanes)) //nolint:gosec // far fewer partitions
	o.lanes = append(o.lanes, lane{topic: topic, partition: partition, number: number})
	return number
}
