package app_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"bcs-storage/cmd/bcs-storage/app"
	"bcs-storage/cmd/bcs-storage/internal/testparts"
)

// TestDrain: a service that stops says that it is not ready while it goes on serving.
func TestDrain(t *testing.T) {
	config := testparts.Config(testparts.Dir(t))
	config.HTTP.DrainDelay = time.Hour // the test ends it
	a, err := app.New(t.Context(), app.Options{Config: config, Log: slog.New(slog.DiscardHandler), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	ran, end := context.WithCancel(t.Context())
	var both sync.WaitGroup
	both.Go(func() {
		if err := a.Run(ran); err != nil {
			t.Error(err)
		}
	})
	s := &service{t: t, base: a.URL(), http: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	if ready := s.do("GET", "/readyz", ""); ready.status != 200 {
		t.Errorf("before: %d %s", ready.status, ready.body)
	}
	end()
	stopping, cutOff := context.WithCancel(t.Context())
	both.Go(func() {
		if err := a.Stop(stopping); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	s.eventually(func() bool { return s.do("GET", "/readyz", "").status == 503 })
	if ready := s.do("GET", "/readyz", ""); !strings.Contains(ready.body, `"stopping":true`) {
		t.Error(ready.body)
	}
	s.do("PUT", documentedPrefix+"/k8s/dynamic/cluster_resources/clusters/c/Node/n", `{"data":{}}`).ok()
	cutOff()
	both.Wait()
	if _, err := s.try("GET", "/healthz", ""); err == nil {
		t.Error("it serves after it has stopped")
	}
}
