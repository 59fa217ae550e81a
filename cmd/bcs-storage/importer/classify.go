package importer

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const prefix = "/bcsapi/v4/storage"

var (
	errNoCluster   = errors.New("a Kubernetes object does not say which cluster it is from: give --cluster")
	errNoClusterID = errors.New("the document has no clusterId")
)

// class is what an object is stored as; the summary counts by it.
type class int

const (
	classResource class = iota
	classEvent
	classAlarm
	classMetric
	classes
)

// job is one request to make, or with bulk a line of one that is made for many.
type job struct {
	bulk    bool
	class   class
	ref     string // what the object is called in messages
	key     string // requests of the same key keep their order
	cluster string
	method  string
	path    string // escaped, below the server's address
	body    []byte
	size    int64 // bytes of input that the object took
}

// header is what decides where an object goes. Members keep their JSON form, because a member of the same name means
// something else in another kind of object, and must not make that one unreadable.
type header struct {
	APIVersion   jsontext.Value `json:"apiVersion"`
	Kind         jsontext.Value `json:"kind"`
	Metadata     jsontext.Value `json:"metadata"`
	Env          jsontext.Value `json:"env"`
	ClusterID    jsontext.Value `json:"clusterId"`
	Namespace    jsontext.Value `json:"namespace"`
	ResourceType jsontext.Value `json:"resourceType"`
	ResourceName jsontext.Value `json:"resourceName"`
	Type         jsontext.Value `json:"type"`
	Name         jsontext.Value `json:"name"`
	EventTime    jsontext.Value `json:"eventTime"`
	ReceivedTime jsontext.Value `json:"receivedTime"`
	Data         jsontext.Value `json:"data"`

	listKind, listVersion string // of the typed list that the object is in
}

type objectMeta struct {
	Name              string `json:"name"`
	Namespace         string `json:"namespace"`
	CreationTimestamp string `json:"creationTimestamp"`
}

func newDocument(raw []byte, offset int64) document {
	d := document{raw: raw, offset: offset}
	if jsontext.Value(raw).Kind() != '{' {
		d.err = errNotObject
		return d
	}
	if err := json.Unmarshal(raw, &d.head); err != nil {
		d.err = fmt.Errorf("reading the object: %w", err)
	}
	return d
}

// text is the value of a JSON string, and "" for any other value.
func text(v jsontext.Value) string {
	if v.Kind() != '"' {
		return ""
	}
	b, err := jsontext.AppendUnquote(nil, v)
	if err != nil {
		return ""
	}
	return string(b)
}

func present(v jsontext.Value) bool { return len(v) > 0 && v.Kind() != 'n' }

func (h header) kind() string    { return cmp.Or(text(h.Kind), h.listKind) }
func (h header) version() string { return cmp.Or(text(h.APIVersion), h.listVersion) }

func (h header) meta() (objectMeta, error) {
	var m objectMeta
	if h.Metadata.Kind() != '{' {
		return m, nil
	}
	if err := json.Unmarshal(h.Metadata, &m); err != nil {
		return m, fmt.Errorf("reading metadata: %w", err)
	}
	return m, nil
}

// ref names the object as well as it names itself.
func (d document) ref() string {
	m, err := d.head.meta()
	if d.err != nil || err != nil || m.Name == "" {
		return fmt.Sprintf("object at byte %d", d.offset)
	}
	return reference(d.head.kind(), m.Namespace, m.Name)
}

func reference(kind, namespace, name string) string {
	return strings.TrimSpace(kind + " " + strings.TrimPrefix(namespace+"/"+name, "/"))
}

// classify says how an object is stored. Stored documents are recognised first: what they hold in `data` may be anything,
// but no Kubernetes object has a resourceType and a resourceName beside its data.
func classify(d document, cluster string) (job, error) {
	if d.err != nil {
		return job{}, d.err
	}
	h := d.head
	meta, err := h.meta()
	if err != nil {
		return job{}, err
	}
	var j job
	switch {
	case text(h.ResourceType) != "" && text(h.ResourceName) != "" && present(h.Data):
		j, err = storedResource(h, cluster)
	case meta.Name != "":
		j, err = kubernetes(d, meta, cluster)
	case present(h.ReceivedTime):
		j, err = storedAlarm(d, cluster)
	case present(h.EventTime):
		j, err = storedEvent(d, cluster)
	case text(h.Type) != "" && text(h.Name) != "" && present(h.Data):
		j, err = storedMetric(h, cluster)
	default:
		err = errors.New("neither a Kubernetes object with a metadata.name nor a stored document")
	}
	j.size = d.size()
	return j, err
}

