package service

import (
	"testing"
	"time"
)

func TestParseUsage(t *testing.T) {
	stat := "42 (a ) b) S 1 42 42 0 -1 4194560 100 0 0 0 150 50 7 7 20 0 9 0 100 1 2\n"
	status := "Name:\ta\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\nThreads:\t9\n"
	got, err := parseUsage([]byte(stat), []byte(status))
	if want := (Usage{2 * time.Second, 100, 200}); err != nil || got != want {
		t.Errorf("%+v %v, want %+v", got, err, want)
	}
	if _, err := parseUsage([]byte("42 (a) S"), nil); err == nil {
		t.Error("half a status was read")
	}
}
