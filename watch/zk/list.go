package zk

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"

	"bcs-storage/watch"
)

// readAhead is how many payloads a list reads at a time, ahead of its caller.
const readAhead = 8

// List implements watch.Nodes. A node that is deleted while the list is read is
// not in it. A few payloads are read ahead of the caller.
func (n *Nodes) List(ctx context.Context, d watch.Dir) iter.Seq2[watch.Entry, error] {
	return func(yield func(watch.Entry, error) bool) {
		dir, err := n.dirPath(d)
		if err == nil {
			var names []string
			if names, err = n.names(ctx, dir, d.Namespace); err == nil {
				err = n.readAll(ctx, dir, d, names, yield)
			}
		}
		if err != nil {
			yield(watch.Entry{}, err)
		}
	}
}

// names are those of the nodes of a namespace, sorted.
func (n *Nodes) names(ctx context.Context, dir, namespace string) ([]string, error) {
	children, err := n.children(ctx, dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, child := range children {
		if ns, name, ok := splitChild(child); ok && ns == namespace {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// readAll yields the payloads in the order of names until yield has enough. Each
// read has a deadline of its own: how fast the caller takes them is not ours to say.
func (n *Nodes) readAll(ctx context.Context, dir string, d watch.Dir, names []string, yield func(watch.Entry, error) bool) error {
	type result struct {
		data []byte
		err  error
	}
	ctx, cancel := context.WithCancel(ctx)
	var reads sync.WaitGroup
	defer reads.Wait()
	defer cancel()
	window := make([]chan result, min(readAhead, len(names)))
	start := func(i int) {
		at, to := childPath(dir, watch.Node{Dir: d, Name: names[i]}), window[i%len(window)]
		reads.Go(func() {
			data, err := n.read(ctx, at)
			to <- result{data, err}
		})
	}
	for i := range window {
		window[i] = make(chan result, 1)
		start(i)
	}
	for i, name := range names {
		r := <-window[i%len(window)]
		if next := i + len(window); next < len(names) {
			start(next)
		}
		switch {
		case errors.Is(r.err, watch.ErrNotFound):
		case r.err != nil:
			return r.err
		case !yield(watch.Entry{Name: name, Data: r.data}, nil):
			return nil
		}
	}
	return nil
}
