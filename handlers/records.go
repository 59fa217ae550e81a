package handlers

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"bcs-storage/handlers/query"
	"bcs-storage/storage"
)

// fieldType is how a member of an event or alarm is read and kept.
type fieldType int

const (
	text     fieldType = iota // a string; numbers and booleans are taken as their text
	instant                   // unix seconds, kept as the instant
	anything                  // any JSON value, as it came
	names                     // an object of the strings namespace, name and kind
)

// field is a member of the body and of the stored document.
type field struct {
	name string
	kind fieldType
}

// eventFields and alarmFields are the members of an event and an alarm beside
// clusterId (API document, "list events" and "list alarms": the tables of the answer).
var (
	eventFields = []field{
		{"id", text}, {"env", text}, {"kind", text}, {"level", text}, {"component", text}, {"type", text},
		{"describe", text}, {"eventTime", instant}, {"extraInfo", names}, {"data", anything},
	}
	alarmFields = []field{
		{"namespace", text}, {"message", text}, {"source", text}, {"module", text}, {"type", text},
		{"receivedTime", instant}, {"data", anything},
	}
	extraInfoFields = []string{"namespace", "name", "kind"}
)

// recordRoutes are the routes of events and alarms.
func recordRoutes() []route {
	return []route{
		{method: http.MethodPut, path: "/events", op: dynamicPut, do: (*API).putEvent, access: inBody},
		{method: http.MethodGet, path: "/events", op: eventList, do: listRecords(storage.Events), spec: query.EventList, access: allSeen},
		{method: http.MethodPost, path: "/events", op: eventList, do: listRecords(storage.Events), spec: query.EventList, access: allSeen},
		{method: http.MethodPost, path: "/alarms", op: dynamicPut, do: (*API).postAlarm, access: inBody},
		{method: http.MethodGet, path: "/alarms", op: dynamicList, do: listRecords(storage.Alarms), spec: query.AlarmList, access: allSeen},
	}
}

// putEvent stores an event. One that was stored before is replaced, not
// doubled: watchers send everything again when they start over.
func (a *API) putEvent(ctx context.Context, r *request) (reply, error) {
	cluster, members, err := r.record(eventFields)
	if err != nil {
		return reply{}, err
	}
	identity, from := eventIdentity(members)
	if len(identity) > maxSegment {
		return reply{}, storage.Invalid(from, "longer than %d bytes", maxSegment)
	}
	d := storage.NewDocument(storage.Events, storage.Key{cluster, identity}, members...)
	return written(), a.docs.Put(ctx, storage.Events, d, a.now())
}

// postAlarm stores an alarm. Every alarm is a new one.
func (a *API) postAlarm(ctx context.Context, r *request) (reply, error) {
	cluster, members, err := r.record(alarmFields)
	if err != nil {
		return reply{}, err
	}
	id, err := newID()
	if err != nil {
		return reply{}, err
	}
	d := storage.NewDocument(storage.Alarms, storage.Key{cluster, id}, members...)
	return written(), a.docs.Put(ctx, storage.Alarms, d, a.now())
}

// listRecords answers a page of the newest, and how many there are in all.
func listRecords(c *storage.Collection) action {
	return func(a *API, ctx context.Context, r *request) (reply, error) {
		params, err := r.queryParams()
		if err != nil {
			return reply{}, err
		}
		p, err := r.route.spec.Parse(params, a.query)
		if err != nil {
			return reply{}, err
		}
		if err := r.checkList("length", p.Limit); err != nil {
			return reply{}, err
		}
		q := p.Query()
		if q.Filter, err = a.seen(ctx, r, c, q.Filter); err != nil {
			return reply{}, err
		}
		total, err := a.docs.Count(ctx, c, q)
		if err != nil {
			return reply{}, err
		}
		return reply{documents: a.docs.List(ctx, c, q), total: &total}, nil
	}
}