func kubernetes(d document, meta objectMeta, cluster string) (job, error) {
	kind := d.head.kind()
	if kind == "" {
		return job{}, errors.New("it has no kind, and the list around it has none")
	}
	if cluster == "" {
		return job{}, errNoCluster
	}
	if kind == "Event" && isEventGroup(d.head.version()) {
		return kubernetesEvent(d, cluster)
	}
	return resource("k8s", cluster, meta.Namespace, kind, meta.Name, d.raw)
}

func storedResource(h header, cluster string) (job, error) {
	kind := text(h.ResourceType)
	env := text(h.Env)
	if env == "" {
		env = environment(kind)
	}
	if env != "k8s" && env != "mesos" {
		return job{}, fmt.Errorf("env is %q, want k8s or mesos", env)
	}
	return resource(env, cmp.Or(cluster, text(h.ClusterID)), text(h.Namespace), kind, text(h.ResourceName), h.Data)
}

// environment goes by the case of the type: mesos types are words, Kubernetes kinds are capitalised.
func environment(kind string) string {
	if first, _ := utf8.DecodeRuneInString(kind); unicode.IsUpper(first) {
		return "k8s"
	}
	return "mesos"
}

func resource(env, cluster, namespace, kind, name string, data []byte) (job, error) {
	if cluster == "" {
		return job{}, errNoClusterID
	}
	head, err := json.Marshal(resourceNames{cluster, namespace, kind, name})
	if err != nil {
		return job{}, fmt.Errorf("writing the names: %w", err)
	}
	return job{
		bulk:    true,
		class:   classResource,
		ref:     reference(kind, namespace, name),
		key:     env + string(head),
		cluster: cluster,
		method:  "POST",
		path:    prefix + "/" + env + "/dynamic/bulk",
		body:    append(oneLine(withData(head, data)), '\n'),
	}, nil
}

// resourceNames are the members of a line that say where its data goes.
type resourceNames struct {
	Cluster   string `json:"clusterId"`
	Namespace string `json:"namespace,omitzero"`
	Kind      string `json:"resourceType"`
	Name      string `json:"resourceName"`
}

// oneLine makes the line breaks in JSON, all of which are white space, blanks.
func oneLine(text []byte) []byte {
	for i, c := range text {
		if c == '\n' || c == '\r' {
			text[i] = ' '
		}
	}
	return text
}

func storedMetric(h header, cluster string) (job, error) {
	cluster = cmp.Or(cluster, text(h.ClusterID))
	if cluster == "" {
		return job{}, errNoClusterID
	}
	namespace, kind, name := text(h.Namespace), text(h.Type), text(h.Name)
	path, err := escapedPath("metric", "clusters", cluster, "namespaces", namespace, kind, name)
	if err != nil {
		return job{}, err
	}
	return job{
		class:   classMetric,
		ref:     reference("metric", namespace, name),
		key:     path,
		cluster: cluster,
		method:  "PUT",
		path:    path,
		body:    withData(nil, h.Data),
	}, nil
}

// escapedPath joins segments. An empty segment would address something else, and "." and ".." are rewritten by every
// HTTP stack on the way: neither can be the name of a thing.
func escapedPath(segments ...string) (string, error) {
	var path strings.Builder
	path.WriteString(prefix)
	for i, s := range segments {
		if s == "" || s == "." || s == ".." {
			return "", fmt.Errorf("%q cannot be part of a path, after %s", s, strings.Join(segments[:i], "/"))
		}
		path.WriteByte('/')
		path.WriteString(url.PathEscape(s))
	}
	return path.String(), nil
}

// withData adds the member data to a JSON object, with the bytes it came with.
func withData(object, data []byte) []byte {
	body := make([]byte, 0, len(object)+len(data)+len(`{"data":}`))
	if head := bytes.TrimSuffix(object, []byte{'}'}); len(head) > 1 {
		body = append(append(body, head...), ',')
	} else {
		body = append(body, '{')
	}
	body = append(body, `"data":`...)
	body = append(body, data...)
	return append(body, '}')
}
