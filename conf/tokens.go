package conf

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// The words of a token's verbs.
const (
	VerbRead    = "read"
	VerbWrite   = "write"
	VerbDelete  = "delete"
	VerbSecrets = "secrets" // reads see what is otherwise redacted
)

// Token is one caller of the API. The token itself is nowhere, only its digest.
type Token struct {
	Name     string
	SHA256   [sha256.Size]byte
	Verbs    []string // at least one
	Clusters []string // patterns of path.Match; at least one, each of them good
	Rate     float64  // requests a second; 0 when the file says nothing
	Burst    int      // requests at once; 0 when the file says nothing
	MaxList  int64    // the largest limit of a list; 0 when the file says nothing
}

// Everywhere says whether the caller may see every cluster, and what belongs to none.
func (t Token) Everywhere() bool { return slices.Contains(t.Clusters, "*") }

// Sees says whether one of the caller's patterns matches the whole id of a cluster.
func (t Token) Sees(clusterID string) bool { return matchesOne(t.Clusters, clusterID) }

// ParseTokens reads a YAML list of callers. Each has these members, the last three of which may be left out:
//
//   - name: watcher-15091
//     sha256: 64 hexadecimal digits
//     verbs: [read, write, delete, secrets]
//     clusters: [BCS-K8S-*]
//     rate: 100
//     burst: 200
//     maxList: 1000
//
// A list without entries, a name or digest that is there twice, and anything else than the above is refused. Errors are as
// those of ParseCredentials.
func ParseTokens(file []byte) ([]Token, error) {
	needed := []string{"name", "sha256", "verbs", "clusters"}
	r := tokenReader{names: map[string]int{}, digests: map[string]int{}}
	var read []Token
	err := r.list(file, "caller", needed, append(slices.Clone(needed), "rate", "burst", "maxList"), func(entry *yaml.Node) {
		read = append(read, r.token(entry))
	})
	if err != nil {
		return nil, err
	}
	return read, nil
}

// tokenReader also holds the lines of each name and digest.
type tokenReader struct {
	strict
	names, digests map[string]int
}

func (r *tokenReader) token(entry *yaml.Node) Token {
	var t Token
	r.members(entry, func(name string, value *yaml.Node) {
		switch name {
		case "name":
			t.Name = r.text(value, "name")
			r.unique(r.names, value, "name", t.Name)
		case "sha256":
			t.SHA256 = r.digest(value)
		case "verbs":
			t.Verbs = r.verbs(value)
		case "clusters":
			t.Clusters = r.clusters(value)
		case "rate":
			t.Rate = r.rate(value)
		case "burst":
			t.Burst = int(r.count(value, "burst", math.MaxInt32))
		case "maxList":
			t.MaxList = r.count(value, "maxList", math.MaxInt64)
		}
	})
	if t.Burst > 0 && t.Rate == 0 {
		r.refuse(entry, "burst has no effect without rate")
	}
	return t
}

// digest reads 64 hexadecimal digits. YAML takes some of those for a number; text asks for quotes then.
func (r *tokenReader) digest(node *yaml.Node) (sum [sha256.Size]byte) {
	written := r.text(node, "sha256")
	if written == "" {
		return sum
	}
	raw, err := hex.DecodeString(written)
	if err != nil || len(raw) != len(sum) {
		r.refuse(node, "sha256 is not 64 hexadecimal digits")
		return sum
	}
	r.unique(r.digests, node, "sha256", string(raw))
	return [sha256.Size]byte(raw)
}

func (r *tokenReader) verbs(list *yaml.Node) []string {
	if list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
		r.refuse(list, "verbs is not a list of read, write, delete, secrets")
		return nil
	}
	var verbs []string
	for _, item := range list.Content {
		switch verb := r.text(item, "a verb"); verb {
		case "":
		case VerbRead, VerbWrite, VerbDelete, VerbSecrets:
			verbs = append(verbs, verb)
		default:
			r.refuse(item, "a verb is not one of read, write, delete, secrets")
		}
	}
	return verbs
}

func (r *tokenReader) rate(node *yaml.Node) float64 {
	if tag := node.ShortTag(); node.Kind == yaml.ScalarNode && (tag == "!!int" || tag == "!!float") {
		if n, err := strconv.ParseFloat(node.Value, 64); err == nil && n > 0 && !math.IsInf(n, 0) {
			return n
		}
	}
	r.refuse(node, "rate is not a number above 0")
	return 0
}

func (r *tokenReader) count(node *yaml.Node, what string, most int64) int64 {
	if node.Kind == yaml.ScalarNode && node.ShortTag() == "!!int" {
		if n, err := strconv.ParseInt(node.Value, 10, 64); err == nil && n > 0 && n <= most {
			return n
		}
	}
	r.refuse(node, what+" is not a whole number above 0")
	return 0
}
