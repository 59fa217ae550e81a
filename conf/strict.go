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

// strict reads a file that is one YAML list of entries, and holds what was wrong with it. Each problem names its line. None
// quotes the file: by mistake, a secret may stand in any place.
type strict struct {
	what          string   // an entry is called
	needed, known []string // the members of an entry that must and may be there
	found         []error
}

// list hands every entry of the file to read, which calls members. The error joins every problem.
func (r *strict) list(file []byte, what string, needed, known []string, read func(entry *yaml.Node)) error {
	r.what, r.needed, r.known = what, needed, known
	list, err := onlyDocument(file)
	switch {
	case err != nil:
		return err
	case list == nil:
		return fmt.Errorf("holds no %ss", what)
	case list.Kind != yaml.SequenceNode || len(list.Content) == 0:
		r.refuse(list, "is not a list of "+what+"s")
	default:
		for _, entry := range list.Content {
			if entry.Kind != yaml.MappingNode {
				r.refuse(entry, "is not a "+what)
				continue
			}
			read(entry)
		}
	}
	return errors.Join(r.found...)
}

// yamlLine is how the YAML reader begins a message. What follows may quote the file.
var yamlLine = regexp.MustCompile(`^yaml: (line \d+: )`)

// onlyDocument is nil for a file that holds none.
func onlyDocument(file []byte) (*yaml.Node, error) {
	var document, second yaml.Node
	documents := yaml.NewDecoder(bytes.NewReader(file))
	err := documents.Decode(&document)
	if errors.Is(err, io.EOF) {
		return nil, nil
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

func (r *strict) refuse(node *yaml.Node, reason string) {
	r.found = append(r.found, fmt.Errorf("line %d: %s", node.Line, reason))
}

// members hands every member that an entry may have to read.
func (r *strict) members(entry *yaml.Node, read func(name string, value *yaml.Node)) {
	given := map[string]bool{}
	for pair := range slices.Chunk(entry.Content, 2) {
		name := r.text(pair[0], "the name of a member")
		if given[name] && name != "" {
			r.refuse(pair[0], "this member is given twice")
		}
		given[name] = true
		switch {
		case name == "":
		case slices.Contains(r.known, name):
			read(name, pair[1])
		default:
			r.refuse(pair[0], "this member is not one of "+strings.Join(r.known, ", "))
		}
	}
	for _, name := range r.needed {
		if !given[name] {
			r.refuse(entry, name+" is missing")
		}
	}
}

// unique refuses the value of another entry. lines is where each was given.
func (r *strict) unique(lines map[string]int, node *yaml.Node, what, value string) {
	if first, taken := lines[value]; taken && value != "" {
		r.refuse(node, fmt.Sprintf("this %s is given in line %d already", what, first))
		return
	}
	lines[value] = node.Line
}

func (r *strict) clusters(list *yaml.Node) []string {
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
func (r *strict) text(node *yaml.Node, what string) string {
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
