package importer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// maxObject is the largest single object that is accepted. Etcd holds none above a few MiB, so anything near this is
// not the kind of file that was meant.
const maxObject = 64 << 20

var (
	errTooLarge  = fmt.Errorf("an object of more than %d MiB", maxObject>>20)
	errNotObject = errors.New("not a JSON object")
	errEmpty     = errors.New("the input is empty")
	errLateKind  = errors.New("items without a kind of their own come before the kind of their list")
)

// document is one object of the input. raw is only valid until the function that receives the document returns.
type document struct {
	raw    []byte
	head   header
	err    error // raw is not an object that a header can be read from
	offset int64
}

func (d document) size() int64 { return int64(len(d.raw)) }

// kindless says that the object leaves its kind to the list that it is in.
func (d document) kindless() bool {
	return d.err == nil && text(d.head.Kind) == "" && text(d.head.ResourceType) == ""
}

// reader walks over the input and hands every object to emit. It holds one object at a time, whatever the size of the
// list around it.
type reader struct {
	name string
	src  *source
	dec  *jsontext.Decoder
	emit func(document) error
	// limit is the size of the largest object, and of all items that wait for the kind of their list.
	limit int
	seen  bool
}

func newReader(in io.Reader, name string, emit func(document) error) *reader {
	src := &source{in: in}
	return &reader{name: name, src: src, dec: jsontext.NewDecoder(src), emit: emit, limit: maxObject}
}

// run reads to the end of the input, to the first error of emit, or to the first byte that is not JSON.
func (r *reader) run() error {
	for {
		r.src.allow(r.limit)
		var err error
		switch r.dec.PeekKind() {
		case '{':
			err = r.object()
		case '[':
			err = r.elements(&outer{kindKnown: true})
		default:
			return r.end()
		}
		if err != nil {
			return err
		}
		r.seen = true
	}
}

// end tells the end of the input from something that is neither an object nor an array.
func (r *reader) end() error {
	at := r.offset()
	_, err := r.dec.ReadToken()
	switch {
	case errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		if !r.seen {
			return fmt.Errorf("%s: %w", r.name, errEmpty)
		}
		return nil
	case err != nil:
		return r.malformed(err)
	default:
		return r.failAt(at, errNotObject)
	}
}

// outer is a top-level object, which may turn out to be a list. Until then its members are collected: an object must be
// sent with the bytes it came with. Once it is a list only its kind matters.
type outer struct {
	raw       []byte
	isList    bool
	kind      string
	version   string
	kindKnown bool
	held      []document // items whose kind is the list's, read before it
	heldBytes int
}

// mayBeList says whether `items` is what makes this a list. kubectl sorts keys, so it prints items before the kind.
func (o *outer) mayBeList() bool { return !o.kindKnown || strings.HasSuffix(o.kind, "List") }

func (r *reader) object() error {
	o := &outer{raw: []byte{'{'}}
	at := r.offset()
	if _, err := r.dec.ReadToken(); err != nil {
		return r.malformed(err)
	}
	for r.dec.PeekKind() != '}' {
		if err := r.member(o); err != nil {
			return err
		}
	}
	if _, err := r.dec.ReadToken(); err != nil {
		return r.malformed(err)
	}
	if o.isList {
		return r.release(o)
	}
	return r.emit(newDocument(append(o.raw, '}'), at))
}

func (r *reader) member(o *outer) error {
	name, err := r.dec.ReadValue()
	if err != nil {
		return r.malformed(err)
	}
	key := text(name)
	o.addName(name)
	if kind := r.dec.PeekKind(); key == "items" && o.mayBeList() && (kind == '[' || kind == 'n') {
		o.isList, o.raw = true, nil
		return r.elements(o)
	}
	value, err := r.dec.ReadValue()
	if err != nil {
		return r.malformed(err)
	}
	switch key {
	case "kind":
		o.kind, o.kindKnown = text(value), true
	case "apiVersion":
		o.version = text(value)
	}
	o.addValue(value)
	return nil
}

func (o *outer) addName(name jsontext.Value) {
	if o.isList {
		return
	}
	if len(o.raw) > 1 {
		o.raw = append(o.raw, ',')
	}
	o.raw = append(append(o.raw, name...), ':')
}

