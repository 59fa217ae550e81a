package conf

import (
	"path"
	"slices"

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
func (c Credential) Sees(clusterID string) bool { return matchesOne(c.Clusters, clusterID) }

func matchesOne(patterns []string, clusterID string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		matches, _ := path.Match(pattern, clusterID) // a bad pattern, which the readers refuse, matches nothing
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
	var r strict
	ids, read := map[string]int{}, map[string]Credential{}
	members := []string{"secretId", "secretKey", "clusters"}
	err := r.list(file, "credential", members, members, func(entry *yaml.Node) {
		var c Credential
		r.members(entry, func(name string, value *yaml.Node) {
			switch name {
			case "secretId":
				c.SecretID = r.text(value, "secretId")
				r.unique(ids, value, "secretId", c.SecretID)
			case "secretKey":
				c.SecretKey = Secret(r.text(value, "secretKey"))
			case "clusters":
				c.Clusters = r.clusters(value)
			}
		})
		read[c.SecretID] = c
	})
	if err != nil {
		return Credentials{}, err
	}
	return Credentials{read}, nil
}
