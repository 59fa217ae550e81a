package main

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// outcome is what is known of a change.
type outcome int

const (
	done    outcome = iota
	refused         // nothing was changed
	unknown         // it may have been made, or may still be
)

// settles is how long a change of unknown outcome may still be made: its request is at work no longer.
const settles = headerTimeout + bodyTimeout + requestTimeout + 3*time.Second

// value is what a document holds.
type value struct {
	data string // as JSON, to the byte; "" is that there is no document
	tag  int    // what filters select by
}

// entry is what a document may hold: one value, but for changes of unknown outcome.
type entry struct {
	may   []value
	until time.Time // when those have settled
}

// model is what must be stored under some names. Only one goroutine uses it.
type model map[string]*entry

func newModel(names []string) model {
	m := model{}
	for _, name := range names {
		m[name] = &entry{may: []value{{}}}
	}
	return m
}

// open says whether a change of the name is not settled: the name must not be written then, for the two changes could
// be made in either order.
func (m model) open(name string, now time.Time) bool { return now.Before(m[name].until) }

// set notes that the name was to become v.
func (m model) set(name string, v value, o outcome, now time.Time) {
	e := m[name]
	switch o {
	case done:
		*e = entry{may: []value{v}}
	case unknown:
		e.also(v)
		e.until = now.Add(settles)
	}
}

// remove notes that all documents which match were to be deleted.
func (m model) remove(match func(value) bool, o outcome, now time.Time) {
	for name, e := range m {
		if o == refused || !slices.ContainsFunc(e.may, func(v value) bool { return v.data != "" && match(v) }) {
			continue
		}
		if o == unknown {
			e.also(value{})
			e.until = now.Add(settles)
			continue
		}
		left := entry{may: []value{{}}, until: e.until}
		for _, v := range e.may {
			if m.open(name, now) || !match(v) {
				left.also(v)
			}
		}
		*e = left
	}
}

func (e *entry) also(v value) {
	if !slices.Contains(e.may, v) {
		e.may = append(e.may, v)
	}
}

// saw says what is wrong with data ("" if there was none) as what is stored under the name. Afterwards it is what is
// stored: it is told once.
func (m model) saw(name, data string, now time.Time) error {
	e, ok := m[name]
	if !ok {
		return fmt.Errorf("%s: is there, and nobody has stored it", name)
	}
	i := slices.IndexFunc(e.may, func(v value) bool { return v.data == data })
	if i < 0 {
		err := fmt.Errorf("%s: holds %s, and must hold %s", name, shown(data), e)
		*e = entry{may: []value{{data, tagOf(data)}}}
		return err
	}
	if !m.open(name, now) {
		*e = entry{may: []value{e.may[i]}}
	}
	return nil
}

// listed says what is wrong with a list, of name and data, that answers what matches.
func (m model) listed(found map[string]string, match func(value) bool, now time.Time) error {
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if err := m.saw(name, found[name], now); err != nil {
			return err
		}
		if !match(value{found[name], tagOf(found[name])}) {
			return fmt.Errorf("%s: is listed, and the filter is not about %s", name, shown(found[name]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		e := m[name]
		if _, ok := found[name]; ok {
			continue
		}
		if !slices.ContainsFunc(e.may, func(v value) bool { return v.data == "" || !match(v) }) {
			err := fmt.Errorf("%s: is not listed, and must hold %s", name, e)
			*e = entry{may: []value{{}, e.may[0]}} // told once: a GET decides
			return err
		}
	}
	return nil
}

// String is for messages.
func (e *entry) String() string {
	text := ""
	for i, v := range e.may {
		if i > 0 {
			text += ", or "
		}
		text += shown(v.data)
	}
	return text
}

func shown(data string) string {
	if data == "" {
		return "nothing"
	}
	if len(data) > 300 {
		data = data[:300] + "…"
	}
	return data
}
