package processors_test

import (
	"bytes"
	"testing"

	"jifen/processors"
)

// TestRoomGivesEachValueItsOwnBytes: over several chunks, for large values, and again after Free.
func TestRoomGivesEachValueItsOwnBytes(t *testing.T) {
	var room processors.Room
	for round := range 3 {
		var taken [][]byte
		for i := range 5000 {
			n := 1 + i*37%900
			if i%1000 == 0 {
				n = 300_000 // larger than what is taken from the heap at once
			}
			b := room.Take(n)
			if len(b) != n || cap(b) != n && n < 300_000 {
				t.Fatalf("%d bytes of %d, asked for %d", len(b), cap(b), n)
			}
			for j := range b {
				b[j] = byte(i)
			}
			taken = append(taken, b)
		}
		for i, b := range taken {
			if !bytes.Equal(b, bytes.Repeat([]byte{byte(i)}, len(b))) {
				t.Fatalf("round %d: value %d was overwritten", round, i)
			}
		}
		room.Free()
	}
}

func TestDroppedRoomLeavesWhatWasTaken(t *testing.T) {
	var room processors.Room
	kept := room.Copy("kept")
	room.Drop()
	room.Copy("over")
	if string(kept) != "kept" {
		t.Errorf("what was taken before is %q", kept)
	}
}
