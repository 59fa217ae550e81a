package app_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// overruled are the recorded answers that are deliberately not given, each with
// what decides otherwise: a row of the contract, or a defect of the recorded
// service. A case that is not here must be answered as recorded; one that is here must not.
var overruled = map[string]struct {
	code   int // of the answer that is given instead
	reason string
}{
	"010": {0, "mesos process: raw process routes see the processes"},
	"012": {0, "mesos process: raw process routes see the processes"},
	"018": {1405085, "extra is refused when it is not base64, never dropped"},
	"019": {1405085, "extra is refused when it is not JSON, never dropped"},
	"020": {1405085, "extra is refused when it is not an object, never dropped"},
	"023": {1405085, "offset, limit on every list: a negative limit is refused"},
	"024": {1405085, "unknown query parameter: refused"},
	"031": {1405082, "bad input is refused: a PUT without data"},
	"032": {1405087, "follows 031: nothing was stored"},
	"035": {0, "defect of the recorded service: a form content type swallows the body"},
	"039": {0, "a key with dots comes back with dots; the recorded store could not keep it"},
	"050": {0, "batch DELETE time range: the parameters of 049 are understood too"},
	"051": {1405084, "batch DELETE: an unreadable bound is refused, never dropped"},
	"077": {1405085, "time parameters: one that can't be read is refused, never dropped"},
	"078": {1405085, "time parameters: a reversed range is refused"},
	"080": {1405085, "offset, limit on every list: one that is no number is refused"},
	"082": {1405085, "extra is refused when it is not base64, never dropped"},
	"083": {1405085, "unknown query parameter: refused"},
	"085": {1405085, "bad input is refused: an unreadable body would have dropped all filters"},
	"099": {0, "mesos process: one store, so the stored type of a process is application"},
	"101": {0, "mesos deployment lastRollingTime works on the number"},
	"111": {0, "events: total counts all matches, not the page"},
	"112": {0, "time parameters are inclusive to the second"},
	"113": {1405085, "time parameters: one that can't be read is refused, never dropped"},
	"115": {0, "extra on events narrows, it does not replace the other filters"},
	"117": {1405085, "extra is refused when it is not base64, never dropped"},
	"118": {1405085, "unknown query parameter: refused"},
	"122": {0, "events and alarms: newest first"},
	"123": {0, "alarms type: a comma list of whole types, not of substrings"},
	"124": {0, "time parameters are inclusive to the second"},
	"132": {0, "the document's field applies to metrics too"},
	"136": {0, "deleting what is absent: success"},
	"137": {0, "watch list: the stored payloads, none is no error"},
	"142": {0, "watch list: the stored payloads, not the names"},
	"143": {0, "watch list: data is always an array, of one namespace"},
	"148": {0, "watch list: resource names may hold dots"},
	"154": {404, "cluster config is not built"},
	"155": {404, "streams of changes are not among the routes of the document; the recorded one could only break off"},
}

// unanswered are requests on which the recorded service closed the connection;
// here they have an answer: its code.
var unanswered = map[string]int{
	"026": 0,       // an empty value is a value
	"028": 0,       // set-based label selectors work
	"098": 1405085, // instance=abc is refused
	"153": 1405087, // no such host
}

// exchange is a recorded request and its answer.
type exchange struct {
	number   string
	method   string
	path     string
	headers  []string
	body     string
	answered bool
	at       time.Time
	status   int
	allow    string
	answer   string
}

// TestRecorded sends the recorded requests in their order, each at its
// recorded time, and compares.
func TestRecorded(t *testing.T) {
	files, err := filepath.Glob("testdata/recorded/*.txt")
	if err != nil || len(files) < 160 {
		t.Fatalf("recorded answers: %d files, %v", len(files), err)
	}
	slices.Sort(files)
	clock := newClock(time.Date(2026, 11, 21, 19, 30, 0, 0, time.UTC))
	s := start(t, settings{change: deployed, now: clock.Now})
	for _, file := range files {
		x := readExchange(t, file)
		if !x.at.IsZero() {
			clock.Set(x.at)
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			s := *s
			s.t = t
			got := s.do(x.method, x.path, x.body, x.headers...)
			if !x.answered {
				code, known := unanswered[x.number]
				if e := got.envelope(); !known || *e.Code != code {
					t.Errorf("answered %s", got.body)
				}
				return
			}
			differs := x.compare(got)
			instead, expected := overruled[x.number]
			switch {
			case differs != "" && !expected:
				t.Errorf("not as recorded: %s", differs)
			case differs == "" && expected:
				t.Errorf("answered as recorded, though listed as overruled (%s)", instead.reason)
			case expected:
				if e := got.envelope(); *e.Code != instead.code {
					t.Errorf("code %d, want %d (%s): %s", *e.Code, instead.code, instead.reason, got.body)
				}
			}
		})
	}
	listed := slices.Concat(slices.Collect(maps.Keys(overruled)), slices.Collect(maps.Keys(unanswered)))
	for _, number := range listed {
		if !slices.ContainsFunc(files, func(f string) bool { return strings.HasPrefix(filepath.Base(f), number) }) {
			t.Errorf("%s is listed but not recorded", number)
		}
	}
}