// record reads the body of an event or alarm: its cluster, which the caller may
// write, and its members in the form in which they are kept.
func (r *request) record(fields []field) (cluster string, members []storage.Member, err error) {
	if err := r.noParams(); err != nil {
		return "", nil, err
	}
	body, err := r.object()
	if err != nil {
		return "", nil, err
	}
	if cluster, err = textMember(body, "clusterId"); err != nil {
		return "", nil, err
	}
	if cluster != "" {
		if err := checkName("clusterId", cluster); err != nil {
			return "", nil, err
		}
	}
	if err := r.caller.check(ActionWrite, cluster); err != nil {
		return "", nil, err
	}
	for _, f := range fields {
		value, err := f.read(body)
		if err != nil {
			return "", nil, err
		}
		members = append(members, storage.Member{Name: f.name, Value: value})
	}
	return cluster, members, nil
}

// read is the field's value as it is kept. An absent one is empty.
func (f field) read(body []byte) ([]byte, error) {
	switch f.kind {
	case instant:
		t, err := timeMember(body, f.name)
		return strconv.AppendQuote(nil, storage.FormatTime(t)), err
	case names:
		return namesMember(body, f.name)
	case anything:
		if raw, ok := storage.Lookup(body, storage.Path{f.name}); ok {
			return raw, nil
		}
		return []byte("null"), nil
	}
	s, err := textMember(body, f.name)
	return storage.AppendString(nil, s), err
}

func textMember(object []byte, name string) (string, error) {
	raw, ok := storage.Lookup(object, storage.Path{name})
	if !ok {
		return "", nil
	}
	v, scalar := storage.ParseValue(raw)
	switch s, isString := v.Interface().(string); {
	case !scalar:
		return "", storage.Invalid(name, "must be a string")
	case isString:
		return s, nil
	case v.IsNull():
		return "", nil
	}
	return string(raw), nil
}

// timeMember reads unix seconds; absent is 1970, as clients that leave it out mean 0.
func timeMember(object []byte, name string) (time.Time, error) {
	raw, ok := storage.Lookup(object, storage.Path{name})
	if !ok || string(raw) == "null" {
		return time.Unix(0, 0), nil
	}
	t, ok := storage.InstantOf(raw)
	if !ok {
		return time.Time{}, storage.Invalid(name, "must be unix seconds between the years 0 and 9999")
	}
	return t, nil
}

func namesMember(object []byte, name string) ([]byte, error) {
	raw, ok := storage.Lookup(object, storage.Path{name})
	if !ok {
		raw = []byte("{}")
	}
	if kind := storage.KindOf(raw); kind != '{' && kind != 'n' {
		return nil, storage.Invalid(name, "must be an object")
	}
	var members []storage.Member
	for _, sub := range extraInfoFields {
		s, err := textMember(raw, sub)
		if err != nil {
			return nil, storage.Invalid(name+"."+sub, "must be a string")
		}
		members = append(members, storage.Member{Name: sub, Value: storage.AppendString(nil, s)})
	}
	return storage.NewDocument(&storage.Collection{}, nil, members...).Body, nil
}

// eventIdentity is what makes an event the same as one stored before: its id,
// else the object and its version, else nothing but itself. from names the
// member that it was taken from.
func eventIdentity(members []storage.Member) (identity, from string) {
	var id string
	var data []byte
	for _, m := range members {
		switch m.Name {
		case "id":
			id = stringOf(m.Value)
		case "data":
			data = m.Value
		}
	}
	if id != "" {
		return "id:" + id, "id"
	}
	uid, _ := storage.Lookup(data, storage.Path{"metadata", "uid"})
	version, _ := storage.Lookup(data, storage.Path{"metadata", "resourceVersion"})
	if u, v := stringOf(uid), stringOf(version); u != "" && v != "" {
		return "uid:" + u + ":" + v, "data.metadata.uid"
	}
	return "new:" + uuid.NewString(), ""
}

func stringOf(raw []byte) string {
	v, _ := storage.ParseValue(raw)
	s, _ := v.Interface().(string)
	return s
}

// newID is an identity that sorts by the time it was made.
func newID() (string, error) {
	id, err := uuid.NewV7()
	return id.String(), err
}
