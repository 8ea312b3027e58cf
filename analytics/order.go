package analytics

import (
	"cmp"
	"iter"
	"slices"

	"jifen/topics"
)

// order puts records into the tables' order, by topic and partition. Those of a partition come in order already, so that
// counting them does it: records are large, and neither moved nor compared. Its memory is used again.
type order struct {
	lanes  []lane
	sorted []lane  // in the tables' order
	of     []int32 // lane of each record
	order  []int32 // records in order
}

// lane is a partition that records are of.
type lane struct {
	topic     string
	partition int32
	number    int32
	next      int32 // how many records it has; then the place of the next of them
}

// runs are the places of each partition's records, partition by partition in order.
func (o *order) runs(records []topics.Record) iter.Seq[[]int32] {
	return func(yield func([]int32) bool) {
		order, from := o.by(records), int32(0)
		for _, l := range o.sorted {
			to := o.lanes[l.number].next // counted on to its end
			if !yield(order[from:to]) {
				return
			}
			from = to
		}
	}
}

// by returns the places of records in order.
func (o *order) by(records []topics.Record) []int32 {
	o.lanes, o.of = o.lanes[:0], o.of[:0]
	last := int32(-1)
	for i := range records {
		r := &records[i]
		if last < 0 || o.lanes[last].partition != r.Partition || o.lanes[last].topic != r.Topic {
			last = o.lane(r)
		}
		o.lanes[last].next++
		o.of = append(o.of, last)
	}
	o.sorted = append(o.sorted[:0], o.lanes...)
	slices.SortFunc(o.sorted, func(a, b lane) int {
		return cmp.Or(cmp.Compare(a.topic, b.topic), cmp.Compare(a.partition, b.partition))
	})
	place := int32(0)
	for _, l := range o.sorted {
		o.lanes[l.number].next = place
		place += l.next
	}
	o.order = slices.Grow(o.order[:0], len(records))[:len(records)]
	for i, n := range o.of {
		o.order[o.lanes[n].next] = int32(i) //nolint:gosec // far fewer records
		o.lanes[n].next++
	}
	return o.order
}

func (o *order) lane(r *topics.Record) int32 {
	for i := range o.lanes {
		if l := &o.lanes[i]; l.partition == r.Partition && l.topic == r.Topic {
			return l.number
		}
	}
	number := int32(len(o.lanes)) //nolint:gosec // far fewer partitions
	o.lanes = append(o.lanes, lane{topic: r.Topic, partition: r.Partition, number: number})
	return number
}
