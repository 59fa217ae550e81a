package mongo

import (
	"context"
	"errors"
	"slices"
	"time"

	"bcs-storage/storage"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// bulkBatch is how many changes one command makes, so that it ends within
// OperationTimeout.
const bulkBatch = 500

// Write sends unordered commands, which servers work off at their own pace. In
// one of them no document is changed twice: changes that undo earlier ones of
// the same document take their place, others wait for the next round.
func (e *Engine) Write(ctx context.Context, c *storage.Collection, writes []storage.Write, now time.Time) []error {
	b := &bulk{e: e, c: c, errs: make([]error, len(writes))}
	if err := e.knows(c); err != nil {
		b.fail(err, b.everything())
		return b.errs
	}
	for i := range writes {
		if err := b.add(i, &writes[i], now); err != nil {
			b.errs[i] = err
		}
	}
	for _, round := range b.rounds {
		for _, name := range round.names {
			for some := range slices.Chunk(round.sets[name], bulkBatch) {
				b.send(ctx, name, some)
			}
		}
	}
	if slices.ContainsFunc(b.errs, func(err error) bool { return err != nil }) {
		return b.errs
	}
	return nil
}

// bulk are many changes on their way.
type bulk struct {
	e      *Engine
	c      *storage.Collection
	rounds []*round
	errs   []error
	down   error // the server can't be reached: nothing more is sent
}

// round are changes of different documents, by MongoDB collection.
type round struct {
	names []string // in the order in which they came up
	sets  map[string][]*op
	byID  map[string]*op
}

// op is what becomes of one document in a round.
type op struct {
	key    storage.Key
	put    bool
	filter storage.Filter // of a removal
	model  mongo.WriteModel
	of     []int // the changes that it stands for
}

// add finds the place of a change: the first round after which no other has
// changed its document.
func (b *bulk) add(i int, w *storage.Write, now time.Time) error {
	next, err := b.op(w, now)
	if err != nil {
		return err
	}
	next.of = []int{i}
	id := w.Key.ID()
	at := len(b.rounds) - 1
	for at >= 0 && b.rounds[at].byID[id] == nil {
		at--
	}
	if at >= 0 {
		if last := b.rounds[at].byID[id]; next.replaces(last) {
			next.of = append(last.of, i)
			*last = *next
			return nil
		}
	}
	if at++; at == len(b.rounds) {
		b.rounds = append(b.rounds, &round{sets: map[string][]*op{}, byID: map[string]*op{}})
	}
	b.rounds[at].put(b.e.collection(b.c, w.Key).Name(), id, next)
	return nil
}

func (r *round) put(name, id string, o *op) {
	if r.sets[name] == nil {
		r.names = append(r.names, name)
	}
	r.sets[name] = append(r.sets[name], o)
	r.byID[id] = o
}

// replaces says whether o leaves nothing of what last did. A Put leaves the
// createTime of the Put before it, which is also its own.
func (o *op) replaces(last *op) bool {
	if o.put {
		return last.put
	}
	return o.filter == nil
}

func (b *bulk) op(w *storage.Write, now time.Time) (*op, error) {
	if err := checkKey(b.c, w.Key); err != nil {
		return nil, err
	}
	if w.Body == nil {
		where := translate(b.c, b.c.IndexOf(w.Key), w.Filter)
		o := &op{key: w.Key, filter: w.Filter}
		if where.exact && !where.never {
			o.model = mongo.NewDeleteOneModel().SetFilter(allOf(exactly(byKey(w.Key)), where).document())
		}
		return o, nil
	}
	s, err := prepare(b.c, w.Key, w.Body, now)
	if err != nil {
		return nil, err
	}
	if err := s.checkSize(); err != nil {
		return nil, err
	}
	return &op{key: w.Key, put: true, model: mongo.NewUpdateOneModel().SetFilter(byKey(w.Key)).SetUpdate(s.update()).SetUpsert(true)}, nil
}

// everything are the positions of all changes.
func (b *bulk) everything() []*op {
	o := &op{}
	for i := range b.errs {
		o.of = append(o.of, i)
	}
	return []*op{o}
}

func (b *bulk) fail(err error, ops []*op) {
	for _, o := range ops {
		for _, i := range o.of {
			b.errs[i] = err
		}
	}
}

// send makes changes of one MongoDB collection. Upserts of a new key can
// collide with those of others; those that lost find the document when they
// are tried again.
func (b *bulk) send(ctx context.Context, name string, ops []*op) {
	var models []mongo.WriteModel
	var sent []*op
	wrote := false
	for _, o := range ops {
		if o.model == nil {
			b.decide(ctx, o)
			continue
		}
		models, sent = append(models, o.model), append(sent, o)
		wrote = wrote || o.put
	}
	if len(models) == 0 {
		return
	}
	lost := b.command(ctx, name, models, sent, true)
	if len(lost) > 0 {
		models = models[:0]
		for _, o := range lost {
			models = append(models, o.model)
		}
		b.command(ctx, name, models, lost, false)
	}
	if wrote {
		b.e.indexer.want(b.c, name)
	}
}

// decide removes a document with a filter that the server can't decide.
func (b *bulk) decide(ctx context.Context, o *op) {
	_, err := b.e.Delete(ctx, b.c, storage.Query{Scopes: []storage.Key{o.key}, Filter: o.filter})
	if err != nil {
		b.fail(err, []*op{o})
	}
}

// command notes which changes failed, and returns those that collided, if they
// may be tried again.
func (b *bulk) command(ctx context.Context, name string, models []mongo.WriteModel, ops []*op, again bool) (lost []*op) {
	if b.down != nil {
		b.fail(b.down, ops)
		return nil
	}
	err := b.e.call(ctx, "write", func(limited context.Context) error {
		_, err := b.e.db.Collection(name).BulkWrite(limited, models, options.BulkWrite().SetOrdered(false))
		var single mongo.BulkWriteException
		if !errors.As(err, &single) || single.WriteConcernError != nil {
			return err
		}
		for _, failed := range single.WriteErrors {
			o := ops[failed.Index]
			if again && mongo.IsDuplicateKeyError(failed.WriteError) {
				lost = append(lost, o)
				continue
			}
			b.fail(contractError(ctx, limited, "write", failed.WriteError), []*op{o})
		}
		return nil
	})
	if errors.Is(err, storage.ErrUnavailable) {
		b.down = err
	}
	if err != nil {
		b.fail(err, ops)
		return nil
	}
	return lost
}
