package bench

import (
	"testing"
	"time"

	"jifen/topics"
)

func TestTheSameLoadGivesTheSameOrders(t *testing.T) {
	load, start := Load{Members: 1000, Zipf: 1.1, Seed: 7}, time.Now()
	a, b := newOrders(load, start), newOrders(load, start)
	var net, points int64
	for range 2000 {
		r, same := a.next(), b.next()
		if string(r.Value) != string(same.Value) {
			t.Fatalf("%s\n%s", r.Value, same.Value)
		}
		e, reject := topics.Decode(&r, topics.DefaultLimits(), a.at)
		if reject != nil {
			t.Fatal(reject)
		}
		var sum int64
		for _, l := range e.Data.Lines {
			sum += l.Net
		}
		net, points = net+sum, points+sum/100
	}
	if a.Net != net || a.Points != points || a.Events != 2000 {
		t.Errorf("decoded net %d points %d, generated %+v", net, points, a.Totals)
	}
	t.Logf("%d bytes of JSON an order", a.Bytes/a.Events)
	if size := a.Bytes / a.Events; size < 420 || size > 520 {
		t.Errorf("%d bytes of JSON an order, the load is to have about 470", size)
	}
}
