package importer

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// eventBody is what PUT /events takes, except data, which is added with its own bytes.
type eventBody struct {
	ID        string         `json:"id,omitzero"`
	Env       string         `json:"env"`
	Kind      string         `json:"kind"`
	Level     string         `json:"level"`
	Component string         `json:"component"`
	Type      string         `json:"type"`
	Describe  string         `json:"describe"`
	ClusterID string         `json:"clusterId"`
	EventTime int64          `json:"eventTime"`
	ExtraInfo jsontext.Value `json:"extraInfo,omitzero"`
}

// alarmBody is what POST /alarms takes, except data.
type alarmBody struct {
	ClusterID    string `json:"clusterId"`
	Namespace    string `json:"namespace"`
	Message      string `json:"message"`
	Source       string `json:"source"`
	Module       string `json:"module"`
	Type         string `json:"type"`
	ReceivedTime int64  `json:"receivedTime"`
}

// objectRef is what an event is about; marshalled, it is the event's extraInfo.
type objectRef struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Kind      string `json:"kind"`
}

type component struct {
	Component string `json:"component"`
}

// kubeEvent reads a core/v1 and an events.k8s.io/v1 Event, which name the same things differently.
type kubeEvent struct {
	Metadata       objectMeta `json:"metadata"`
	InvolvedObject objectRef  `json:"involvedObject"`
	Regarding      objectRef  `json:"regarding"`
	Type           string     `json:"type"`
	Reason         string     `json:"reason"`
	Message        string     `json:"message"`
	Note           string     `json:"note"`

	Source              component `json:"source"`
	DeprecatedSource    component `json:"deprecatedSource"`
	ReportingComponent  string    `json:"reportingComponent"`
	ReportingController string    `json:"reportingController"`

	LastTimestamp            string `json:"lastTimestamp"`
	DeprecatedLastTimestamp  string `json:"deprecatedLastTimestamp"`
	EventTime                string `json:"eventTime"`
	FirstTimestamp           string `json:"firstTimestamp"`
	DeprecatedFirstTimestamp string `json:"deprecatedFirstTimestamp"`
}

// isEventGroup tells Kubernetes' own events from a custom resource that is also called Event.
func isEventGroup(version string) bool {
	group, _, grouped := strings.Cut(version, "/")
	return !grouped || group == "events.k8s.io"
}

// kubernetesEvent maps an Event the way bcs-k8s-watch does.
func kubernetesEvent(d document, cluster string) (job, error) {
	var e kubeEvent
	if err := json.Unmarshal(d.raw, &e); err != nil {
		return job{}, fmt.Errorf("reading the event: %w", err)
	}
	when, err := e.when()
	if err != nil {
		return job{}, err
	}
	about := e.InvolvedObject
	if about == (objectRef{}) {
		about = e.Regarding
	}
	extra, err := json.Marshal(about)
	if err != nil {
		return job{}, fmt.Errorf("writing extraInfo: %w", err)
	}
	body := eventBody{
		Env:       "k8s",
		Kind:      about.Kind,
		Level:     e.Type,
		Component: cmp.Or(e.Source.Component, e.DeprecatedSource.Component, e.ReportingComponent, e.ReportingController),
		Type:      e.Reason,
		Describe:  cmp.Or(e.Message, e.Note),
		ClusterID: cluster,
		EventTime: when.Unix(),
		ExtraInfo: extra,
	}
	return eventJob(body, reference("Event", e.Metadata.Namespace, e.Metadata.Name), d.raw)
}

// when is the first time that the event states. Events of newer components have no lastTimestamp, and a null time read
// as one would put them thousands of years back.
func (e kubeEvent) when() (time.Time, error) {
	for _, s := range []string{
		e.LastTimestamp, e.DeprecatedLastTimestamp, e.EventTime,
		e.FirstTimestamp, e.DeprecatedFirstTimestamp, e.Metadata.CreationTimestamp,
	} {
		if t, err := time.Parse(time.RFC3339, s); err == nil && !t.IsZero() {
			return t, nil
		}
	}
	return time.Time{}, errors.New("the event has no time")
}

// storedEvent is an event in the form that the storage takes or answers with.
func storedEvent(d document, cluster string) (job, error) {
	var fields struct {
		eventBody

		EventTime jsontext.Value `json:"eventTime"`
	}
	if err := json.Unmarshal(d.raw, &fields); err != nil {
		return job{}, fmt.Errorf("reading the event: %w", err)
	}
	when, err := unixSeconds(fields.EventTime)
	if err != nil {
		return job{}, fmt.Errorf("eventTime: %w", err)
	}
	body := fields.eventBody
	body.EventTime = when
	body.ClusterID = cmp.Or(cluster, body.ClusterID)
	return eventJob(body, reference("event", "", cmp.Or(body.ID, body.Type)), d.head.Data)
}

func eventJob(body eventBody, ref string, data jsontext.Value) (job, error) {
	head, err := json.Marshal(body)
	if err != nil {
		return job{}, fmt.Errorf("writing the event: %w", err)
	}
	return job{
		class:   classEvent,
		ref:     ref,
		key:     "events " + body.ClusterID + " " + ref,
		cluster: body.ClusterID,
		method:  "PUT",
		path:    prefix + "/events",
		body:    withData(head, orNull(data)),
	}, nil
}

func storedAlarm(d document, cluster string) (job, error) {
	var fields struct {
		alarmBody

		ReceivedTime jsontext.Value `json:"receivedTime"`
	}
	if err := json.Unmarshal(d.raw, &fields); err != nil {
		return job{}, fmt.Errorf("reading the alarm: %w", err)
	}
	when, err := unixSeconds(fields.ReceivedTime)
	if err != nil {
		return job{}, fmt.Errorf("receivedTime: %w", err)
	}
	body := fields.alarmBody
	body.ReceivedTime = when
	body.ClusterID = cmp.Or(cluster, body.ClusterID)
	head, err := json.Marshal(body)
	if err != nil {
		return job{}, fmt.Errorf("writing the alarm: %w", err)
	}
	return job{
		class:   classAlarm,
		ref:     reference("alarm", body.Namespace, cmp.Or(body.Source, body.Module)),
		key:     "alarms " + body.ClusterID + " " + body.Source,
		cluster: body.ClusterID,
		method:  "POST",
		path:    prefix + "/alarms",
		body:    withData(head, orNull(d.head.Data)),
	}, nil
}

func orNull(v jsontext.Value) jsontext.Value {
	if len(v) == 0 {
		return jsontext.Value("null")
	}
	return v
}

// unixSeconds reads the form that is written, a number, and the form that is answered, a time.
func unixSeconds(v jsontext.Value) (int64, error) {
	if v.Kind() == '0' {
		n, err := strconv.ParseInt(string(v), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s is not a number of seconds", v)
		}
		return n, nil
	}
	t, err := time.Parse(time.RFC3339, text(v))
	if err != nil {
		return 0, fmt.Errorf("%s is neither unix seconds nor an RFC 3339 time", v)
	}
	return t.Unix(), nil
}