func readExchange(t *testing.T, file string) exchange {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(raw), ">>> REQUEST\n")
	request, response, answered := strings.Cut(rest, "\n<<< RESPONSE\n")
	if !answered {
		request, _, _ = strings.Cut(rest, "\n<<< NO RESPONSE\n")
	}
	x := exchange{number: filepath.Base(file)[:3], answered: answered}
	head, body, _ := strings.Cut(request, "\n\n")
	lines := strings.Split(head, "\n")
	words := strings.Fields(lines[0])
	x.method, x.path, x.body = words[0], words[1], strings.TrimSuffix(body, "\n")
	for _, line := range lines[1:] {
		if name, value, ok := strings.Cut(line, ": "); ok {
			x.headers = append(x.headers, name, value)
		}
	}
	if !answered {
		return x
	}
	head, x.answer, _ = strings.Cut(response, "\n\n")
	for line := range strings.Lines(head) {
		line = strings.TrimSuffix(line, "\n")
		name, value, _ := strings.Cut(line, ": ")
		switch {
		case strings.HasPrefix(line, "HTTP/"):
			if err := json.Unmarshal([]byte(strings.Fields(line)[1]), &x.status); err != nil {
				t.Fatal(err)
			}
		case name == "Date":
			if x.at, err = http.ParseTime(value); err != nil {
				t.Fatal(err)
			}
		case name == "Allow":
			x.allow = value
		}
	}
	return x
}

// compare says how the answer differs from the recorded one; "" is not at all.
// The form of bodies that the router writes, the Content-Type, the reason behind a
// message and the order of unsorted lists are decided otherwise for all cases.
func (x exchange) compare(got answer) string {
	if got.status != x.status {
		return cmp.Diff(x.status, got.status)
	}
	if sorted(x.allow) != sorted(got.header.Get("Allow")) {
		return cmp.Diff(x.allow, got.header.Get("Allow"))
	}
	var want, have any
	if json.Unmarshal([]byte(x.answer), &want) != nil {
		return "" // plain text of the router, or nothing (HEAD)
	}
	if err := json.Unmarshal([]byte(got.body), &have); err != nil {
		return err.Error() + ": " + got.body
	}
	wantMap, haveMap := want.(map[string]any), have.(map[string]any)
	wantText, _ := wantMap["message"].(string)
	haveText, _ := haveMap["message"].(string)
	if strings.HasPrefix(haveText, wantText) {
		haveMap["message"] = wantText
	}
	unordered := !strings.Contains(x.path, "/events") && !strings.Contains(x.path, "/alarms")
	return cmp.Diff(normal(wantMap, unordered), normal(haveMap, unordered))
}

func sorted(list string) string {
	parts := strings.Split(strings.ReplaceAll(list, " ", ""), ",")
	slices.Sort(parts)
	return strings.Join(parts, ",")
}

// normal replaces what differs from run to run by its type.
func normal(v any, unordered bool) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, value := range v {
			switch name {
			case "", "_isBcsObjectDeleted":
				continue // how the recorded service kept it
			case "_id":
				value = len(value.(string)) > 0
			case "createTime", "updateTime":
				if s, ok := value.(string); ok && strings.HasPrefix(s, "2026-11-21T") {
					value = "now"
				}
			case "eventTime", "receivedTime":
				if at, err := time.Parse(time.RFC3339, value.(string)); err == nil {
					value = at.UnixMilli()
				}
			}
			out[name] = normal(value, unordered)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = normal(v[i], unordered)
		}
		if unordered {
			slices.SortFunc(out, func(a, b any) int { return strings.Compare(text(a), text(b)) })
		}
		return out
	}
	return v
}

func text(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(raw)
}
