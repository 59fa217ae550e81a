package storage

import "time"

// IndexMany is the index key of a path that leads to more than one scalar.
const IndexMany = "*"

// Entries calls value with the index key of every indexed value path
// and instant with every indexed time path of a body, by position in the Index.
//
// A path that leads to one scalar has its Value.IndexKey; one that leads
// nowhere, or to an object, has none and is not called for; one that leads to
// an array or to several values has IndexMany, because one key cannot stand
// for them: an engine that narrows by equality also takes the documents with
// IndexMany and lets Match decide. A time path with several values has many
// true and no instant, likewise; one whose value is no instant is not called for.
func (ix Index) Entries(body []byte, value func(i int, key string), instant func(i int, t time.Time, many bool)) {
	var s singles
	s.find(body, ix.Values, ix.Times)
	for i := range ix.Values {
		if one := &s.of[i]; one.many {
			value(i, IndexMany)
		} else if v, ok := scalarOf(one.raw); ok {
			value(i, v.IndexKey())
		}
	}
	for i := range ix.Times {
		if one := &s.of[len(ix.Values)+i]; one.many {
			instant(i, time.Time{}, true)
		} else if t, ok := InstantOf(one.raw); ok {
			instant(i, t, false)
		}
	}
}

// singles are the scalars that the paths of an Index lead to.
type singles struct {
	paths []Path
	of    []single
	room  struct {
		paths [MaxIndexedValues + MaxIndexedTimes]Path
		of    [MaxIndexedValues + MaxIndexedTimes]single
	}
}

// single is the one scalar that a path leads to; nil when it leads nowhere or
// to an object, many when one index key cannot stand for what is there.
type single struct {
	raw  []byte
	many bool
}

// found takes note of a value that the path leads to.
func (s *single) found(v []byte) {
	switch {
	case v[0] == '{': // no filter that narrows holds for an object
	case s.raw != nil || v[0] == '[':
		s.many = true
	default:
		s.raw = v
	}
}

// find walks the body once for all paths: most of a body is on none of them,
// and passing it by is what takes the time.
func (s *singles) find(body []byte, values, times []Path) {
	s.paths = append(append(s.room.paths[:0], values...), times...)
	s.of = s.room.of[:0]
	for range s.paths {
		s.of = append(s.of, single{})
	}
	s.walk(body, 0, 1<<len(s.paths)-1)
}

// walk is resolve for the paths whose bits are set in which, all from the part
// at depth on.
func (s *singles) walk(v []byte, depth int, which uint) {
	for i, path := range s.paths {
		if which&(1<<i) != 0 && len(path) == depth {
			s.of[i].found(v)
			which &^= 1 << i
		}
	}
	c, ok := openContainer(v)
	if which == 0 || !ok {
		return
	}
	for n := 0; ; n++ {
		key, value, ok := c.next()
		if !ok {
			return
		}
		var into uint
		for i, path := range s.paths {
			if which&(1<<i) != 0 && isEntry(path[depth], key, n) {
				into |= 1 << i
			}
		}
		if into != 0 {
			s.walk(value, depth+1, into)
		}
		if !c.object && value[0] == '{' {
			s.walk(value, depth, which)
		}
	}
}

// isEntry says whether part picks the n-th entry of a container, whose quoted
// name is key in an object and nil in an array.
func isEntry(part string, key []byte, n int) bool {
	if key != nil {
		return nameIs(key, part)
	}
	index, ok := arrayIndex(part)
	return ok && index == n
}
