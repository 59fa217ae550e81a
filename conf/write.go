package conf

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

const header = `Every setting of bcs-storage. A flag wins over an environment variable, which wins over this file.
Name the file with --config or BCS_STORAGE_CONFIG. What is left out has its default; an unknown key is refused.`

// WriteYAML prints c as a file that Load reads, each setting below its comment. A secret is printed without its secret part.
func (c Config) WriteYAML(w io.Writer) error {
	values := valuesOf(c)
	root := &yaml.Node{Kind: yaml.MappingNode}
	for _, s := range table {
		if err := s.addTo(root, values.Get(s.Key)); err != nil {
			return err
		}
	}
	for i := 2; i < len(root.Content); i += 2 {
		root.Content[i].HeadComment = "\n" + root.Content[i].HeadComment // an empty line between the parts
	}
	return encode(w, &yaml.Node{Kind: yaml.DocumentNode, HeadComment: header, Content: []*yaml.Node{root}})
}

func encode(w io.Writer, document *yaml.Node) error {
	e := yaml.NewEncoder(w)
	e.SetIndent(2)
	if err := e.Encode(document); err != nil {
		return fmt.Errorf("print settings: %w", err)
	}
	return e.Close()
}

func (s Setting) addTo(group *yaml.Node, value any) error {
	leaf := &yaml.Node{}
	if err := leaf.Encode(s.printable(value)); err != nil {
		return fmt.Errorf("print %s: %w", s.Key, err)
	}
	path := strings.Split(s.Key, separator)
	last := len(path) - 1
	for _, name := range path[:last] {
		group = child(group, name)
	}
	group.Content = append(group.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: path[last], HeadComment: s.describe(value)}, leaf)
	return nil
}

// child returns the group of that name, a new one unless it is the last: the table keeps the settings of a group together.
func child(group *yaml.Node, name string) *yaml.Node {
	if n := len(group.Content); n > 0 && group.Content[n-2].Value == name {
		return group.Content[n-1]
	}
	below := &yaml.Node{Kind: yaml.MappingNode}
	group.Content = append(group.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: name}, below)
	return below
}

// describe is the comment of a setting: what it is for, how else it can be given, and what it may be.
func (s Setting) describe(value any) string {
	comment := s.Comment + "\n"
	if s.Flag != "" {
		comment += "--" + s.Flag + ", "
	}
	comment += s.Env
	if allowed := s.allowed(value); allowed != "" {
		comment += ": " + allowed
	}
	return comment
}

// printable is the value as the file holds it.
func (s Setting) printable(value any) any {
	switch value := value.(type) {
	case []string:
		return append([]string{}, value...) // an empty list is [], not null
	case string:
		if s.Secret {
			return redact(value)
		}
		return value
	case bool:
		return value
	default:
		if n, ok := number(value); ok && text(value) == fmt.Sprint(n) {
			return n // a number without quotes
		}
		return text(value)
	}
}

const redacted = "***"

// connection is a connection string whose parts are beyond doubt. A password with an @ or / that was not escaped, or one
// whose host was forgotten, does not match: what is shown as an address must look like hosts with ports and a database.
var connection = regexp.MustCompile(`^([a-z][a-z0-9+.-]*://)(?:([^:@/?#]*)(:[^:@/?#]*)?@)?` +
	`([\w.%-]+(?::\d{1,5})?(?:,[\w.%-]+(?::\d{1,5})?)*(?:/[\w-]*)?)(\?[^@#]*)?$`)

// redact keeps who and where of a connection string, and nothing of anything else. Options go as a whole, as several hold
// passwords or tokens. It does not use net/url, which refuses the list of hosts that MongoDB allows.
func redact(secret string) string {
	if secret == "" {
		return ""
	}
	part := connection.FindStringSubmatch(secret)
	if part == nil {
		return redacted
	}
	scheme, user, password, address, options := part[1], part[2], part[3], part[4], part[5]
	if password != "" {
		password = ":" + redacted
	}
	if options != "" {
		options = "?" + redacted
	}
	if user+password != "" {
		address = "@" + address
	}
	return scheme + user + password + address + options
}
