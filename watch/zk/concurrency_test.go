package zk_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"bcs-storage/watch"
)

func TestFirstPutsOfManyWriters(t *testing.T) {
	n := open(t, options(t))
	var writers sync.WaitGroup
	for i := range 40 {
		writers.Go(func() {
			at := node(fmt.Sprint("n", i/2)) // two writers for a node
			if err := n.Put(t.Context(), at, []byte(`{}`)); err != nil {
				t.Error(err)
			}
		})
	}
	writers.Wait()
}

func TestPutsWhileParentsAreDeleted(t *testing.T) {
	o := options(t)
	n, c := open(t, o), connect(t)
	ctx, stop := context.WithCancel(t.Context())
	var deleter sync.WaitGroup
	deleter.Go(func() {
		for ctx.Err() == nil {
			remove(t, c, "/"+o.Base)
		}
	})
	for range 100 {
		// Losing the race again and again is no fault; anything else is.
		if err := n.Put(t.Context(), node("a"), []byte(`{}`)); err != nil && !errors.Is(err, watch.ErrUnavailable) {
			t.Error(err)
		}
	}
	stop()
	deleter.Wait()
	must(t, n.Put(t.Context(), node("a"), []byte(`{"v":1}`)))
	if got := list(t, n, dir); got != `a={"v":1}` {
		t.Errorf("listed %s", got)
	}
}

func TestListWhileNodesVanish(t *testing.T) {
	n := open(t, options(t))
	for i := range 40 {
		must(t, n.Put(t.Context(), node(fmt.Sprintf("n%02d", i)), []byte(`{}`)))
	}
	var got []string
	for e, err := range n.List(t.Context(), dir) {
		must(t, err)
		if len(got) == 0 { // nothing past the window has been read yet
			for i := 20; i < 40; i++ {
				must(t, n.Delete(t.Context(), node(fmt.Sprintf("n%02d", i))))
			}
		}
		got = append(got, e.Name)
	}
	if len(got) != 20 || got[0] != "n00" || got[19] != "n19" {
		t.Errorf("listed %v", got)
	}
}

func TestListLeavesNothingBehind(t *testing.T) {
	n := open(t, options(t))
	for i := range 30 {
		must(t, n.Put(t.Context(), node(fmt.Sprintf("n%02d", i)), []byte(`{}`)))
	}
	leaksNothing(t, func() {
		for range 20 {
			for _, err := range n.List(t.Context(), dir) {
				must(t, err)
				break
			}
			cancelHalfway(t, func(ctx context.Context, step func()) error {
				for _, err := range n.List(ctx, dir) {
					if err != nil {
						return err
					}
					step()
				}
				return nil
			})
		}
	})
}

// cancelHalfway cancels at the tenth step and wants to hear of it.
func cancelHalfway(t *testing.T, run func(ctx context.Context, step func()) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	steps := 0
	err := run(ctx, func() {
		if steps++; steps == 10 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || steps < 10 || steps > 20 {
		t.Errorf("%d steps, then %v; want context.Canceled soon after 10", steps, err)
	}
}

func TestCloseWhileInUse(t *testing.T) {
	o := options(t)
	leaksNothing(t, func() {
		n := open(t, o)
		must(t, n.Put(t.Context(), node("a"), []byte(`{}`)))
		var users sync.WaitGroup
		for range 100 {
			users.Go(func() {
				for {
					if _, err := n.Get(t.Context(), node("a")); err != nil {
						if !errors.Is(err, watch.ErrUnavailable) {
							t.Error(err)
						}
						return
					}
				}
			})
		}
		users.Go(func() { _ = n.Close() })
		users.Go(func() { _ = n.Close() })
		users.Wait()
	})
}