func (o *outer) addValue(value jsontext.Value) {
	if !o.isList {
		o.raw = append(o.raw, value...)
	}
}

// elements walks over the array of a list. A list that has nothing may say null.
func (r *reader) elements(o *outer) error {
	token, err := r.dec.ReadToken()
	if err != nil {
		return r.malformed(err)
	}
	if token.Kind() == 'n' {
		return nil
	}
	for r.dec.PeekKind() != ']' {
		if err := r.element(o); err != nil {
			return err
		}
	}
	if _, err := r.dec.ReadToken(); err != nil {
		return r.malformed(err)
	}
	return nil
}

func (r *reader) element(o *outer) error {
	r.src.allow(r.limit)
	at := r.offset()
	raw, err := r.dec.ReadValue()
	if err != nil {
		return r.malformed(err)
	}
	d := newDocument(raw, at)
	if d.kindless() && !o.kindKnown {
		return r.hold(o, d)
	}
	return r.emit(o.complete(d))
}

// hold keeps an item until the kind of its list is known. A typed list prints its kind first, so this is for lists that
// a tool has reordered; they must be small, because memory is.
func (r *reader) hold(o *outer, d document) error {
	if o.heldBytes += len(d.raw); o.heldBytes > r.limit {
		return r.failAt(d.offset, errLateKind)
	}
	o.held = append(o.held, newDocument(bytes.Clone(d.raw), d.offset))
	return nil
}

func (r *reader) release(o *outer) error {
	for _, d := range o.held {
		if err := r.emit(o.complete(d)); err != nil {
			return err
		}
	}
	return nil
}

// complete gives an item of a typed list the kind and version that the list states for all of them.
func (o *outer) complete(d document) document {
	item, typed := strings.CutSuffix(o.kind, "List")
	if typed && item != "" && d.kindless() {
		d.head.listKind, d.head.listVersion = item, o.version
	}
	return d
}

// offset is where the next value begins.
func (r *reader) offset() int64 {
	unread := r.dec.UnreadBuffer()
	skipped := len(unread) - len(bytes.TrimLeft(unread, " \t\r\n,:"))
	return r.src.skipped + r.dec.InputOffset() + int64(skipped)
}

// malformed says where the input stops being JSON.
func (r *reader) malformed(err error) error {
	at := r.src.skipped + r.dec.InputOffset()
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		at, err = r.src.skipped+syntax.ByteOffset, syntax.Err
	}
	if errors.Is(err, errTooLarge) {
		err = errTooLarge
	}
	return r.failAt(at, err)
}

// failAt names a place in the input. Everything that was read is either consumed or in the decoder's buffer, so the line
// of an offset follows from the number of lines read.
func (r *reader) failAt(at int64, err error) error {
	unread := r.dec.UnreadBuffer()
	ahead := at - r.src.skipped - r.dec.InputOffset()
	line := 1 + r.src.lines - bytes.Count(unread, []byte{'\n'})
	if ahead > 0 {
		line += bytes.Count(unread[:min(ahead, int64(len(unread)))], []byte{'\n'})
	}
	return fmt.Errorf("%s: byte %d, line %d: %w", r.name, at, line, err)
}

// source counts lines, drops a byte order mark, and refuses to feed an object without end.
type source struct {
	in      io.Reader
	left    int
	lines   int
	skipped int64 // bytes before the first that the decoder sees
	started bool
}

// allow lets the next object be n bytes long.
func (s *source) allow(n int) { s.left = n }

func (s *source) Read(p []byte) (int, error) {
	if s.left <= 0 {
		return 0, errTooLarge
	}
	if !s.started {
		if err := s.start(); err != nil {
			return 0, err
		}
	}
	n, err := s.in.Read(p)
	s.left -= n
	s.lines += bytes.Count(p[:n], []byte{'\n'})
	return n, err
}

// start looks at the first bytes: editors and shells on Windows put a mark there that JSON does not know.
func (s *source) start() error {
	s.started = true
	mark := []byte("\xef\xbb\xbf")
	first := make([]byte, len(mark))
	n, err := io.ReadFull(s.in, first)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	if bytes.Equal(first, mark) {
		s.skipped = int64(len(mark))
		return nil
	}
	s.in = io.MultiReader(bytes.NewReader(first[:n]), s.in)
	return nil
}
