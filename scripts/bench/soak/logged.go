package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"sync"
)

// logged reads what the service logs: at level warn and above only what is expected of hostile clients may be there,
// and every line is JSON but for what the runtime says of a crash.
type logged struct {
	report *report

	mu   sync.Mutex
	rest []byte   // of a line
	last []string // lines that were told, and what follows them: the stack
}

// mostOfACrash is how many lines of it are kept.
const mostOfACrash = 60

// Write takes a part of the log.
func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, p...)
	for {
		text, rest, whole := bytes.Cut(l.rest, []byte("\n"))
		if !whole {
			break
		}
		l.line(text)
		l.rest = rest
	}
	l.rest = bytes.Clone(l.rest)
	return len(p), nil
}

// routine begins the lines that are not looked at further: nearly all.
var routine = []byte(`"level":"INFO"`)

func (l *logged) line(text []byte) {
	if bytes.Contains(text[:min(len(text), 80)], routine) {
		return
	}
	var entry struct{ Level, Msg, Error string }
	if err := json.Unmarshal(text, &entry); err != nil {
		if len(l.last) < mostOfACrash {
			l.last = append(l.last, string(text))
		}
		return
	}
	if entry.Msg != "request" || !slices.ContainsFunc(expected, func(e string) bool { return strings.HasPrefix(entry.Error, e) }) {
		l.report.problem("the service logged", "line", string(text[:min(len(text), 6000)]))
	}
}

// expected are the errors of limits that the service counts as its own.
var expected = []string{"too many requests are at work", "the answer did not begin in time"}

// close tells of what is no line of a log.
func (l *logged) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.last) > 0 {
		l.report.problem("the service printed", "text", "\n"+strings.Join(l.last, "\n"))
	}
}
