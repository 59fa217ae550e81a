package zk

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"bcs-storage/watch"
)

// dirPath is the znode that holds the nodes of every namespace of a type.
func (n *Nodes) dirPath(d watch.Dir) (string, error) {
	if err := d.Validate(); err != nil {
		return "", err
	}
	for _, part := range []struct{ param, value string }{
		{"env", d.Env}, {"clusterId", d.Cluster}, {"resourceType", d.Type}, {"namespace", d.Namespace},
	} {
		if err := checkPart(part.param, part.value); err != nil {
			return "", err
		}
	}
	return "/" + n.base + "/" + d.Env + "/" + d.Cluster + "/" + d.Type, nil
}

func (n *Nodes) nodePath(at watch.Node) (string, error) {
	dir, err := n.dirPath(at.Dir)
	if err != nil {
		return "", err
	}
	if err := at.Validate(); err != nil {
		return "", err
	}
	if err := checkPart("resourceName", at.Name); err != nil {
		return "", err
	}
	return childPath(dir, at), nil
}

func childPath(dir string, at watch.Node) string { return dir + "/" + at.Namespace + "." + at.Name }

// splitChild is the opposite of what childPath puts last. ok is false for the
// child of another program, which no node could be called.
func splitChild(child string) (namespace, name string, ok bool) {
	namespace, name, ok = strings.Cut(child, ".")
	return namespace, name, ok && namespace != "" && name != "" && name != "." && name != ".."
}

func checkPart(param, value string) error {
	if why := wrongCharacters(value); why != "" {
		return &watch.InvalidError{Param: param, Reason: why}
	}
	if len(value) > maxPart {
		return &watch.InvalidError{Param: param, Reason: fmt.Sprintf("%d bytes long; a part of a znode's path has %d at most", len(value), maxPart)}
	}
	return nil
}

// wrongSegment says why a znode cannot be called so, or nothing.
func wrongSegment(segment string) string {
	if segment == "" || segment == "." || segment == ".." {
		return fmt.Sprintf("%q cannot be the name of a znode", segment)
	}
	return wrongCharacters(segment)
}

func wrongCharacters(s string) string {
	if !utf8.ValidString(s) {
		return fmt.Sprintf("%q is not UTF-8", s)
	}
	if i := strings.IndexFunc(s, forbidden); i >= 0 {
		r, _ := utf8.DecodeRuneInString(s[i:])
		return fmt.Sprintf("%q holds %U, which ZooKeeper forbids", s, r)
	}
	return ""
}

// forbidden are the ranges that ZooKeeper's documentation names. Servers look at
// UTF-16 units, so the surrogates among them stand for everything past U+FFFF.
func forbidden(r rune) bool {
	return r <= 0x1f || 0x7f <= r && r <= 0x9f || 0xd800 <= r && r <= 0xf8ff || r >= 0xfff0
}
