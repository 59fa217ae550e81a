package conf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Secret is text that the verbs of fmt for text, log/slog and encoders print as ***, also when it is empty.
type Secret string

// String is ***.
func (Secret) String() string { return redacted }

// GoString is ***, for %#v.
func (Secret) GoString() string { return redacted }

// MarshalText is ***, for encoders such as those of JSON and log/slog.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Credential is one client of the CCS facade.
type Credential struct {
	SecretID  string
	SecretKey Secret
	Clusters  []string // patterns of path.Match; at least one, each of them good
}

// Sees says whether the client may see a cluster: whether one of its patterns matches the whole id. As ids hold no slash, *
// matches any run of characters.
func (c Credential) Sees(clusterID string) bool {
	return slices.ContainsFunc(c.Clusters, func(pattern string) bool {
		matches, _ := path.Match(pattern, clusterID) // a bad pattern, which ParseCredentials refuses, matches nothing
		return matches
	})
}

// Credentials is every client of the CCS facade. The zero value has none. It is not changed after it was parsed.
type Credentials struct {
	bySecretID map[string]Credential
}

// Find returns the credential of a SecretId, which is compared exactly.
func (c Credentials) Find(secretID string) (Credential, bool) {
	found, known := c.bySecretID[secretID]
	return found, known
}

// ParseCredentials reads a YAML list of credentials. Each has exactly these members, all of them text:
//
//   - secretId: AKID...
//     secretKey: ...
//     clusters: [BCS-K8S-*]
//
// A list without entries, an entry without clusters, a secretId that is there twice, and anything else than the above is
// refused. The error joins every problem; each names its line. None quotes the file, not even the name of a member or what
// the YAML reader says: by mistake, a secret may stand in any place.
func ParseCredentials(file []byte) (Credentials, error) {
	list, err := onlyDocument(file)
	if err != nil {
		return Credentials{}, err
	}
	r := credentialsReader{lines: map[string]int{}, read: map[string]Credential{}}
	r.list(list)
	if err := errors.Join(r.found...); err != nil {
		return Credentials{}, err
	}
	return Credentials{r.read}, nil
}

// yamlLine is how the YAML reader begins a message. What follows may quote the file.
var yamlLine = regexp.MustCompile(`^yaml: (line \d+: )`)

func onlyDocument(file []byte) (*yaml.Node, error) {
	var document, second yaml.Node
	documents := yaml.NewDecoder(bytes.NewReader(file))
	err := documents.Decode(&document)
	if errors.Is(err, io.EOF) {
		return nil, errors.New("holds no credentials")
	}
	if err == nil {
		err = documents.Decode(&second)
	}
	switch {
	case err == nil:
		return nil, fmt.Errorf("line %d: a second document begins, only one is read", second.Line)
	case !errors.Is(err, io.EOF):
		line := ""
		if match := yamlLine.FindStringSubmatch(err.Error()); match != nil {
			line = match[1]
		}
		return nil, errors.New(line + "is not YAML")
	}
	return document.Content[0], nil
}

// credentialsReader holds what was read so far and what was wrong with it.
type credentialsReader struct {
	lines map[string]int // of each secretId
	read  map[string]Credential
	found []error
}

func (r *credentialsReader) refuse(node *yaml.Node, reason string) {
	r.found = append(r.found, fmt.Errorf("line %d: %s", node.Line, reason))
}

func (r *credentialsReader) list(list *yaml.Node) {
	if list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
		r.refuse(list, "is not a list of credentials")
		return
	}
	for _, entry := range list.Content {
		r.credential(entry)
	}
}

func (r *credentialsReader) credential(entry *yaml.Node) {
	if entry.Kind != yaml.MappingNode {
		r.refuse(entry, "is not a credential")
		return
	}
	var c Credential
	given := map[string]bool{}
	for pair := range slices.Chunk(entry.Content, 2) {
		value := pair[1]
		name := r.text(pair[0], "the name of a member")
		if given[name] && name != "" {
			r.refuse(pair[0], "this member is given twice")
		}
		given[name] = true
		switch name {
		case "":
		case "secretId":
			c.SecretID = r.text(value, "secretId")
			r.unique(value, c.SecretID)
		case "secretKey":
			c.SecretKey = Secret(r.text(value, "secretKey"))
		case "clusters":
			c.Clusters = r.clusters(value)
		default:
			r.refuse(pair[0], "this member is not one of secretId, secretKey, clusters")
		}
	}
	for _, name := range []string{"secretId", "secretKey", "clusters"} {
		if !given[name] {
			r.refuse(entry, name+" is missing")
		}
	}
	r.read[c.SecretID] = c
}

// unique refuses the secretId of another entry.
func (r *credentialsReader) unique(node *yaml.Node, secretID string) {
	if first, taken := r.lines[secretID]; taken && secretID != "" {
		r.refuse(node, fmt.Sprintf("this secretId is given in line %d already", first))
		return
	}
	r.lines[secretID] = node.Line
}

func (r *credentialsReader) clusters(list *yaml.Node) []string {
	if list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
		r.refuse(list, "clusters is not a list of patterns")
		return nil
	}
	var patterns []string
	for _, item := range list.Content {
		pattern := r.text(item, "a pattern of clusters")
		if _, err := path.Match(pattern, ""); err != nil {
			r.refuse(item, "a pattern of clusters cannot be read: see to its [, -, ] and \\")
		}
		patterns = append(patterns, pattern)
	}
	return patterns
}

// text does not take 0123 or null for text, as the rest of the settings does not. A space at an end is a slip that nobody
// sees, such as the line end of a block.
func (r *credentialsReader) text(node *yaml.Node, what string) string {
	switch {
	case node.Kind != yaml.ScalarNode || node.ShortTag() != "!!str":
		r.refuse(node, what+" is not text, put it in quotes")
	case node.Value == "":
		r.refuse(node, what+" is empty")
	case strings.TrimSpace(node.Value) != node.Value:
		r.refuse(node, what+" begins or ends with a space or a line end")
	default:
		return node.Value
	}
	return ""
}
