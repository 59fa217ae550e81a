package zk

import (
	"errors"
	"io"
	"net"
	"slices"
	"testing"
)

func TestFailedWriteShowsInTheRead(t *testing.T) {
	ours, theirs := net.Pipe()
	theirs.Close()
	c := quietConn{ours}
	if n, err := c.Write([]byte("abc")); n != 3 || err != nil {
		t.Errorf("write: %d, %v; want success", n, err)
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("read: %v; want that the connection has ended", err)
	}
}

// The library rests after each round, and must not rest before the first one ends.
func TestRounds(t *testing.T) {
	r := &rounds{}
	if err := r.Init([]string{"a", "b"}); err != nil || r.Len() != 2 {
		t.Fatal(r.Len(), err)
	}
	var got []string
	for range 5 {
		server, roundDone := r.Next()
		r.Connected() // even servers that could be reached: they may hang up each time
		if roundDone {
			got = append(got, "rest")
		}
		got = append(got, server)
	}
	if want := []string{"a", "b", "rest", "a", "b", "rest", "a"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
